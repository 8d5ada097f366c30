#!/usr/bin/env python3
"""What SIGHUP takes over, key by key, and TLS with its own keys and versions."""

import base64
import imaplib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Lmtp, expect, main, need, ok, program  # noqa: E402

USER, PASSWORD = "ada@example.org", "first"


def run(*arguments, stdin=""):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True,
                          input=stdin, timeout=120)
    expect(done.returncode == 0, f"posthorn {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Serving:
    """`posthorn serve` whose configuration is written anew by set()."""

    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "posthorn.toml")
        self.settings = {"auth": {"allow_plaintext_without_tls": "loopback"},
                         "listen": {name: [f"127.0.0.1:{free_port()}"]
                                    for name in ("imap", "imaps", "lmtp")},
                         "": {"data_dir": os.path.join(folder, "data")}}
        self.write()
        ready = os.path.join(folder, "ready")
        notify = os.path.join(folder, "notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(notify)
        self.manager.settimeout(60)
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [program(), "--config", self.config, "serve", "--ready-file", ready],
            env={**os.environ, "NOTIFY_SOCKET": notify}, stdin=subprocess.DEVNULL, stderr=self.log)
        self.hear(b"READY=1")
        # Only now is there a store: `account` makes none.
        run("--config", self.config, "account", "add", USER, stdin=PASSWORD + "\n")
        with open(ready, encoding="utf-8") as f:
            at = json.load(f)
        self.imap_port, self.imaps_port, self.lmtp_port = at["imap"], at["imaps"], at["lmtp"]

    def write(self):
        with open(self.config, "w", encoding="utf-8") as f:
            for section in sorted(self.settings):
                if section:
                    f.write(f"[{section}]\n")
                for key, value in self.settings[section].items():
                    f.write(f"{key} = {json.dumps(value)}\n")

    def hear(self, wanted):
        while (said := self.manager.recv(100)) != wanted:
            expect(said, "the service manager heard nothing")

    def set(self, key, value):
        section, _, name = key.rpartition(".")
        self.settings.setdefault(section, {})[name] = value
        self.write()
        self.process.send_signal(signal.SIGHUP)
        self.hear(b"READY=1")

    def stop(self):
        self.process.terminate()
        expect(self.process.wait(60) == 0, "serve ended badly")

    def imap(self, user=USER):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=60)
        client.login(user, PASSWORD)
        return client

    def raw(self):
        stream = socket.create_connection(("127.0.0.1", self.imap_port), timeout=30).makefile("rwb")
        return stream, stream.readline()

    def tls(self, version=None, client_certificate=None, name=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if version:
            context.maximum_version = version
        if client_certificate:
            context.load_cert_chain(*client_certificate)
        with socket.create_connection(("127.0.0.1", self.imaps_port), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname=name) as stream:
                said = stream.recv(1000)
                return said, stream.getpeercert(binary_form=True), stream.version()


def ask(stream, line):
    """The answer to one command, whole."""
    stream.write(line.encode() + b"\r\n")
    stream.flush()
    said = b""
    while True:
        got = stream.readline()
        expect(got, f"hung up after {line[:60]}: {said}")
        said += got
        if got.split(b" ")[0] == line.split(" ")[0].encode():
            return said


def raises(call):
    try:
        call()
    except (imaplib.IMAP4.error, ssl.SSLError, ConnectionError):
        return True
    return False


def domains(server):
    expect(raises(lambda: server.imap("ada")), "a name without its domain logs in")
    server.set("domains", ["other.example", "example.org"])
    server.imap("ada").logout()


def quotas(server):
    server.set("quota.default_size", "5MiB")
    server.set("quota.default_messages", 7)
    run("--config", server.config, "account", "add", "bob@example.org", stdin=PASSWORD + "\n")
    said = str(ok(server.imap("bob@example.org").getquotaroot("INBOX")))
    expect("STORAGE 0 5120" in said and "MESSAGE 0 7" in said, f"quota: {said}")
    expect("5120" not in str(ok(server.imap().getquotaroot("INBOX"))), "an old account has it too")


def message_size(server):
    imap = server.imap()
    big = b"Subject: big\r\n\r\n" + b"x" * 80000 + b"\r\n"
    ok(imap.append("INBOX", None, None, big))
    server.set("limits.message_size", "64KiB")
    expect(server.imap().append("INBOX", None, None, big)[0] == "NO", "too big by APPEND")
    lmtp = Lmtp(server.lmtp_port)
    expect(lmtp.deliver(big, USER)[0] >= 500, "too big by LMTP")
    server.set("limits.message_size", "1MiB")
    lmtp = Lmtp(server.lmtp_port)
    expect(lmtp.deliver(big, USER) == [250], "not too big by LMTP")


def command_limits(server):
    imap = server.imap()
    long_line = "x" * 10000
    expect(imap.status(f'"{long_line}"', "(MESSAGES)")[0] == "NO", "10,000 octets are taken")
    server.set("limits.command_line", "8KiB")
    expect(raises(lambda: server.imap().status(f'"{long_line}"', "(MESSAGES)")), "the line is too long")
    for limit, expected in (("4KiB", b"TOOBIG"), ("64KiB", b"OK")):
        server.set("limits.literal", limit)
        stream, _ = server.raw()
        ask(stream, f"a LOGIN {USER} {PASSWORD}")
        ask(stream, "b SELECT INBOX")
        said = ask(stream, "c SEARCH SUBJECT {20000+}\r\n" + "y" * 20000)
        expect(expected in said, f"literal of 20000 with {limit}: {said}")


def timeouts(server):
    server.set("limits.preauth_timeout", "5s")
    stream, _ = server.raw()
    began = time.monotonic()
    said = stream.readline()
    expect(said.startswith(b"* BYE") and 4 < time.monotonic() - began < 20, f"preauth: {said}")
    server.set("imap.keepalive", "1s")
    stream, _ = server.raw()
    ask(stream, f"a LOGIN {USER} {PASSWORD}")
    ask(stream, "b SELECT INBOX")
    stream.write(b"c IDLE\r\n")
    stream.flush()
    expect(stream.readline().startswith(b"+ "), "IDLE")
    expect(stream.readline().startswith(b"* OK"), "no word while idle")


def failed_logins(server):
    def tries():
        stream, _ = server.raw()
        for n in range(1, 100):
            said = ask(stream, f"a{n} LOGIN {USER} wrong")
            if b"* BYE" in said:
                return n
        return None
    expect(tries() == 5, "five failed logins are too many")
    server.set("limits.failed_logins", 2)
    expect(tries() == 2, "two failed logins are too many")
    server.set("limits.failed_logins", 5)


def capabilities(server):
    offered = ask(server.raw()[0], "a CAPABILITY")
    expect(b"LOGINDISABLED" not in offered and b" ID " in offered, f"{offered}")
    server.set("imap.disabled_capabilities", ["ID"])
    server.set("auth.allow_plaintext_without_tls", "never")
    offered = ask(server.raw()[0], "a CAPABILITY")
    expect(b"LOGINDISABLED" in offered and b" ID " not in offered, f"{offered}")
    server.set("auth.allow_plaintext_without_tls", "loopback")
    expect(b"-PLUS" in server.tls()[0], "channel binding is offered under TLS")
    server.set("auth.channel_binding", False)
    expect(b"-PLUS" not in server.tls()[0], "and is not")
    server.set("imap.extra_capabilities", ["UIDONLY"])
    server.set("imap.server_metadata", ["/shared/comment=hello"])
    imap = server.imap()
    expect("UIDONLY" in str(ok(imap.capability())), "an extra capability is offered")
    imap.send(b'm GETMETADATA "" /shared/comment\r\n')
    expect(b'"hello"' in imap.readline(), "the server has a comment")
    server.set("mailboxes.recently_deleted", "Gone")
    imap = server.imap()
    expect("Gone" in str(imap.list()), "what was removed is shown")
    ok(imap.select("Gone", readonly=True))
    server.set("mailboxes.recently_deleted", "")
    expect("Gone" not in str(server.imap().list()), "and is not")


def sharing(server):
    imap = server.imap()
    expect(imap.setacl("INBOX", "anyone", "l")[0] == "NO", "users may not share with anyone")
    server.set("sharing.anyone", True)
    ok(imap.setacl("INBOX", "anyone", "l"))
    server.set("sharing.groups", [f"sales={USER} bob@example.org"])
    server.set("sharing.subscribe", False)
    ok(imap.deleteacl("INBOX", "anyone"))


def unknown_names(server):
    """What SCRAM says of a name must not show whether it is an account's."""
    def shape(name):
        stream, _ = server.raw()
        first = base64.b64encode(f"n,,n={name},r=abc".encode()).decode()
        stream.write(f"a AUTHENTICATE SCRAM-SHA-256 {first}\r\n".encode())
        stream.flush()
        said = base64.b64decode(stream.readline()[2:]).decode()
        return said[said.index(",s="):said.index(",i=")], said[said.index(",i="):]
    server.set("domains", ["example.org"])
    before = [shape(name) for name in ("ada", USER, "nobody", "nobody@example.org")]
    expect(before[0] == before[1], "two names of one account")
    expect(before[2] == before[3], "two names of nobody")
    server.set("auth.iterations", 20000)
    expect([shape(name) for name in ("ada", USER, "nobody", "nobody@example.org")] == before,
           "nobody is other than before")
    with open(os.path.join(server.folder, "data", "iterations"), encoding="ascii") as f:
        expect([line.split()[0] for line in f] == ["16384", "20000"], "the numbers there were")


def detail(server):
    def refused(address):
        lmtp = Lmtp(server.lmtp_port)
        return lmtp.deliver(b"A: b\r\n\r\nx\r\n", address)[0] != 250
    expect(refused("ada-x@example.org") and not refused("ada+x@example.org"), "ada+x")
    server.set("lmtp.detail_separator", "-")
    expect(refused("ada+x@example.org") and not refused("ada-x@example.org"), "ada-x")


def log_level(server):
    server.set("log.level", "debug")
    server.imap().logout()
    server.set("log.level", "warning")
    before = os.path.getsize(server.log.name)
    server.imap().logout()
    expect(os.path.getsize(server.log.name) == before, "there is less to read")


def certificate(folder, name, password=None):
    chain, key = (os.path.join(folder, f"{name}.{kind}.pem") for kind in ("cert", "key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-keyout", key, "-out", chain, "-days", "30", "-subj", f"/CN={name}",
                    *(["-passout", f"pass:{password}"] if password else ["-nodes"])],
                   check=True, capture_output=True)
    with open(chain, encoding="ascii") as f:
        return chain, key, ssl.PEM_cert_to_DER_cert(f.read())


def tls(server):
    first = server.tls()[1]
    chain, key, der = certificate(server.folder, "mail.example.org", password="pass word")
    expect("ENCRYPTED" in open(key, encoding="ascii").read(), "the key is encrypted")
    server.settings["tls"] = {"certificate": chain, "key": key}
    server.set("tls.key_password", "wrong")
    expect(server.tls()[1] == first, "a key that cannot be opened leaves all as it was")
    server.set("tls.key_password", "pass word")
    expect(server.tls()[1] == der, "the new certificate")
    # A certificate for another name is for those who ask for it.
    chain, key, other = certificate(server.folder, "other.example.net")
    server.settings["tls"]["more_certificates"] = [chain]
    server.set("tls.more_keys", [key])
    expect(server.tls(name="other.example.net")[1] == other, "the certificate for that name")
    for name in (None, "mail.example.org", "unknown.example.net"):
        expect(server.tls(name=name)[1] == der, f"the certificate for {name}")
    # A client's certificate is not asked for, so one it has cannot spoil the handshake.
    own = certificate(server.folder, "client")
    expect(server.tls(client_certificate=own[:2])[0].startswith(b"* OK"), "a client with a certificate")
    expect(server.tls(ssl.TLSVersion.TLSv1_2)[2] == "TLSv1.2", "TLS 1.2")
    server.set("tls.min_version", "1.3")
    expect(raises(lambda: server.tls(ssl.TLSVersion.TLSv1_2)), "TLS 1.2 is refused")
    expect(server.tls()[2] == "TLSv1.3", "TLS 1.3")
    with open(server.log.name, encoding="utf-8") as f:
        expect("pass word" not in f.read(), "the password is in the log")


def restart_only(server):
    """What needs a restart is said, and not taken over."""
    server.set("storage.piece_sharing", "account")
    with open(server.log.name, encoding="utf-8") as f:
        expect(re.search(r"storage\.piece_sharing.*restart", f.read()), "the log says so")


def test():
    need("openssl")
    folder = tempfile.mkdtemp(prefix="posthorn-reload-")
    server = Serving(folder)
    try:
        for step in (domains, quotas, message_size, command_limits, timeouts, failed_logins, capabilities, sharing,
                     unknown_names, detail, tls, restart_only, log_level):
            step(server)
        server.stop()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            with open(server.log.name, encoding="utf-8") as f:
                print(f.read()[-3000:], file=sys.stderr)
    # With pieces shared by nobody it starts as well, and what is there is found.
    run("--config", server.config, "check", "--deep")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(test)
