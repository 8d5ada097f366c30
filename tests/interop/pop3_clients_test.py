#!/usr/bin/env python3
"""curl, mpop, fetchmail and getmail fetch mail by POP3: in clear, with STLS and under TLS, leaving it there
and taking it away, the last while an IMAP session watches.

    pop3_clients_test.py curl|mpop|fetchmail|getmail
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok  # noqa: E402

COUNT = 12


def message(n):
    """With dots at the beginning of lines, and sizes that no buffer divides."""
    lines = "".join(f"{'.' * (i % 4)}line {i} of {n}\r\n" for i in range(n * 137))
    return f"Subject: m{n}\r\nFrom: Ann <ann@example.org>\r\n\r\n{lines}".encode()


def run(command, codes=(0,), **more):
    done = subprocess.run(command, check=False, capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL, **more)
    expect(done.returncode in codes,
           f"{command}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


def write(path, content):
    with open(path, "w", encoding="utf-8") as f:
        f.write(content)
    os.chmod(path, 0o600)
    return path


def make_maildir(folder):
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)


def fetched(folder):
    """Subject -> octets of the files below, with CRLF again."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                octets = f.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            octets = octets.removeprefix(b"Return-Path: <unknown>\r\n")  # What getmail puts there.
            subject = next(l for l in octets.split(b"\r\n") if l.startswith(b"Subject: "))
            expect(subject not in found, f"{subject} was fetched twice")
            found[subject] = octets
    return found


class Client:
    """One program; fetch() makes it put what it has not fetched yet into self.mail."""

    def __init__(self, server, user, folder):
        self.server, self.user, self.folder = server, user, folder
        self.mail = os.path.join(folder, "mail")
        make_maildir(self.mail)

    def file(self, name):
        return os.path.join(self.folder, name)


class Mpop(Client):
    def fetch(self, keep, way):
        tls = {"clear": "tls off", "stls": "tls on\ntls_starttls on\ntls_certcheck off",
               "tls": "tls on\ntls_starttls off\ntls_certcheck off"}[way]
        port = self.server.pop3s_port if way == "tls" else self.server.pop3_port
        config = write(self.file("mpoprc"), f"""account default
host 127.0.0.1
port {port}
user {self.user}
password {PASSWORD}
auth {"user" if way == "clear" else "plain"}
{tls}
keep {"on" if keep else "off"}
received_header off
uidls_file {self.file("uidls")}
delivery maildir {self.mail}
""")
        run(["mpop", "-C", config, "-q"])


class Fetchmail(Client):
    def fetch(self, keep, way):
        tls = {"clear": "sslproto ''", "stls": "sslproto TLS1.2+ no sslcertck",
               "tls": "ssl no sslcertck"}[way]
        port = self.server.pop3s_port if way == "tls" else self.server.pop3_port
        config = write(self.file("fetchmailrc"), f"""set no syslog
set invisible
set idfile {self.file("ids")}
set pidfile {self.file("pid")}
poll 127.0.0.1 protocol POP3 port {port} uidl
  user "{self.user}" password "{PASSWORD}" {tls} {"keep" if keep else "nokeep flush"}
  no rewrite no mimedecode mda "sh -c 'cat > {self.mail}/new/$$'"
""")
        # 1: there was no mail.
        run(["fetchmail", "-f", config, "--nodetach", "--silent"], codes=(0, 1))


class Getmail(Client):
    """What it has fetched it remembers by port, so it takes one way only."""

    def fetch(self, keep, way):
        kind = "SimplePOP3SSLRetriever" if way == "tls" else "SimplePOP3Retriever"
        port = self.server.pop3s_port if way == "tls" else self.server.pop3_port
        # Its own Maildir delivery refuses to run as root, as a test may have to.
        config = write(self.file("getmailrc"), f"""[retriever]
type = {kind}
server = 127.0.0.1
port = {port}
username = {self.user}
password = {PASSWORD}
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > {self.mail}/new/$$")
allow_root_commands = true
[options]
read_all = false
delete = {"false" if keep else "true"}
delivered_to = false
received = false
verbose = 0
""")
        run(["getmail", "--getmaildir", self.folder, "--rcfile", config])


