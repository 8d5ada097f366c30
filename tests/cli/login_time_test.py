#!/usr/bin/env python3
"""Who has not logged in within limits.preauth_timeout is disconnected, whatever it sends until then."""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Failure, Server, expect, main, ok  # noqa: E402

LIMIT = 5  # Seconds; the least that can be configured.
LATE = 20  # On a busy machine.


def endure(port, first, drop, pause):
    """Says `first`, then `drop` again and again, until the server hangs up. How long that took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        s.sendall(first)
        while time.monotonic() - began < 2 * LATE:
            # A server that lets others run may take the commands more slowly than they are sent.
            s.settimeout(LATE)
            try:
                s.sendall(drop)
            except (ConnectionError, TimeoutError):
                break
            s.settimeout(pause or 0.001)
            try:
                if not s.recv(65536):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    return time.monotonic() - began


def dawdles(server):
    imap, pop3, submission = server.imap_port, server.pop3_port, server.submission_port
    return {
        "IMAP, blank lines": (imap, b"", b"\r\n", 0.5),
        "IMAP, octet by octet": (imap, b"", b"x", 0.5),
        "IMAP, a literal in pieces": (imap, b"a LOGIN {4000+}\r\n", b"x", 0.5),
        "IMAP, after AUTHENTICATE": (imap, b"a AUTHENTICATE SCRAM-SHA-256\r\n", b"x", 0.5),
        "IMAP, always a command": (imap, b"", b"a NOOP\r\n" * 100, 0),
        "POP3, octet by octet": (pop3, b"", b"x", 0.5),
        "POP3, always a command": (pop3, b"", b"CAPA\r\n" * 100, 0),
        "submission, octet by octet": (submission, b"", b"x", 0.5),
        "submission, always a command": (submission, b"", b"NOOP\r\n" * 100, 0),
    }


def strangers_go(server):
    took, threads = {}, []
    for name, how in dawdles(server).items():
        def run(name=name, how=how):
            took[name] = endure(*how)
        threads.append(threading.Thread(target=run))
    user = server.imap("ada")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = {name: round(time, 1) for name, time in took.items() if not LIMIT - 1 < time < LATE}
    if wrong:
        raise Failure(f"these did not last about {LIMIT} seconds: {wrong}")
    # Users stay, and their places are not those of strangers.
    ok(user.noop())
    user.logout()


def strangers_have_fewer_places():
    settings = ["limits.per_address=8", "limits.preauth_timeout=60s"]
    with Server(engine="memory", settings=settings) as server:
        users = [server.imap("ada") for _ in range(6)]
        greetings = []
        for _ in range(3):
            s = socket.create_connection(("127.0.0.1", server.imap_port), timeout=60)
            greetings.append((s, s.recv(1000)))
        said = [words[:6] for _, words in greetings]
        expect(said[:2] == [b"* OK [", b"* OK ["] and said[2] == b"* BYE ", f"{said}")
        for s, _ in greetings:
            s.close()
        for user in users:
            ok(user.noop())
            user.logout()
    with Server(engine="memory", settings=settings) as server:
        strangers = []
        for _ in range(5):
            s = socket.create_connection(("127.0.0.1", server.imap_port), timeout=60)
            strangers.append((s, s.recv(1000)))
        said = [words[:6] for _, words in strangers]
        expect(said == [b"* OK ["] * 4 + [b"* BYE "], f"strangers take the places of users: {said}")
        for s, _ in strangers:
            s.close()


def test():
    with Server(engine="memory", settings=[f"limits.preauth_timeout={LIMIT}s"]) as server:
        strangers_go(server)
    strangers_have_fewer_places()


main(test)
