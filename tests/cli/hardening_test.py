#!/usr/bin/env python3
"""Small things that make attacks harder: files nobody else may read, TLS without CBC, patience before a login."""

import os
import socket
import ssl
import stat
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok, trusting  # noqa: E402


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


def test():
    with tempfile.TemporaryDirectory() as parent:
        folder = os.path.join(parent, "data")
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        with Server(folder=folder) as server:
            nobody_else_reads(folder, server)
            no_cbc(server)
            soon_tired_of_nonsense(server)
            ok(server.imap("ada@example.org").noop())


main(test)