class Curl(Client):
    """Has no memory of its own: asks for the ids."""

    def fetch(self, keep, way):
        def curl(path, *arguments):
            scheme = "pop3s" if way == "tls" else "pop3"
            port = self.server.pop3s_port if way == "tls" else self.server.pop3_port
            return run(["curl", "--silent", "--show-error", "--insecure", "--max-time", "60",
                        *(["--ssl-reqd"] if way == "stls" else []), "--user",
                        f"{self.user}:{PASSWORD}", f"{scheme}://127.0.0.1:{port}/{path}", *arguments])
        for line in curl("", "--request", "UIDL").decode().split("\r\n"):
            if not line:
                continue
            number, name = line.split(" ")
            path = os.path.join(self.mail, "new", name)
            if not os.path.exists(path):
                with open(path, "wb") as f:
                    f.write(curl(number))
        listed = curl("").decode().split("\r\n")[:-1]
        if not keep:
            # curl QUITs after each command, so the numbers move up.
            for _ in listed:
                curl("1", "--request", "DELE", "--head")


CLIENTS = {"curl": (Curl, ("clear", "stls", "tls")), "mpop": (Mpop, ("clear", "stls", "tls")),
           "fetchmail": (Fetchmail, ("clear", "stls", "tls")), "getmail": (Getmail, ("tls",))}


class Watcher:
    """An IMAP session in IDLE."""

    def __init__(self, server, user):
        self.imap = server.imap(user)
        ok(self.imap.select("INBOX"))
        self.imap.send(b"w1 IDLE\r\n")
        expect(self.imap.readline().startswith(b"+ "), "IDLE was refused")

    def removals(self, count):
        seen = []
        while len(seen) < count:
            line = self.imap.readline()
            expect(line, "the watcher was dropped")
            if line.rstrip().endswith(b"EXPUNGE"):
                seen.append(int(line.split()[1]))
        return seen

    def end(self):
        self.imap.send(b"DONE\r\n")
        while not self.imap.readline().startswith(b"w1 "):
            pass
        self.imap.logout()


def fetch_all_ways(client, ways, server):
    imap = server.imap(client.user)
    sent = {}
    for turn, way in enumerate(ways):
        for n in range(turn * COUNT + 1, (turn + 1) * COUNT + 1):
            sent[b"Subject: m%d" % n] = message(n)
            ok(imap.append("INBOX", None, None, message(n)))
        client.fetch(keep=True, way=way)
        got = fetched(client.mail)
        expect(got.keys() == sent.keys(), f"{way}: fetched {sorted(got)}")
        for subject, octets in sent.items():
            expect(got[subject] == octets, f"{way}: {subject} was changed on its way")
    imap.logout()
    return len(sent)


def test():
    name = sys.argv[1]
    need(name)
    kind, ways = CLIENTS[name]
    with Server(engine="memory") as server, tempfile.TemporaryDirectory() as folder:
        client = kind(server, f"{name}@example.org", folder)
        count = fetch_all_ways(client, ways, server)
        watcher = Watcher(server, client.user)
        client.fetch(keep=False, way=ways[-1])
        if name == "curl":
            expect(watcher.removals(count) == [1] * count, "curl deletes the first again and again")
        else:
            # One change at QUIT: numbers from the last to the first.
            expect(watcher.removals(count) == list(range(count, 0, -1)), "not deleted all at once")
        watcher.end()
        expect(len(fetched(client.mail)) == count, "something was fetched again")
        pop = server.pop3(client.user)
        expect(pop.stat() == (0, 0), f"left: {pop.stat()}")
        pop.quit()


if __name__ == "__main__":
    main(test)
