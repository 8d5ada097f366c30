#!/usr/bin/env python3
"""What arrives reaches a session in IDLE at once: the median time from the last octet sent to the EXISTS
heard, by APPEND and by LMTP, on RocksDB. A server that looks from time to time fails this.

    push_test.py [--bound-ms 5] [--rounds 50]"""

import argparse
import os
import re
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Lmtp, Server, expect, main  # noqa: E402

USER = "ada@example.org"
MESSAGE = (b"From: bob@example.com\r\nTo: ada@example.org\r\nSubject: hello\r\n\r\n" + b"Some words. " * 100 +
           b"\r\n")
PAUSE = 0.02  # Lets the server fall asleep again between two messages.


class Wire:
    """An IMAP connection without a library between us and its octets."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.until(rb"\* OK")
        self.command(f"LOGIN {USER} {PASSWORD}")

    def until(self, pattern):
        while True:
            line = self.file.readline()
            expect(line, f"the server hung up before {pattern}")
            if re.match(pattern, line):
                return line

    def command(self, text):
        self.socket.sendall(b"t " + text.encode() + b"\r\n")
        line = self.until(rb"t ")
        expect(line.startswith(b"t OK"), f"{text.split()[0]}: {line}")


class Idler(Wire):
    def __init__(self, port):
        super().__init__(port)
        self.command("SELECT INBOX")
        self.socket.sendall(b"i IDLE\r\n")
        self.until(rb"\+ ")

    def wait_for_exists(self):
        self.until(rb"\* \d+ EXISTS")


def by_append(server, idler, rounds):
    sender = Wire(server.imap_port)
    for _ in range(rounds):
        time.sleep(PAUSE)
        command = b"t APPEND INBOX {%d+}\r\n" % len(MESSAGE)
        began = time.perf_counter()
        sender.socket.sendall(command + MESSAGE + b"\r\n")
        idler.wait_for_exists()
        yield time.perf_counter() - began
        expect(sender.until(rb"t ").startswith(b"t OK"), "APPEND was refused")


def by_lmtp(server, idler, rounds):
    sender = Lmtp(server.lmtp_port)
    sender.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(rounds):
        time.sleep(PAUSE)
        sender.say(f"MAIL FROM:<bob@example.com>\r\nRCPT TO:<{USER}>\r\nDATA")
        codes = [sender.reply()[0] for _ in range(3)]
        expect(codes == [250, 250, 354], f"the envelope was refused: {codes}")
        began = time.perf_counter()
        sender.socket.sendall(MESSAGE + b".\r\n")
        idler.wait_for_exists()
        yield time.perf_counter() - began
        expect(sender.reply()[0] == 250, "the delivery was refused")


def measure(options):
    with Server() as server:
        idler = Idler(server.imap_port)
        slow = []
        for name, way in (("APPEND", by_append), ("LMTP", by_lmtp)):
            times = sorted(1000 * t for t in way(server, idler, options.rounds))
            median = statistics.median(times)
            print(f"{name} to EXISTS at an idler: median {median:.2f} ms, longest {times[-1]:.2f} ms, "
                  f"{len(times)} rounds; the bound of the median is {options.bound_ms:g} ms")
            if median >= options.bound_ms:
                slow.append(f"{name} took {median:.2f} ms")
        expect(not slow, "; ".join(slow))


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--bound-ms", type=float, default=5)
    p.add_argument("--rounds", type=int, default=50)
    return p.parse_args()


main(lambda: measure(arguments()))
