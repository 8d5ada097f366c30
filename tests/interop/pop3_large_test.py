#!/usr/bin/env python3
"""A message of 100 MB is fetched by POP3, slowly, by three clients at once: the server sends no faster than
they read, and its memory does not grow by the message."""

import hashlib
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Lmtp, Server, expect, main  # noqa: E402

USER = "large@example.org"
SIZE = 99_000_000
ALLOWED = 64 << 20  # Octets of growth, half of it a cache; three whole messages would be 297 MB.


def memory(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(l.split()[1]) << 10 for l in f if l.startswith(field))


def large_message():
    # Different in every line, so that neither compression nor shared pieces make it small.
    lines = [b"Subject: large\r\n\r\n"]
    size, n = len(lines[0]), 0
    while size < SIZE:
        lines.append(hashlib.sha256(b"%d" % n).hexdigest().encode() + b"\r\n")
        size += 66
        n += 1
    return b"".join(lines)


def fetch(port, digests):
    with socket.create_connection(("127.0.0.1", port), timeout=120) as s:
        f = s.makefile("rb")
        for line in (b"", b"USER " + USER.encode(), b"PASS " + PASSWORD.encode(), b"RETR 1"):
            if line:
                s.sendall(line + b"\r\n")
            expect(f.readline().startswith(b"+OK"), f"{line}: refused")
        # Nothing is read for a while: what the server made ready meanwhile has to stay little.
        time.sleep(2)
        digest = hashlib.sha256()
        for line in f:
            if line == b".\r\n":
                break
            digest.update(line)
        digests.append(digest.hexdigest())


def test():
    # What is freed must go back at once, or the sanitizer's own hoard would be measured.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    message = large_message()
    with Server(settings=["storage.cache=8MiB"]) as server:
        lmtp = Lmtp(server.lmtp_port)
        expect(lmtp.deliver(message, USER) == [250], "it was not delivered")
        lmtp.close()
        # From disk, not from what delivering left behind.
        server.stop()
        server.start()
        server.pop3(USER).quit()
        pid = server.process.pid
        before = memory(pid, "VmRSS")
        peak, digests = before, []
        threads = [threading.Thread(target=fetch, args=(server.pop3_port, digests)) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, memory(pid, "VmRSS"))
            time.sleep(0.02)
        stored = set(digests)
        expect(len(digests) == 3 and len(stored) == 1, f"three clients got {len(stored)} messages")
        grown = peak - before
        print(f"the server grew by {grown >> 20} MiB for 3 x {len(message) >> 20} MiB")
        expect(grown < ALLOWED, f"the server grew by {grown >> 20} MiB")
        pop = server.pop3(USER)
        size = pop.stat()[1]
        expect(size > len(message), f"STAT says {size}")
        pop.quit()


if __name__ == "__main__":
    main(test)
