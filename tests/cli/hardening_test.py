#!/usr/bin/env python3
"""Small things that make attacks harder: files nobody else may read, TLS without CBC, patience before a login, and a
process that gives up what it does not need."""

import os
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok, program, trusting  # noqa: E402


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def nobody_else_reads(folder, server):
    server.imap("ada@example.org").logout()
    expect(mode_of(folder) == 0o750, f"the data directory has the mode {mode_of(folder):o}")
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(place, name)
            if name == "lmtp.sock" or os.path.dirname(path) == folder and name in ("log", "ready.json"):
                continue
            expect(mode_of(path) & 0o077 == 0, f"{path} has the mode {mode_of(path):o}")


def no_cbc(server):
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for ciphers, may in (("ECDHE+AESGCM", True), ("ECDHE+AES+SHA256:ECDHE+AES+SHA1:!AESGCM", False)):
        context.set_ciphers(ciphers)
        with socket.create_connection(("127.0.0.1", server.imaps_port), timeout=60) as plain:
            try:
                with context.wrap_socket(plain) as s:
                    name = s.cipher()[0]
            except (ssl.SSLError, ConnectionError):
                name = None
        expect((name is not None) == may, f"{ciphers}: {name}")


def soon_tired_of_nonsense(server):
    with socket.create_connection(("127.0.0.1", server.submission_port), timeout=60) as s:
        s.sendall(b"GET / HTTP/1.1\r\n" * 10)
        said = b""
        while got := s.recv(1000):
            said += got
        expect(said.count(b"\r\n5") == 3 and b"421 4.7.0 Too many bad commands" in said, f"{said}")
    client = server.submission("ada@example.org")
    for _ in range(10):
        expect(client.docmd("NONSENSE")[0] == 500, "a user may make mistakes")
    client.quit()


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def is_confined(pid):
    """A process has the filters of system calls of its parent, and those of its own."""
    own, theirs = status_of("self"), status_of(pid)
    return theirs["NoNewPrivs"] == "1" and int(theirs["Seccomp_filters"]) > int(own["Seccomp_filters"])


def confines_itself(parent):
    """Both commands that serve; only what `confine` does to a process is tested elsewhere."""
    if "Seccomp_filters" not in status_of("self"):
        return
    with Server(settings=["confine=false"]) as server:
        expect(not is_confined(server.process.pid), "demo confines itself though it must not")
    data, ready = os.path.join(parent, "served"), os.path.join(parent, "served.json")
    for confine in ("true", "false"):
        silent = [word for name in ("imaps", "pop3", "pop3s", "submission", "submissions")
                  for word in ("--set", f"listen.{name}=")]
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        process = subprocess.Popen(
            [program(), "--data-dir", data, "--set", f"confine={confine}", *silent,
             "--set", f"listen.imap=127.0.0.1:{port}", "serve", "--ready-file", ready],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            expect(process.poll() is None and time.monotonic() < deadline, "serve did not start")
            time.sleep(0.05)
        confined = is_confined(process.pid)
        process.terminate()
        expect(process.wait(60) == 0, f"serve ended badly: {process.stderr.read()}")
        expect(confined == (confine == "true"), f"serve with confine={confine}: {confined}")
        os.remove(ready)


def test():
    with tempfile.TemporaryDirectory() as parent:
        folder = os.path.join(parent, "data")
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        with Server(folder=folder) as server:
            nobody_else_reads(folder, server)
            if "Seccomp_filters" in status_of("self"):
                expect(is_confined(server.process.pid), "demo does not confine itself")
            no_cbc(server)
            soon_tired_of_nonsense(server)
            ok(server.imap("ada@example.org").noop())
        confines_itself(parent)


main(test)
