#!/usr/bin/env python3
"""`posthorn doctor` on sound installations and on broken ones: each fault is found, with what to do."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, main, need, program  # noqa: E402
from provider import CLIENT, CLIENT_SECRET, Key, Provider  # noqa: E402

HOST, DOMAIN = "mail.example.org", "example.org"
TYPES = {1: "A", 5: "CNAME", 15: "MX", 28: "AAAA", 33: "SRV"}


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


class NameServer:
    """Answers from `records`: (name, type) -> list of data as in a zone file. Silent if `records` is None."""

    def __init__(self, records):
        self.records = records
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if self.records is None:
                continue
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind = TYPES.get(struct.unpack("!H", query[at + 1:at + 3])[0])
            name = ".".join(labels).lower()
            found = self.records.get((name, kind), [])
            known = any(other == name for other, _ in self.records)
            answer = query[:2] + struct.pack("!HHHHH", 0x8180 | (0 if known else 3), 1, len(found), 0, 0)
            answer += query[12:at + 5]
            for data in found:
                answer += b"\xc0\x0c" + query[at + 1:at + 5] + struct.pack("!I", 60)
                octets = self.encode(kind, data)
                answer += struct.pack("!H", len(octets)) + octets
            self.socket.sendto(answer, client)

    @staticmethod
    def encode(kind, data):
        if kind == "A":
            return socket.inet_aton(data)
        words = data.split()
        return b"".join(struct.pack("!H", int(word)) for word in words[:-1]) + encode_name(words[-1])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, text=True, timeout=60)
    expect(done.returncode == 0, f"openssl {arguments}: {done.stderr}")


class Authority:
    """A root and an intermediate, and certificates from it. SSL_CERT_FILE makes the root one of the system's."""

    def __init__(self, folder):
        self.folder = folder
        self.make("root", None, ca=True)
        self.make("intermediate", "root", ca=True)
        os.environ["SSL_CERT_FILE"] = self.path("root.pem")

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, issuer, ca=False, names=(HOST,), days=("-days", "90")):
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as f:
            f.write("basicConstraints=critical,CA:TRUE\n" if ca else
                    "subjectAltName=" + ",".join("DNS:" + one for one in names) + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"))
        signer = (["-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key"), "-CAcreateserial"] if issuer
                  else ["-key", self.path(name + ".key")])
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-extfile", extensions, "-out", self.path(name + ".pem"),
                *days, *signer)

    def pair(self, name, chain=True, **options):
        """The files of a certificate from the intermediate."""
        self.make(name, "intermediate", **options)
        whole = self.path(name + "-chain.pem")
        with open(whole, "w", encoding="ascii") as out:
            for part in (name, "intermediate") if chain else (name,):
                with open(self.path(part + ".pem"), encoding="ascii") as f:
                    out.write(f.read())
        return whole, self.path(name + ".key")


