#!/usr/bin/env python3
"""Sessions end at once when the login they began with no longer counts: a new password, a disabled or a removed account."""

import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok, program  # noqa: E402

SOON = 10  # Seconds; one is promised, but not on a busy machine with sanitized code.
TEXT = b"The password or the state of this account was changed: log in again"


class Session:
    """A connection whose words are collected until the server hangs up."""

    def __init__(self, name, port, lines, last):
        self.name, self.said, self.ended = name, b"", None
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        for line in lines:
            self.socket.sendall(line.encode() + b"\r\n")
        while last not in self.said:
            got = self.socket.recv(65536)
            expect(got, f"{name}: hung up at the start: {self.said}")
            self.said += got
        self.thread = None

    def listen(self, chatter=b""):
        """Reads on; says `chatter` all the time."""
        def run():
            self.said = b""
            self.socket.settimeout(0.01 if chatter else 60)
            while True:
                try:
                    if chatter:
                        self.socket.sendall(chatter)
                    got = self.socket.recv(65536)
                except TimeoutError:
                    continue
                except ConnectionError:
                    got = b""
                if not got:
                    break
                self.said += got
            self.ended = time.monotonic()
        self.thread = threading.Thread(target=run)
        self.thread.start()

    def judge(self, began, text):
        self.thread.join(60)
        expect(self.ended, f"{self.name}: the session goes on")
        expect(self.ended - began < SOON, f"{self.name}: ended after {self.ended - began:.1f} s")
        expect(text in self.said, f"{self.name}: said {self.said[-300:]}")
        self.socket.close()


def imap(server, user, name, *lines, last):
    return Session(name, server.imap_port, [f"a LOGIN {user} {PASSWORD}", *lines], last)


def sessions(server, user):
    plain = f"AUTH PLAIN {__import__('base64').b64encode(f'{chr(0)}{user}{chr(0)}{PASSWORD}'.encode()).decode()}"
    smtp = ["EHLO test.example", plain]
    said = {
        "IMAP": (imap(server, user, "IMAP", "b SELECT INBOX", last=b"b OK"), b"", b"* BYE [UNAVAILABLE] " + TEXT),
        "IDLE": (imap(server, user, "IDLE", "b IDLE", last=b"+ Idling"), b"", b"* BYE [UNAVAILABLE] " + TEXT),
        "IMAP, busy": (imap(server, user, "IMAP, busy", last=b"a OK"), b"n NOOP\r\n" * 50, b""),
        "IMAP, in APPEND": (imap(server, user, "IMAP, in APPEND", "b APPEND INBOX {100000}", last=b"+ Ready"),
                            b"", b""),
        "POP3": (Session("POP3", server.pop3_port, [f"USER {user}", f"PASS {PASSWORD}"], b"messages"),
                 b"", b"-ERR [SYS/TEMP] " + TEXT),
        "submission": (Session("submission", server.submission_port, smtp, b"235 "), b"", b"421 4.4.2 "),
        "submission, transaction": (Session("submission, transaction", server.submission_port,
                                            [*smtp, f"MAIL FROM:<{user}>"], b"250 2.1.0"), b"", TEXT),
        "submission, DATA": (Session("submission, DATA", server.submission_port,
                                     [*smtp, f"MAIL FROM:<{user}>", f"RCPT TO:<{user}>", "DATA"], b"354 "),
                             b"", b""),
    }
    return said.values()


def ends(server, user, *command, stdin=""):
    other = server.imap("stays@example.org")
    running = sessions(server, user)
    for session, chatter, _ in running:
        session.listen(chatter)
    began = time.monotonic()
    done = subprocess.run([program(), "--data-dir", server.folder, *command], check=False, input=stdin,
                          capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"{command}: {done.stdout}{done.stderr}")
    done_at = time.monotonic()
    for session, _, text in running:
        session.judge(done_at, text)
    print(f"{' '.join(command)}: {time.monotonic() - began:.1f} s, the command {done_at - began:.1f} s")
    ok(other.noop())
    other.logout()


def test():
    with Server(settings=["auth.allow_plaintext_without_tls=loopback"]) as server:
        for user in ("changed", "disabled", "removed"):
            server.imap(f"{user}@example.org").logout()
        ends(server, "changed@example.org", "account", "passwd", "changed@example.org", stdin="another\n")
        ends(server, "disabled@example.org", "account", "disable", "disabled@example.org")
        ends(server, "removed@example.org", "account", "remove", "--yes", "removed@example.org")


main(test)
