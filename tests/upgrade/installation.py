"""An installation in a folder (posthorn.toml, data), and what can be seen of its data."""

import hashlib
import json
import os
import poplib
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Lmtp, expect, program  # noqa: E402

ADA, BEN, CAROL = "ada@example.org", "ben@example.org", "carol@example.org"
# Ben's is kept as a hash of another server; its text is that of the specification of SHA-crypt.
PASSWORDS = {ADA: "ada's password", BEN: "Hello world!", CAROL: "carol's password"}
PORTS = ("imap", "lmtp", "pop3", "submission")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Imap:
    """Commands, and the lines of their replies with literals in them."""

    def __init__(self, port, user, password):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        self.tag = 0
        self.line()
        self.command(f"LOGIN {user} " + '"' + password.replace('"', '\\"') + '"')

    def line(self):
        text = b""
        while True:
            part = self.file.readline()
            expect(part.endswith(b"\r\n"), f"the server hung up after {text!r}")
            text += part
            literal = re.search(rb"\{(\d+)\}\r\n$", part)
            if not literal:
                return text[:-2]
            text += self.file.read(int(literal[1]))

    def command(self, text, ok=True):
        self.tag += 1
        tag = b"t%d " % self.tag
        self.socket.sendall(tag + (text if isinstance(text, bytes) else text.encode()) + b"\r\n")
        lines = []
        while not (line := self.line()).startswith(tag):
            lines.append(line)
        expect(line[len(tag):].startswith(b"OK") or not ok, f"{text}: {line}")
        return lines + [line]

    def append(self, mailbox, message, flags="", date=None):
        when = f' "{date}"' if date else ""
        return self.command(f"APPEND {mailbox} ({flags}){when} {{{len(message)}+}}\r\n".encode() + message)

    def close(self):
        self.command("LOGOUT")
        self.socket.close()


