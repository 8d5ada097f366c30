#!/usr/bin/env python3
"""Thunderbird, without a window and driven by its remote control: Bob sees Ann's shared folder among his subscribed
ones, reads, flags, copies and moves messages there, and cannot do what he may not. What Thunderbird knows is compared
with what imaplib sees.

Needs Debian's thunderbird; skips without it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "harness"), os.path.join(HERE, "..", "interop")]
from posthorn import PASSWORD, Server, expect, main, need, ok  # noqa: E402
from sink import free_port  # noqa: E402

ANN, BOB = "ann@example.org", "bob@example.org"
SHARED, READ = f"Other Users/{ANN}/Team", f"Other Users/{ANN}/Read"
PREFERENCES = """user_pref("marionette.port", PORT);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("mail.rights.version", 1);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mailnews.start_page.enabled", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("app.donation.eoy.version.viewed", 999);
user_pref("mail.server.default.check_new_mail", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""
# What all scripts begin with.
COMMON = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const SHARED = "%s";
const server = () => MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s.type == "imap");
const path = folder => folder.parent.isServer ? folder.name : path(folder.parent) + "/" + folder.name;
const find = name => server().rootFolder.descendants.find(f => path(f).toLowerCase() == name.toLowerCase());
const headers = folder => [...folder.messages].sort((a, b) => a.messageKey - b.messageKey);
""" % SHARED
SET_UP = """
const incoming = MailServices.accounts.createIncomingServer(arguments[0], "127.0.0.1", "imap");
incoming.port = arguments[2];
incoming.socketType = Ci.nsMsgSocketType.plain;
incoming.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
incoming.password = arguments[1];
incoming.loginAtStartUp = false;
const account = MailServices.accounts.createAccount();
const identity = MailServices.accounts.createIdentity();
identity.email = arguments[0];
account.addIdentity(identity);
account.incomingServer = incoming;
incoming.performExpand(null);
return true;
"""


class Thunderbird:
    """A running Thunderbird with a profile of its own."""

    def __init__(self, folder):
        self.log_path = os.path.join(folder, "thunderbird.log")
        profile = os.path.join(folder, "profile")
        os.mkdir(profile)
        port = free_port()
        with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as f:
            f.write(PREFERENCES.replace("PORT", str(port)))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
                 "--profile", profile],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "HOME": folder, "MOZ_HEADLESS": "1"})
        self.socket = self.connect(port)
        self.buffer, self.number = b"", 0
        self.receive()
        self.command("WebDriver:NewSession", {})
        self.command("Marionette:SetContext", {"value": "chrome"})

    def connect(self, port):
        for _ in range(300):
            expect(self.process.poll() is None, f"Thunderbird has ended:\n{self.log()}")
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=180)
            except OSError:
                time.sleep(0.3)
        expect(False, f"Thunderbird does not listen:\n{self.log()}")
        return None

    def receive(self):
        """A message is its length, a colon, and JSON."""
        while b":" not in self.buffer or len(self.buffer) < self.end():
            more = self.socket.recv(65536)
            expect(more, f"Thunderbird hung up:\n{self.log()}")
            self.buffer += more
        start, end = self.buffer.index(b":") + 1, self.end()
        message, self.buffer = json.loads(self.buffer[start:end]), self.buffer[end:]
        return message

    def end(self):
        length, _, _ = self.buffer.partition(b":")
        return len(length) + 1 + int(length)

    def command(self, name, parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self.receive()
        expect(error is None, f"{name} {str(parameters)[:1500]}: {error}")
        return result

    def run(self, script, *arguments):
        answer = self.command("WebDriver:ExecuteScript", {"script": COMMON + script, "args": list(arguments),
                                                          "newSandbox": True, "sandbox": "system"})
        return answer["value"]

    def wait(self, what, script, *arguments, seconds=60):
        """Until the script returns something that is true."""
        deadline = time.monotonic() + seconds
        value = None
        while time.monotonic() < deadline:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.5)
        expect(False, f"{what}: {value}; folders: "
                      f"{self.run('return server().rootFolder.descendants.map(f => path(f));')}\n{self.log()}")
        return None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return "".join(line for line in f if "Gtk" not in line and "gtk" not in line and line.strip())[-6000:]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def flags(imap, box):
    ok(imap.select(f'"{box}"', readonly=True))
    return b" ".join(part if isinstance(part, bytes) else b"" for part in ok(imap.fetch("1:*", "(FLAGS)"))).decode()


def until(words, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < deadline, words())
        time.sleep(0.3)


def messages(imap, box):
    return int(ok(imap.status(f'"{box}"', "(MESSAGES)"))[0].split()[-1].rstrip(b")"))


def use(server, ann, bird):
    bird.wait("the shared folder is not shown", "return find(SHARED) && true;")
    bird.run("find(SHARED).updateFolder(null); return true;")
    bird.wait("the messages are not shown", "return headers(find(SHARED)).length == 3;")
    subjects = bird.run("return headers(find(SHARED)).map(h => h.subject);")
    expect(subjects == ["letter 1", "letter 2", "letter 3"], f"subjects: {subjects}")
    # Thunderbird asks for MYRIGHTS, and goes by it.
    bird.wait("the rights are not known", "return find(SHARED).canDeleteMessages && find(SHARED).canFileMessages;")
    bird.run("find(arguments[0]).updateFolder(null); return true;", READ)
    bird.wait("the other folder's rights are not known",
              "const f = find(arguments[0]);"
              "return f && headers(f).length == 1 && !f.canDeleteMessages && !f.canFileMessages;", READ)
    bird.run("const f = find(SHARED); f.markMessagesRead([headers(f)[0]], true);"
             "f.markMessagesFlagged([headers(f)[1]], true); return true;")
    bob = server.imap(BOB)
    until(lambda: f"Bob's flags: {flags(bob, SHARED)}",
          lambda: flags(bob, SHARED).count("\\Seen") == 1 and flags(bob, SHARED).count("\\Flagged") == 1)
    expect("\\Seen" not in flags(ann, "Team"), f"Ann has read none: {flags(ann, 'Team')}")
    expect(flags(ann, "Team").count("\\Flagged") == 1, f"the flag is for all: {flags(ann, 'Team')}")
    transfer = ("const from = find(arguments[0]), to = find(arguments[1]);"
                "MailServices.copy.copyMessages(from, [headers(from)[arguments[2]]], to, arguments[3], null, null,"
                " false);"
                "return true;")
    bird.run(transfer, SHARED, "INBOX", 2, True)
    until(lambda: f"after the move: {messages(bob, 'INBOX')}, {messages(ann, 'Team')}",
          lambda: messages(bob, "INBOX") == 1 and messages(ann, "Team") == 2)
    bird.run("find('INBOX').updateFolder(null); return true;")
    bird.wait("the moved message is not shown", "return headers(find('INBOX')).length == 1;")
    bird.run(transfer, "INBOX", SHARED, 0, False)
    until(lambda: f"after the copy: {messages(ann, 'Team')}", lambda: messages(ann, "Team") == 3)


def test():
    need("thunderbird")
    with Server() as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ann = server.imap(ANN)
        server.imap(BOB).logout()  # Nobody can grant something to an account that is not there.
        ok(ann.create("Team"))
        for i in range(1, 4):
            ok(ann.append("Team", None, None,
                          f"From: x@example.org\r\nSubject: letter {i}\r\n\r\nbody {i}\r\n".encode()))
        ok(ann.setacl("Team", BOB, "lrswite"))
        ok(ann.create("Read"))
        ok(ann.append("Read", None, None, b"From: x@example.org\r\nSubject: only to read\r\n\r\nx\r\n"))
        ok(ann.setacl("Read", BOB, "lrs"))
        with Thunderbird(folder) as bird:
            bird.run(SET_UP, BOB, PASSWORD, server.imap_port)
            use(server, ann, bird)
            ok(ann.deleteacl("Team", BOB))
            ok(ann.append("Team", None, None, b"From: x@example.org\r\nSubject: too late\r\n\r\nx\r\n"))
            bird.run("find(SHARED).updateFolder(null); return true;")
            # It still knows the folder, which is subscribed, and its own ones work.
            ok(server.imap(BOB).append("INBOX", None, None, b"From: x@example.org\r\nSubject: last\r\n\r\nx\r\n"))
            bird.run("find('INBOX').updateFolder(null); return true;")
            bird.wait("INBOX is not shown any more", "return headers(find('INBOX')).length == 2;")
            late = bird.run("const f = find(SHARED); return f && headers(f).some(h => h.subject == 'too late');")
            expect(not late, "Thunderbird has a message that Bob may not read")


if __name__ == "__main__":
    main(test)