class Installation:
    """A data directory and a configuration that are sound, to be broken by the tests."""

    def __init__(self, folder, authority):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.config = os.path.join(folder, "posthorn.toml")
        certificate, key = authority.pair("good", names=(HOST, "autoconfig." + DOMAIN, "autodiscover." + DOMAIN))
        self.settings = {
            "": {"data_dir": self.data, "hostname": HOST, "domains": [DOMAIN], "memory": "64MB"},
            "tls": {"certificate": certificate, "key": key},
            "limits": {"connections": 100},
            "listen": {name: [f"127.0.0.1:{free_port()}"] for name in ("imap", "imaps", "https")}}
        for name in ("pop3", "pop3s", "submission", "submissions"):
            self.settings["listen"][name] = []
        self.settings["listen"]["lmtp_socket"] = "lmtp.sock"
        self.dns = NameServer({})
        self.process = None
        self.write()
        self.run("init")
        # Where the DNS is right: what `posthorn dns` prints, with the addresses.
        self.right = {(HOST, "A"): ["192.0.2.1"]}
        for line in self.run("--set", "listen.imap=*:143", "--set", "listen.imaps=*:993", "--set", "listen.https=*:443",
                             "dns", DOMAIN, "--json").splitlines():
            record = json.loads(line)
            name = record["name"].rstrip(".")
            if record["type"] == "CNAME":
                self.right[name, "A"] = ["192.0.2.1"]
            else:
                self.right.setdefault((name, record["type"]), []).append(record["data"])
        self.dns.records = dict(self.right)

    def write(self):
        with open(self.config, "w", encoding="utf-8") as f:
            for section, keys in self.settings.items():
                if section:
                    f.write(f"[{section}]\n")
                for key, value in keys.items():
                    f.write(f"{key} = {json.dumps(value)}\n")
        os.chmod(self.config, 0o644)

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([program(), "--config", self.config, *arguments], check=False, capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        expect(done.returncode in codes, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def doctor(self, *settings, code, more=()):
        """What was found, as (severity, check, what); each finding but "ok" has an advice."""
        words = [word for setting in settings for word in ("--set", setting)]
        # The ports that clients use, which this test does not listen on while no server runs.
        if self.process is None:
            words += ["--set", "listen.imap=*:143", "--set", "listen.imaps=*:993", "--set", "listen.https=*:443"]
        said = self.run(*words, "doctor", "--json", "--dns-server", self.dns.address, *more, codes=(code,))
        found = [json.loads(line) for line in said.splitlines()]
        for one in found:
            expect(one["severity"] == "ok" or one["advice"], f"no advice: {one}")
        return [(one["severity"], one["check"], one["what"]) for one in found]

    def expect_found(self, severity, check, words, *settings, more=()):
        found = self.doctor(*settings, code={"fault": 3, "warning": 2, "note": 0}[severity], more=more)
        expect(any(one[0] == severity and one[1] == check and words in one[2] for one in found),
               f"not found: {severity} {check} {words}\n" + "\n".join(map(str, found)))
        return found

    def expect_sound(self, *notes):
        found = self.doctor(code=0)
        expect([one for one in found if one[0] not in ("ok", "note")] == [], found)
        expect({one[1] for one in found if one[0] == "note"} == set(notes), found)

    def serve(self):
        ready = os.path.join(self.folder, "ready")
        self.process = subprocess.Popen([program(), "--config", self.config, "serve", "--ready-file", ready],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            expect(self.process.poll() is None and time.monotonic() < deadline, "the server did not start")
            time.sleep(0.02)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(60)
        self.process = None

    def back_up(self):
        self.run("backup", os.path.join(self.folder, "backups"))


def test_sound_and_stopped(at):
    at.back_up()
    at.expect_sound("server")
    for line in at.run("--set", "listen.imaps=*:993", "doctor", "--dns-server", at.dns.address, codes=(0, 2, 3)).splitlines():
        expect(line[:8].strip() in ("ok", "note", "warning", "fault", ""), line)


def test_configuration(at):
    broken = os.path.join(at.folder, "broken.toml")
    with open(broken, "w", encoding="utf-8") as f:
        f.write('[listen]\nimap_prot = ["*:143"]\n')
    done = subprocess.run([program(), "--config", broken, "doctor"], check=False, capture_output=True, text=True, timeout=60)
    expect(done.returncode == 3 and "broken.toml:2" in done.stdout and "fault" in done.stdout, done.stdout)
    at.expect_found("fault", "server", "does not exist", f"data_dir={at.folder}/nowhere")


def test_certificates(at, authority):
    def use(certificate, key):
        return f"tls.certificate={certificate}", f"tls.key={key}"
    names = (HOST, "autoconfig." + DOMAIN, "autodiscover." + DOMAIN)
    good = at.settings["tls"]
    at.expect_found("fault", "certificates", "expired", *use(*authority.pair("old", names=names, days=("-days", "-1"))))
    at.expect_found("warning", "certificates", "expires in", *use(*authority.pair("late", names=names, days=("-days", "5"))))
    at.expect_found("fault", "certificates", "lacks the intermediate",
                    *use(*authority.pair("alone", chain=False, names=names)))
    at.expect_found("fault", "certificates", "is not the key of", *use(good["certificate"], authority.path("root.key")))
    at.expect_found("fault", "certificates", f"no certificate is valid for {HOST}",
                    *use(*authority.pair("other", names=("www.example.org",))))
    at.expect_found("warning", "certificates", "autoconfig." + DOMAIN, *use(*authority.pair("few", names=(HOST,))))
    at.expect_found("fault", "certificates", "nothing.pem", *use("nothing.pem", good["key"]))
    at.expect_found("note", "certificates", "the server will make a self-signed one", "tls.certificate=", "tls.key=")
    authority.make("own", None, names=names)
    at.expect_found("warning", "certificates", "self-signed", *use(authority.path("own.pem"), authority.path("own.key")))
    os.environ["SSL_CERT_FILE"] = authority.path("good.pem")
    at.expect_found("warning", "certificates", "does not trust")
    os.environ["SSL_CERT_FILE"] = authority.path("root.pem")


def test_permissions(at):
    key = at.settings["tls"]["key"]
    os.chmod(key, 0o644)
    at.expect_found("fault", "permissions", "is open to every user")
    os.chmod(key, 0o600)
    os.chmod(at.data, 0o755)
    at.expect_found("fault", "permissions", at.data + " is open")
    os.chmod(at.data, 0o700)
    at.settings["relay"] = {"host": "relay.example.org", "password": "hidden", "user": "x"}
    at.write()
    found = at.expect_found("fault", "permissions", "contains relay.password")
    expect("hidden" not in str(found), "a secret is shown")
    # A file of its own, which others must not read either.
    secret = os.path.join(at.folder, "relay.secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write("hidden\n")
    os.chmod(secret, 0o600)
    at.settings["relay"] = {"host": "relay.example.org", "password_file": secret, "user": "x"}
    at.write()
    at.expect_sound("server")
    os.chmod(secret, 0o644)
    at.expect_found("fault", "permissions", f"{secret} (relay.password_file) is open to every user")
    if os.geteuid() == 0:
        os.chmod(secret, 0o600)
        at.expect_found("fault", "permissions", f"relay.password_file {secret} cannot be read by nobody", "user=nobody")
    del at.settings["relay"]
    at.settings["directory.work"] = {"kind": "ldap", "servers": ["ldap://127.0.0.1:1"], "base": "dc=example", "filter": "(mail=%{name})",
                                     "bind_dn": "cn=x", "bind_password": "hidden"}
    at.write()
    at.expect_found("fault", "permissions", "contains directory.work.bind_password")
    del at.settings["directory.work"]
    at.write()
    at.expect_found("fault", "permissions", "there is no such user", "user=nobody-of-this-name")
    if os.geteuid() == 0:
        lost = os.path.join(at.data, "store", "CURRENT")
        os.chown(lost, 65534, 65534)
        at.expect_found("fault", "permissions", "does not belong to the owner")
        os.chown(lost, 0, 0)
        at.expect_found("fault", "permissions", "cannot be read by nobody", "user=nobody")


def test_dns(at):
    def without(*keys, **more):
        at.dns.records = {key: data for key, data in at.right.items() if key not in keys}
        at.dns.records.update(more.get("more", {}))
    without((HOST, "A"))
    at.expect_found("fault", "dns", "has no address")
    without((DOMAIN, "MX"))
    at.expect_found("fault", "dns", "has no MX")
    without(more={(DOMAIN, "MX"): ["10 mx.example.net."]})
    at.expect_found("note", "dns", "goes to 10 mx.example.net.")
    srv = ("_imaps._tcp." + DOMAIN, "SRV")
    without(srv)
    at.expect_found("warning", "dns", "there is no SRV record _imaps._tcp")
    without(more={srv: ["0 1 9993 mail.example.org."]})
    at.expect_found("warning", "dns", "which is not this server's port")
    without(more={("_pop3s._tcp." + DOMAIN, "SRV"): ["0 1 995 mail.example.org."]})
    at.expect_found("warning", "dns", "does not offer")
    without(("autoconfig." + DOMAIN, "A"))
    at.expect_found("warning", "dns", "autoconfig")
    # The operator's own priority and weight are no fault.
    without(more={srv: ["5 7 993 mail.example.org."]})
    at.expect_sound("server")
    at.dns.records = None
    begin = time.monotonic()
    at.expect_found("note", "dns", "was not looked at")
    expect(time.monotonic() - begin < 15, "a silent name server is waited for too long")
    at.dns.records = dict(at.right)


def test_directories(at):
    """One that answers, one that is away, one that is down, and one whose query knows everybody."""
    file = os.path.join(at.folder, "people.sqlite")
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE users (name TEXT, password TEXT)")
        database.execute("INSERT INTO users VALUES ('ann@example.org', '{PLAIN}never shown')")
    one = ("directories=internal,work", "directory.work.kind=sqlite", f"directory.work.file={file}")
    query = "directory.work.user_query=SELECT name, password FROM users"
    found = at.doctor(*one, query + " WHERE name = %{name}", code=0)
    expect(("ok", "directories", "directory work answers") in found, found)
    found = at.expect_found("fault", "directories", "a name that nobody has", *one, query)
    expect("never shown" not in str(found), "a secret is shown")
    at.expect_found("fault", "directories", "directory work: ", *one, query.replace("users", "nothing") + " WHERE name = %{name}")
    os.rename(file, file + ".away")
    at.expect_found("fault", "directories", file, *one, query + " WHERE name = %{name}")
    port = free_port()
    for kind, keys in (("ldap", (f"servers=ldap://127.0.0.1:{port}", "base=dc=example", "filter=(mail=%{name})", "tls=none",
                                 "bind_dn=cn=x", "bind_password=hidden")),
                       ("postgresql", (f"connection=host=127.0.0.1 port={port} password=hidden", "user_query=SELECT 1"))):
        found = at.expect_found("fault", "directories", "directory far: ", "directories=internal,far",
                                f"directory.far.kind={kind}", "directory.far.timeout=3s",
                                *(f"directory.far.{key}" for key in keys))
        expect("hidden" not in str(found), "a secret is shown")
    # Saslauthd can only try passwords: this one accepts them as it is told.
    path = os.path.join(at.folder, "mux")
    saslauthd = ("directories=internal,unix", "directory.unix.kind=saslauthd", f"directory.unix.socket={path}")
    at.expect_found("fault", "directories", "saslauthd at", *saslauthd)
    says = [b"NO"]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client = listener.accept()[0]
                    client.recv(4096)
                    client.sendall(struct.pack("!H", len(says[0])) + says[0])
                    client.close()
        threading.Thread(target=serve, daemon=True).start()
        found = at.doctor(*saslauthd, code=0)
        expect(("ok", "directories", "directory unix answers") in found, found)
        says[0] = b"OK"
        at.expect_found("fault", "directories", "it accepts any password", *saslauthd)
        listener.shutdown(socket.SHUT_RDWR)


def test_tokens(at):
    folder = os.path.join(at.folder, "provider")
    os.mkdir(folder)
    provider = Provider(folder)
    provider.keys = [Key(folder, "key")]
    secret = os.path.join(folder, "secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write(CLIENT_SECRET + "\n")
    os.chmod(secret, 0o600)

    def settings(**more):
        keys = {"issuer": provider.issuer, "audience": "mail", "ca_file": provider.ca, "client_id": CLIENT,
                "client_secret_file": secret, "introspect": "opaque", "timeout": "2s"} | more
        return [f"auth.oauth.{key}={value}" for key, value in keys.items()]

    found = at.doctor(*settings(), code=0)
    expect(("ok", "tokens", f"the identity provider {provider.issuer} answers, and has keys, and tells of tokens") in found, found)
    provider.misbehave, provider.misbehaves_at = lambda request: request.say({"issuer": "https://other.example"}), "/.well-known"
    at.expect_found("fault", "tokens", "another \"issuer\"", *settings())
    provider.misbehave = None
    at.expect_found("fault", "tokens", "certificate", *settings(ca_file=at.settings["tls"]["certificate"]))
    found = at.expect_found("fault", "tokens", "status 401", *settings(client_id="somebody-else"))
    expect(CLIENT_SECRET not in str(found), "a secret is shown")
    keys, provider.keys = provider.keys, []
    at.expect_found("fault", "tokens", "keys: ", *settings())
    provider.keys = keys
    provider.misbehave, provider.misbehaves_at = lambda request: request.say({"active": True, "aud": "mail", "email": "a@b.c"}), "/introspect"
    at.expect_found("fault", "tokens", "a token that nobody has issued is said to count", *settings())
    provider.misbehave = None
    for behind, severity in ((-45, "warning"), (3600, "fault")):
        provider.clock_behind = behind
        at.expect_found(severity, "tokens", "ahead of" if behind > 0 else "behind", *settings())
    provider.clock_behind = 0
    begin = time.monotonic()
    provider.misbehave, provider.misbehaves_at = lambda request: time.sleep(8), "/"
    at.expect_found("fault", "tokens", "metadata", *settings())
    expect(time.monotonic() - begin < 30, "a provider that hangs is waited for too long")
    provider.misbehave = None
    provider.stop()
    at.expect_found("fault", "tokens", "metadata", *settings())


def test_limits_disk_and_backups(at):
    at.expect_found("warning", "limits", "limits.connections is 5000000", "limits.connections=5000000")
    at.expect_found("fault", "limits", "caches and buffers may take", "memory=1TiB")
    disk = os.statvfs(at.data)
    free = disk.f_bavail * disk.f_frsize
    at.expect_found("fault", "disk", "new mail is refused", f"storage.min_free={2 * disk.f_blocks * disk.f_frsize}")
    at.expect_found("warning", "disk", "are free in " + at.data, f"storage.min_free={free * 9 // 10}")
    at.expect_found("warning", "backups", "ago", more=("--max-backup-age", "0s"))
    shutil.move(os.path.join(at.folder, "backups"), os.path.join(at.folder, "moved"))
    at.expect_found("warning", "backups", "no longer exists")
    os.remove(os.path.join(at.data, "last-backup"))
    at.expect_found("warning", "backups", "there is no backup")
    at.back_up()


def test_mta(at):
    """A Postfix, as far as its `postconf` shows, whose lines are those wanted but for one."""
    folder = os.path.join(at.folder, "bin")
    os.mkdir(folder)
    sockets = [f"listen.{name}_socket={at.folder}/{name}.sock" for name in ("auth", "map", "policy", "lmtp")]
    words = [word for setting in sockets for word in ("--set", setting)]
    lines = at.run(*words, "mta", "postfix")
    postconf = os.path.join(folder, "postconf")
    before = os.environ["PATH"]
    os.environ["PATH"] = folder + os.pathsep + before

    def say(main_cf):
        with open(os.path.join(folder, "main.cf"), "w", encoding="utf-8") as f:
            f.write(main_cf)
        with open(postconf, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n[ \"$1\" = -P ] || cat {folder}/main.cf\n")
        os.chmod(postconf, 0o755)
    say(lines.replace("smtpd_sasl_type = dovecot", "smtpd_sasl_type = cyrus"))
    at.expect_found("warning", "mta", "smtpd_sasl_type is 'cyrus'", *sockets)
    with open(postconf, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexit 1\n")
    found = at.doctor(*sockets, code=0)
    expect(any(one[:2] == ("note", "mta") for one in found), found)
    os.environ["PATH"] = before


def test_running(at):
    at.serve()
    # On these ports the DNS leads nowhere, which the test of the DNS has shown.
    at.dns.records = None
    at.expect_sound("dns")
    found = at.doctor(code=0)
    expect(any(one[:2] == ("ok", "server") and str(at.process.pid) in one[2] for one in found), found)
    expect(("ok", "listeners", "3 ports accept connections") in found, found)
    at.expect_found("fault", "listeners", "listen.pop3:", f"listen.pop3=127.0.0.1:{free_port()}")
    at.expect_found("fault", "permissions", "listen.map_socket: there is no socket", "listen.map_socket=map.sock")
    os.chmod(os.path.join(at.data, "admin.sock"), 0o666)
    at.expect_found("fault", "permissions", "listen.admin_socket")
    os.chmod(os.path.join(at.data, "admin.sock"), 0o600)
    at.expect_found("fault", "server", "nobody listens on", "listen.admin_socket=other.sock")
    # A server that hangs is found too, and does not hang the command.
    at.process.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    at.expect_found("fault", "server", "does not answer")
    expect(time.monotonic() - begin < 30, "a server that hangs is waited for too long")
    at.process.send_signal(signal.SIGCONT)
    at.stop()


def test():
    need("openssl")
    with tempfile.TemporaryDirectory(prefix="posthorn-") as folder:
        authority = Authority(folder)
        at = Installation(folder, authority)
        try:
            test_sound_and_stopped(at)
            test_configuration(at)
            test_certificates(at, authority)
            test_permissions(at)
            test_dns(at)
            test_directories(at)
            test_tokens(at)
            test_limits_disk_and_backups(at)
            test_mta(at)
            test_running(at)
        finally:
            at.stop()


if __name__ == "__main__":
    main(test)
