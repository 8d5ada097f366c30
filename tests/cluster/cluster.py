"""What the tests of whole servers over a Ceph cluster (POSTHORN_CEPH_CONF) share: a server with its store there, and the
cluster's own commands."""
import atexit
import imaplib
import json
import os
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, ok, program, skip  # noqa: E402
from sink import free_port  # noqa: E402

SECRET = "correct horse"
USER = "ada@example.org"


class Node:
    """A server with a data directory of its own, and the store in the given namespace."""

    def __init__(self, folder, namespace, **changed):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        keys = {"storage.engine": "rados", "storage.rados.conf": os.environ["POSTHORN_CEPH_CONF"],
                "storage.rados.user": "admin", "storage.rados.pool": "mail", "storage.rados.body_pool": "bodies",
                "storage.rados.namespace": namespace, "listen.imap": f"127.0.0.1:{free_port()}", "listen.imaps": "",
                "listen.pop3": "", "listen.pop3s": "", "listen.submission": "", "listen.submissions": "",
                "listen.lmtp": f"127.0.0.1:{free_port()}", "auth.allow_plaintext_without_tls": "loopback", **changed}
        self.arguments = [program(), "--data-dir", folder]
        for key, value in keys.items():
            self.arguments += ["--set", f"{key}={value}"]
        self.process = None
        self.ports = {}

    def start(self):
        ready = os.path.join(self.folder, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([*self.arguments, "serve", "--ready-file", ready],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        atexit.register(self.process.kill)  # Does nothing to one that has ended.
        deadline = time.monotonic() + 120
        while not os.path.exists(ready):
            expect(self.process.poll() is None and time.monotonic() < deadline, f"no start:\n{self.log()}")
            time.sleep(0.05)
        with open(ready, encoding="utf-8") as f:
            at = json.load(f)
        self.ports = at
        self.imap_port, self.lmtp_port = at["imap"], at["lmtp"]
        return self

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-4000:]

    def run(self, *arguments, code=0):
        done = subprocess.run([*self.arguments, *arguments], check=False, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL)
        expect(done.returncode == code, f"posthorn {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def add_account(self, name):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as f:
            f.write(SECRET + "\n")
        self.run("account", "add", name, "--password-file", path)

    def imap(self):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=120)
        client.login(USER, SECRET)
        return client

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(120)
        expect(code == 0, f"ended with {code}:\n{self.log()}")


def message(number, size=200):
    return (f"From: eve@example.com\r\nTo: {USER}\r\nSubject: number {number}\r\n\r\n"
            + "0123456789abcdef\r\n" * (size // 18)).encode()


def subjects(client):
    count = int(ok(client.select("INBOX"))[0])
    if count == 0:
        return []
    found = ok(client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    return [int(part[1].split(b"number ")[1].split()[0]) for part in found if isinstance(part, tuple)]


def wait_for(what, condition, longest=30):
    begun = time.monotonic()
    while not condition():
        expect(time.monotonic() < begun + longest, f"{what} after {longest} s")
        time.sleep(0.2)
    return time.monotonic() - begun


def need_cluster():
    if "POSTHORN_CEPH_CONF" not in os.environ:
        skip("no Ceph cluster: see tests/cluster/run")


def new_namespace(name):
    return f"{name}-{uuid.uuid4()}"


def ceph(*arguments):
    subprocess.run(["ceph", "-c", os.environ["POSTHORN_CEPH_CONF"], *arguments], check=True, capture_output=True,
                   timeout=60)


def rados(namespace, pool, *arguments, given=None):
    """One command on the store's objects; returns what it prints."""
    done = subprocess.run(["rados", "-c", os.environ["POSTHORN_CEPH_CONF"], "-p", pool, "-N", namespace, *arguments],
                          check=False, capture_output=True, timeout=60, input=given)
    expect(done.returncode == 0, f"rados {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


def objects(namespace, pool, prefix):
    return [name for name in rados(namespace, pool, "ls").decode().split("\n") if name.startswith(prefix)]
