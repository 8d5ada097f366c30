#!/usr/bin/env python3
"""Users in saslauthd: a little one of this test, and that of Debian, which asks another server by IMAP. Both are stopped
and started in the middle."""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import people  # noqa: E402
from people import ANN, BOB, NOBODY, SECRET  # noqa: E402
from posthorn import Server, expect, main  # noqa: E402

SASLAUTHD = shutil.which("saslauthd", path="/usr/sbin")


class Stub:
    """The protocol of saslauthd: four texts, each after its length, and one as an answer."""

    def __init__(self, path):
        self.path = path
        self.listening = None

    def start(self):
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.path)
        self.listening.listen(20)
        threading.Thread(target=self.serve, args=(self.listening,), daemon=True).start()

    def stop(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        os.remove(self.path)

    @staticmethod
    def serve(listening):
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client, client.makefile("rb") as file:
                texts = [file.read(struct.unpack("!H", file.read(2))[0]).decode() for _ in range(4)]
                right = texts == ["ann", SECRET, "imap", "example.org"]
                answer = b"OK" if right else b"NO authentication failed"
                client.sendall(struct.pack("!H", len(answer)) + answer)


class Real:
    """Debian's, which tries each password on an IMAP server."""

    def __init__(self, folder, imap_port):
        self.path = os.path.join(folder, "mux")
        self.command = [SASLAUTHD, "-a", "rimap", "-O", f"127.0.0.1/{imap_port}", "-m", folder, "-n", "1", "-d"]
        self.process = None

    def start(self):
        # It ends its whole process group with itself.
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 30
        while not os.path.exists(self.path):
            expect(self.process.poll() is None and time.monotonic() < deadline, "saslauthd did not start")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path)


def course(daemon):
    daemon.start()
    with Server(any_user=False, quiet=False, arguments=people.ARGUMENTS,
                settings=people.settings("saslauthd", socket=daemon.path, realm="%{domain}")) as server:
        # Whoever never logged in is not known.
        expect(people.lmtp(server, ANN) == 550, "mail before the first login")
        people.works(server)
        expect(people.lmtp(server, ANN) == 250, "mail after the first login")
        expect(people.lmtp(server, BOB) == 550 and people.lmtp(server, NOBODY) == 550, "mail for nobody")
        expect(people.imap(server, BOB) == "AUTHENTICATIONFAILED", "bob is nobody")
        daemon.stop()
        people.fails_temporarily(server, knows_users=False)
        daemon.start()
        people.comes_back(server)
        people.works(server)
    daemon.stop()


def test():
    with tempfile.TemporaryDirectory(prefix="posthorn-sasl-") as folder:
        course(Stub(os.path.join(folder, "mux")))
    if SASLAUTHD is None:
        print("saslauthd is not installed; only the little one was asked")
        return
    with tempfile.TemporaryDirectory(prefix="posthorn-sasl-") as folder, Server(any_user=False) as other:
        other.add_account(ANN, SECRET)
        course(Real(folder, other.imap_port))


if __name__ == "__main__":
    main(test)