class Installation:
    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.process = None
        self.ports = {name: free_port() for name in PORTS}

    def arguments(self):
        """The file as it was written; only where the data is and the ports are those of this machine."""
        words = ["--config", os.path.join(self.folder, "posthorn.toml"), "--data-dir", self.data]
        for name in PORTS:
            words += ["--set", f"listen.{name}=127.0.0.1:{self.ports[name]}"]
        return words

    def run(self, *arguments, stdin=""):
        done = subprocess.run([program(), *self.arguments(), *arguments], check=False, capture_output=True, text=True,
                              input=stdin, timeout=120)
        expect(done.returncode == 0, f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        ready = os.path.join(self.folder, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([program(), *self.arguments(), "serve", "--ready-file", ready],
                                            stdin=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            expect(self.process.poll() is None and time.monotonic() < deadline, "the server did not start: " + self.log())
            time.sleep(0.02)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-4000:]

    def stop(self):
        if self.process:
            self.process.terminate()
            code = self.process.wait(60)
            self.process = None
            expect(code == 0, f"the server ended badly ({code}): {self.log()}")

    def imap(self, user, password=None):
        return Imap(self.ports["imap"], user, password or PASSWORDS[user])

    def lmtp(self):
        return Lmtp(self.ports["lmtp"])


def one(lines, pattern):
    """The first group of the pattern in the only line that has it."""
    found = [m for m in (re.search(pattern, line, re.DOTALL) for line in lines) if m]
    expect(len(found) == 1, f"{pattern}: {lines}")
    return found[0][1].decode("utf-8", "surrogateescape")


def message_facts(line):
    """What FETCH says of one message, by item."""
    facts = {"FLAGS": " ".join(sorted(set(re.search(rb"FLAGS \(([^)]*)\)", line)[1].decode().split()) - {"\\Recent"}))}
    for item in ("UID", "RFC822.SIZE"):
        facts[item] = int(re.search(rb"[ (]" + item.encode() + rb" (\d+)", line)[1])
    for item in ("MODSEQ", "EMAILID", "THREADID"):
        facts[item] = re.search(rb"[ (]" + item.encode() + rb" \(([^)]*)\)", line)[1].decode()
    for item in ("INTERNALDATE", "SAVEDATE"):
        facts[item] = re.search(rb"[ (]" + item.encode() + rb' "([^"]*)"', line)[1].decode()
    return facts


def mailbox_facts(imap, name):
    quoted = f'"{name}"'
    status = one(imap.command(f"STATUS {quoted} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID SIZE)"),
                 rb"^\* STATUS .* \((MESSAGES.*)\)$")
    facts = {"status": status, "messages": [], "vanished": ""}
    imap.command(f"EXAMINE {quoted}")
    lines = imap.command("UID FETCH 1:* (FLAGS MODSEQ EMAILID THREADID INTERNALDATE SAVEDATE RFC822.SIZE)")
    facts["messages"] = [message_facts(line) for line in lines if b" FETCH (" in line]
    bodies = imap.command("UID FETCH 1:* (BODY.PEEK[])")
    for message, line in zip(facts["messages"], [line for line in bodies if b" FETCH (" in line]):
        size = int(re.search(rb"BODY\[\] \{(\d+)\}\r\n", line)[1])
        body = line.split(b"}\r\n", 1)[1][:size]
        message["body"] = hashlib.sha256(body).hexdigest()
    gone = imap.command("UID FETCH 1:* (UID) (CHANGEDSINCE 1 VANISHED)")
    for line in gone:
        if line.startswith(b"* VANISHED"):
            facts["vanished"] = line.decode()
    facts["found"] = " ".join(line.decode() for line in imap.command("UID SEARCH BODY neeDle") if b"* SEARCH" in line)
    imap.command("UNSELECT")
    facts["acl"] = " ".join(sorted(line.decode() for line in imap.command(f"GETACL {quoted}", ok=False)[:-1]))
    return facts


def account_facts(imap):
    """All that a user has, as IMAP shows it."""
    imap.command("ENABLE QRESYNC")
    listed = imap.command('LIST "" "*"')
    names = [m[2].decode() for m in (re.match(rb'\* LIST \(((?!.*\\No)[^)]*)\) "/" "?([^"]*)"?$', line) for line in listed) if m]
    special = imap.command('LIST (SPECIAL-USE) "" "*"')
    facts = {
        "mailboxes": {name: mailbox_facts(imap, name) for name in sorted(names)},
        "subscribed": sorted(re.search(r'"/" "?([^"]*)"?$', line.decode())[1] for line in imap.command('LSUB "" "*"')[:-1]),
        "special": sorted(m[0].decode() for m in
                          (re.search(rb"\\(Sent|Drafts|Trash|Junk|Archive|Flagged|All).* .*$", line) for line in special) if m),
        "metadata": {}, "quota": ""}
    for name in ["", *sorted(names)]:
        said = imap.command(f'GETMETADATA (DEPTH infinity) "{name}" (/private /shared)', ok=False)
        facts["metadata"][name] = sorted(line.decode() for line in said[:-1])
    facts["quota"] = one(imap.command("GETQUOTAROOT INBOX"), rb"^\* QUOTA (.*)$")
    return facts


def online_facts(at):
    facts = {}
    for user in (ADA, BEN):
        imap = at.imap(user)
        facts[user] = account_facts(imap)
        imap.close()
    pop3 = poplib.POP3("127.0.0.1", at.ports["pop3"], timeout=60)
    pop3.user(ADA)
    pop3.pass_(PASSWORDS[ADA])
    facts["uidl"] = [line.decode() for line in pop3.uidl()[1]]
    pop3.quit()
    return facts


def offline_facts(at):
    """What the commands of an operator show while no server runs."""
    def lines(*command):
        return [json.loads(line) for line in at.run(*command, "--json").splitlines()]
    facts = {"accounts": lines("account", "list"), "aliases": lines("alias", "list"), "queue": lines("queue", "list"),
             "app_passwords": lines("account", "app-password", "list", ADA),
             "send_as": at.run("account", "send-as", "list", ADA),
             "act_as": at.run("account", "act-as", "list", CAROL),
             "shares": at.run("mailbox", "shares", ADA, "Work/Plans")}
    for entry in facts["queue"]:
        shown = lines("queue", "show", entry["id"])[0]
        facts.setdefault("entries", []).append(shown)
    return facts
