#!/usr/bin/env python3
"""What is kept, and what goes: the low-space threshold, expiry by age, and legal holds, on a running server."""

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import imaplib
import poplib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, main, program  # noqa: E402

USER, PASSWORD = "ada@example.org", "first"
ENTRY = "/shared/vendor/posthorn/expire"
for command in ("GETMETADATA", "SETMETADATA"):
    imaplib.Commands.setdefault(command, ("AUTH", "SELECTED"))
MAIL = b"From: bob@example.net\r\nTo: ada@example.org\r\nMessage-ID: <%s@x>\r\nSubject: %s\r\n\r\nHello\r\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*arguments, stdin="", code=0):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, input=stdin, timeout=120)
    expect(done.returncode == code, f"posthorn {' '.join(arguments)}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stderr


class Serving:
    """`posthorn serve` in a folder, whose configuration is written anew by set()."""

    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "posthorn.toml")
        self.ports = {name: free_port() for name in ("imap", "pop3", "lmtp", "submission", "metrics")}
        self.settings = {"": {"data_dir": os.path.join(folder, "data")},
                         "auth": {"allow_plaintext_without_tls": "loopback"},
                         "listen": {name: [f"127.0.0.1:{port}"] for name, port in self.ports.items()}
                         | {name: [] for name in ("imaps", "pop3s", "submissions")}}
        self.write()
        self.notify = os.path.join(folder, "notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(self.notify)
        self.manager.settimeout(60)
        self.log_path = os.path.join(folder, "log")
        self.start()
        self.posthorn("account", "add", USER, stdin=PASSWORD + "\n")

    def start(self):
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([program(), "--config", self.config, "serve"], stderr=log,
                                            env={**os.environ, "NOTIFY_SOCKET": self.notify}, stdin=subprocess.DEVNULL)
        self.hear(b"READY=1")

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

    def posthorn(self, *arguments, **options):
        return run("--config", self.config, *arguments, **options)

    def admin(self, request):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(os.path.join(self.folder, "data", "admin.sock"))
            s.sendall(json.dumps(request).encode() + b"\n")
            said = json.loads(s.makefile("rb").readline())
        expect("error" not in said, f"{request}: {said}")
        return said

    def imap(self):
        client = imaplib.IMAP4("127.0.0.1", self.ports["imap"], timeout=60)
        client.login(USER, PASSWORD)
        return client

    def deliver(self, name):
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"], timeout=60) as client:
            client.sendmail("bob@example.net", [USER], MAIL % (name.encode(), name.encode()))

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['metrics']}/metrics", timeout=60) as page:
            return float(re.search(rf"^{name} (\S+)", page.read().decode(), re.M).group(1))

    def wait_until(self, low):
        for _ in range(200):
            if json.loads(self.posthorn("status", "--json"))["disk_low"] == low:
                return
            time.sleep(0.1)
        expect(False, f"the server did not see that space is {'short' if low else 'enough'}")


def refused(what, code):
    try:
        what()
    except smtplib.SMTPSenderRefused as error:
        expect(error.smtp_code == code, f"{error}")
        return error.smtp_error.decode()
    return expect(False, "it was not refused")


def test_low_space(server):
    server.deliver("before")
    client = server.imap()
    server.set("storage.min_free", "900TB")  # More than there is.
    server.wait_until(True)
    said = refused(lambda: server.deliver("during"), 452)
    expect(said.startswith("4.3.1 "), said)
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=60) as sender:
        sender.login(USER, PASSWORD)
        said = refused(lambda: sender.sendmail(USER, [USER], "Subject: x\r\n\r\nx\r\n"), 452)
        expect(said.startswith("4.3.1 "), said)
    try:
        answer = client.append("INBOX", None, None, b"Subject: x\r\n\r\nx\r\n")
    except imaplib.IMAP4.error as error:
        answer = ("NO", [str(error).encode()])
    expect(answer[0] == "NO" and b"[UNAVAILABLE]" in answer[1][0], f"{answer}")
    # Everything else goes on.
    expect(client.select("INBOX")[1] == [b"1"], "SELECT")
    expect(client.fetch("1", "(BODY[])")[0] == "OK", "FETCH")
    expect(client.store("1", "+FLAGS", "\\Flagged")[0] == "OK", "STORE")
    expect(client.copy("1", "Archive")[0] == "OK", "COPY")
    expect(client.store("1", "+FLAGS", "\\Deleted")[0] == "OK", "STORE")
    expect(client.expunge()[0] == "OK", "EXPUNGE")
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=60)
    pop.user(USER)
    pop.pass_(PASSWORD)
    pop.quit()
    mbox = os.path.join(server.folder, "mail.mbox")
    with open(mbox, "wb") as f:
        f.write(b"From bob Mon Nov 23 10:00:00 2026\n" + (MAIL % (b"i", b"i")).replace(b"\r", b""))
    done = subprocess.run([program(), "--config", server.config, "import", USER, mbox], check=False,
                          capture_output=True, text=True, timeout=120)
    expect(done.returncode != 0 and "disk space" in done.stdout + done.stderr, f"import: {done}")
    expect("new mail" in server.posthorn("status"), "status does not say it")
    expect(server.metric("posthorn_disk_low") == 1, "the metric does not say it")
    doctor = subprocess.run([program(), "--config", server.config, "doctor", "--json"], check=False,
                            capture_output=True, text=True, timeout=120)
    expect("storage.min_free" in doctor.stdout, f"doctor does not say it: {doctor.stdout}")
    server.set("storage.min_free", "0")
    server.wait_until(False)
    server.deliver("after")
    expect(server.metric("posthorn_disk_low") == 0, "the metric does not say that it ended")
    log = server.log()
    expect(log.count("space is short") == 1, "the log does not have one line when it begins")
    expect(log.count("enough space for new mail again") == 1, "the log does not have one line when it ends")
    client.logout()


