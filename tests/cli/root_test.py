#!/usr/bin/env python3
"""`serve` started by root: it opens a port below 1024 and then runs as another user, with all its threads."""

import imaplib
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, main, ok, program, skip  # noqa: E402

USER, PASSWORD = "ada@example.org", "first"


def free_low_port():
    for port in range(600, 1000):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    return skip("no port below 1024 is free")


def test():
    if os.geteuid() != 0:
        skip("only root can become another user")
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        data, ready, log = (os.path.join(parent, name) for name in ("data", "ready", "log"))
        os.mkdir(data)
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        port = free_low_port()
        common = [program(), "--data-dir", data, "--set", f"listen.imap=127.0.0.1:{port}"]
        for name in ("imaps", "pop3", "pop3s", "submission", "submissions"):
            common += ["--set", f"listen.{name}="]
        common += ["--set", "auth.allow_plaintext_without_tls=loopback", "--config", ""]
        unknown = subprocess.run([*common, "--set", "user=no-such-user", "serve"], check=False,
                                 capture_output=True, text=True, timeout=60)
        expect(unknown.returncode != 0 and "no-such-user" in unknown.stderr, f"{unknown}")
        expect(not os.listdir(data), "nothing is written before")
        # The user must be able to write the file; the folder above belongs to root.
        os.mkdir(ready)
        os.chown(ready, nobody.pw_uid, nobody.pw_gid)
        ready = os.path.join(ready, "file")
        with open(log, "w", encoding="utf-8") as written:
            server = subprocess.Popen([*common, "--set", "user=nobody", "serve", "--ready-file", ready],
                                      stdin=subprocess.DEVNULL, stderr=written)
        try:
            end = time.monotonic() + 60
            while not os.path.exists(ready):
                expect(server.poll() is None and time.monotonic() < end, f"it did not start: {open(log).read()}")
                time.sleep(0.05)
            done = subprocess.run([*common, "account", "add", USER], check=False, input=PASSWORD + "\n",
                                  capture_output=True, text=True, timeout=60)
            expect(done.returncode == 0, f"account add: {done}")
            client = imaplib.IMAP4("127.0.0.1", port, timeout=60)
            ok(client.login(USER, PASSWORD))
            ok(client.append("INBOX", None, None, b"Subject: kept by nobody\r\n\r\ntext\r\n"))
            for thread in os.listdir(f"/proc/{server.pid}/task"):
                with open(f"/proc/{server.pid}/task/{thread}/status", encoding="utf-8") as f:
                    status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
                expect(status["Uid"].split() == [str(nobody.pw_uid)] * 4, f"thread {thread}: {status['Uid']}")
                expect(status["Gid"].split() == [str(nobody.pw_gid)] * 4, f"thread {thread}: {status['Gid']}")
                expect("0" not in status["Groups"].split(), f"thread {thread} has the groups {status['Groups']}")
                expect(int(status["CapEff"], 16) == 0, f"thread {thread} has capabilities")
            for place, folders, files in os.walk(data):
                for name in folders + files:
                    owner = os.lstat(os.path.join(place, name)).st_uid
                    expect(owner == nobody.pw_uid, f"{name} belongs to {owner}")
            client.logout()
        finally:
            server.terminate()
            server.wait(60)
        expect(server.returncode == 0, "serve ended badly")


main(test)
