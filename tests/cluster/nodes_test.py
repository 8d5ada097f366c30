"""Whole servers with one store in a Ceph cluster (POSTHORN_CEPH_CONF): what one takes in, the other shows; a server that
is killed loses nothing that was acknowledged; and settings that are wrong end in a clear message."""
import imaplib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Lmtp, expect, main, ok, program, skip  # noqa: E402
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

    def start(self):
        ready = os.path.join(self.folder, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([*self.arguments, "serve", "--ready-file", ready],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while not os.path.exists(ready):
            expect(self.process.poll() is None and time.monotonic() < deadline, f"no start:\n{self.log()}")
            time.sleep(0.05)
        with open(ready, encoding="utf-8") as f:
            at = json.load(f)
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


def two_nodes(folder):
    namespace = f"nodes-{uuid.uuid4()}"
    one = Node(os.path.join(folder, "one"), namespace)
    two = Node(os.path.join(folder, "two"), namespace)
    one.start()
    one.add_account(USER)
    lmtp = Lmtp(one.lmtp_port)
    sizes = [200, 20_000, 300_000, 2_000_000]
    for number, size in enumerate(sizes):
        expect(lmtp.deliver(message(number, size), USER) == [250], "LMTP")
    expect(subjects(one.imap()) == [0, 1, 2, 3], "what was delivered is shown")

    # Another machine has it all, octet by octet, and hears of what comes.
    two.start()
    reader = two.imap()
    expect(subjects(reader) == [0, 1, 2, 3], "the other server shows what was delivered")
    whole = ok(reader.fetch("4", "(BODY.PEEK[])"))[0][1]
    expect(whole.endswith(message(3, sizes[3]).split(b"\r\n\r\n", 1)[1]), "the large message is whole")
    writer = one.imap()
    ok(writer.append("INBOX", None, None, message(4)))
    late = two.imap()
    took = wait_for("APPEND on one server is not seen on the other", lambda: subjects(late) == [0, 1, 2, 3, 4])
    heard = wait_for("a session that was open does not hear of it",
                     lambda: reader.noop()[0] == "OK" and int(ok(reader.fetch("*", "(UID)"))[0].split()[0]) == 5)
    print(f"seen on the other server after {1000 * took:.0f} ms, by an open session after {1000 * heard:.0f} ms")

    # Both change the same mailbox.
    ok(writer.select("INBOX"))
    for i in range(10):
        ok(writer.store("1", "+FLAGS", f"(w{i})"))
        ok(reader.store("2", "+FLAGS", f"(r{i})"))
        ok((writer if i % 2 else reader).append("INBOX", None, None, message(5 + i)))
    expect(sorted(subjects(one.imap())) == list(range(15)), "every APPEND of both is there once")

    # Killed in the middle of deliveries.
    taken = []
    for number in range(100, 130):
        if number == 115:
            one.kill()
        try:
            if lmtp.deliver(message(number), USER) == [250]:
                taken.append(number)
        except (ConnectionError, OSError):
            break
    # The bell of the last one may have died with the server; the other looks by itself every 30 s.
    took = wait_for(f"acknowledged {taken}, not on the other server",
                    lambda: [n for n in subjects(two.imap()) if n >= 100] == taken, 60)
    print(f"what a killed server had acknowledged was seen on the other after {1000 * took:.0f} ms")
    one.start()
    wanted = sorted([*range(15), *taken])
    expect(sorted(subjects(one.imap())) == wanted, "everything acknowledged is there after the restart")
    one.stop()
    two.stop()
    expect(sorted(subjects(one.start().imap())) == wanted, "and after a restart in order")
    one.stop()
    one.run("check", "--deep")


def wrong_settings(folder):
    def says(words, **changed):
        node = Node(os.path.join(folder, "wrong"), f"wrong-{uuid.uuid4()}", **changed)
        said = node.run("serve", code=1)
        expect(words in said, f"instead of '{words}': {said}")

    says("there is no pool 'nowhere' (storage.rados.pool)", **{"storage.rados.pool": "nowhere"})
    says("Ceph's configuration '/nowhere' (storage.rados.conf) cannot be read", **{"storage.rados.conf": "/nowhere"})


def test():
    if "POSTHORN_CEPH_CONF" not in os.environ:
        skip("no Ceph cluster: see tests/cluster/run")
    with tempfile.TemporaryDirectory() as folder:
        wrong_settings(folder)
        two_nodes(folder)


main(test)