def test_expiry(server):
    """A day is not waited for: what a sweep removes is for store/upkeep/age_out_test.cc."""
    client = server.imap()
    client.create("Lists")
    expect(server.posthorn("mailbox", "expire", USER, "Lists") == "never (default)\n", "default")
    expect(server.posthorn("mailbox", "expire", USER, "Lists", "4w") == "28d\n", "4w")
    kind, data = client._simple_command("GETMETADATA", "Lists", ENTRY)
    expect(kind == "OK" and b'"28d"' in client._untagged_response(kind, data, "METADATA")[1][0], "GETMETADATA")
    for wrong in ("1h", "0d", "soon"):
        server.posthorn("mailbox", "expire", USER, "Lists", wrong, code=1)
    server.set("retention.trash", "30d")
    expect(server.posthorn("mailbox", "expire", USER, "Trash") == "30d (default)\n", "Trash")
    said = json.loads(server.posthorn("mailbox", "expire", USER, "Trash", "never", "--json"))
    expect(said["after"] == "never" and said["own"] == "never", f"{said}")
    expect(server.posthorn("mailbox", "expire", USER, "Trash", "default") == "30d (default)\n", "default again")
    kind, _ = client._simple_command("SETMETADATA", "Lists", f'({ENTRY} "7d")')
    expect(kind == "OK" and server.posthorn("mailbox", "expire", USER, "Lists") == "7d\n", "SETMETADATA")
    server.set("retention.users_may_change", False)
    kind, _ = client._simple_command("SETMETADATA", "Lists", f'({ENTRY} "8d")')
    expect(kind == "NO", "a user may change what the operator has fixed")
    server.deliver("young")
    client.select("INBOX")
    client._simple_command("MOVE", "1", "Trash")
    server.admin({"do": "sweep"})
    expect(client.status("Trash", "(MESSAGES)")[1][0].endswith(b"(MESSAGES 1)"), "young mail has expired")
    client.logout()


def test_hold(server):
    server.posthorn("account", "hold", USER, "--reason", "Case 17")
    listed = json.loads(server.posthorn("account", "list", "--json").splitlines()[0])
    expect(listed["hold"]["reason"] == "Case 17" and listed["hold"]["since"] > 0, f"{listed}")
    expect("  held" in server.posthorn("account", "list"), "the list does not say that the account is held")
    said = server.posthorn("account", "remove", USER, "--yes", code=1)
    expect("held" in said, said)
    client = server.imap()  # It is as it was.
    client.select("INBOX")
    server.deliver("evidence")
    client.noop()
    client.store("1:*", "+FLAGS", "\\Deleted")
    client.expunge()
    client.delete("Lists")
    client.logout()
    server.admin({"do": "sweep"})
    server.posthorn("undelete", USER, "--message-id", "evidence@x")
    client = server.imap()
    expect(int(client.select("INBOX")[1][0]) >= 1, "undelete brought nothing back")
    client.logout()
    expect(re.search(r'do=account\.hold .*about="ada@example\.org"', server.log()), "the hold was not audited")
    server.posthorn("account", "unhold", USER)
    server.posthorn("account", "unhold", USER, code=1)
    listed = json.loads(server.posthorn("account", "list", "--json").splitlines()[0])
    expect("hold" not in listed, f"{listed}")
    # Without a server as well, and what was done then is found in the log of the next start.
    server.stop()
    server.posthorn("account", "hold", USER)
    server.start()
    server.posthorn("account", "remove", USER, "--yes", code=1)
    server.posthorn("account", "unhold", USER)
    server.posthorn("account", "remove", USER, "--yes")


def test_all():
    folder = tempfile.mkdtemp(prefix="posthorn-retention-")
    server = None
    try:
        server = Serving(folder)
        for test in (test_low_space, test_expiry, test_hold):
            print(f"{test.__name__} ...", flush=True)
            test(server)
        server.stop()
    finally:
        if server and server.process.poll() is None:
            server.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(test_all)
