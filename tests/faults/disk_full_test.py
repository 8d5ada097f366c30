#!/usr/bin/env python3
"""A disk that fills up and gets room again, many times over: the server neither dies nor hangs, goes on by itself,
and nothing that was acknowledged is lost."""

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Failure, Server, expect, main, skip  # noqa: E402  pylint: disable=wrong-import-position
import imaplib  # noqa: E402  pylint: disable=wrong-import-position,wrong-import-order

WRITERS = 6
DISK_MB = 80
MESSAGES_EACH = 120  # Of 4 to 40 KB: what waits in the log and its table files fit on the disk together.
RECOVERY_SECONDS = 40
FAILURES = (imaplib.IMAP4.error, imaplib.IMAP4.abort, OSError)


@contextlib.contextmanager
def small_disk():
    folder = tempfile.mkdtemp(prefix="posthorn-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        os.rmdir(folder)


class Writer(threading.Thread):
    """One user who appends; every acknowledged Message-ID is remembered."""

    def __init__(self, server, number, seed):
        super().__init__(daemon=True)
        self.server, self.user = server, f"writer{number}@example.org"
        self.random = random.Random(seed)
        self.acknowledged = []
        self.refused = 0
        self.last_success = 0.0
        self.last_answer = time.monotonic()
        self.enough = threading.Event()
        self.error = ""

    def run(self):
        client = None
        count = 0
        while not self.enough.is_set():
            name = f"<{count}.{self.user}>"
            body = self.random.randbytes(self.random.randrange(2000, 20000)).hex()
            lines = "\r\n".join(body[i:i + 76] for i in range(0, len(body), 76))
            message = f"Message-ID: {name}\r\nSubject: {count}\r\n\r\n{lines}\r\n".encode()
            count += 1
            try:
                if client is None:
                    client = self.server.imap(self.user)
                answer, _ = client.append("INBOX", None, None, message)
                self.last_answer = time.monotonic()
                if answer == "OK":
                    self.acknowledged.append(name)
                    self.last_success = time.monotonic()
                else:
                    self.refused += 1
            except FAILURES as e:
                self.error = str(e)
                self.refused += 1
                client = None
                time.sleep(0.1)
            # Slow when the disk would otherwise be full of mail rather than of the filler.
            time.sleep(0.02 if len(self.acknowledged) < MESSAGES_EACH else 0.5)


def stored(server, user):
    client = server.imap(user)
    client.select("INBOX", readonly=True)
    answer, data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    client.logout()
    expect(answer == "OK", f"{user}: FETCH answered {answer} {data}")
    return set(re.findall(rb"<[0-9]+\.writer[^>]*>", b" ".join(
        part[1] for part in data if isinstance(part, tuple))))


def verify(server, writers, when):
    for writer in writers:
        there = stored(server, writer.user)
        lost = [name for name in writer.acknowledged if name.encode() not in there]
        expect(not lost, f"{when}: {writer.user} lost {len(lost)} of {len(writer.acknowledged)}: {lost[:3]}")


def fill(path, folder, left_mb):
    """Until so many MB are left, or nothing at all."""
    with open(path, "ab", buffering=0) as filler:
        while True:
            at = os.statvfs(folder)
            free = at.f_bavail * at.f_frsize - (left_mb << 20)
            if free <= 0:
                return
            try:
                filler.write(bytes(min(free, 1 << 20)))
            except OSError:
                return


def read_once(server, writer):
    """Whether somebody can read an old message just now."""
    try:
        client = server.imap(writer.user)
        client.select("INBOX", readonly=True)
        answer, _ = client.fetch("1", "(BODY.PEEK[])")
        client.logout()
        return answer == "OK"
    except FAILURES:
        return False


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Round:
    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(seed)
        self.left = self.random.choice([0, 0, 1, 3, 8, 8, 16])
        self.buffer = self.random.choice(["4MiB", "16MiB", "64MiB"])
        self.outcome, self.recovered_in, self.stopped_in = "?", None, None
        self.acknowledged = self.refused = self.reads = self.failed_reads = 0

    def run(self):
        with small_disk() as disk, tempfile.TemporaryDirectory(prefix="posthorn-notes-") as notes:
            server = Server(folder=os.path.join(disk, "data"), notes=notes, quiet=False,
                            settings=["storage.cache=16MiB", f"storage.write_buffer={self.buffer}"])
            try:
                self.attack(server, disk)
            except Failure as e:
                self.outcome = str(e)
                print(server.log(), file=sys.stderr)
            finally:
                if server.process.poll() is None:
                    server.kill()

    def attack(self, server, disk):
        writers = [Writer(server, n, self.random.random()) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        expect(wait_until(lambda: all(len(w.acknowledged) > 3 for w in writers), 60), "writing did not begin")
        time.sleep(self.random.uniform(0, 3))
        filler = os.path.join(disk, "filler")
        end = time.monotonic() + self.random.uniform(3, 8)
        while time.monotonic() < end:
            fill(filler, disk, self.left)
            self.reads += 1
            self.failed_reads += not read_once(server, writers[self.reads % WRITERS])
            time.sleep(0.2)
        expect(server.process.poll() is None, f"died while the disk was full: {server.process.returncode}")
        os.remove(filler)
        freed = time.monotonic()
        well = wait_until(lambda: all(w.last_success > freed for w in writers) or server.process.poll() is not None,
                          RECOVERY_SECONDS)
        expect(server.process.poll() is None, f"died: {server.process.returncode}")
        expect(well, f"hung: {sum(w.last_success > freed for w in writers)} of {WRITERS} write again")
        self.recovered_in = max(w.last_success for w in writers) - freed
        for writer in writers:
            writer.enough.set()
        for writer in writers:
            writer.join(60)
            expect(not writer.is_alive(), "a writer got no answer")
            self.acknowledged += len(writer.acknowledged)
            self.refused += writer.refused
        verify(server, writers, "afterwards")
        begun = time.monotonic()
        server.stop()
        self.stopped_in = time.monotonic() - begun
        server.start()
        verify(server, writers, "after a restart")
        server.stop()
        expect(self.failed_reads * 2 <= self.reads, f"{self.failed_reads} of {self.reads} reads failed")
        self.outcome = "recovered"


def test():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--left", type=int, help="MB left free; default: another each round")
    options = parser.parse_args()
    if os.geteuid() != 0:
        skip("mounting a tmpfs takes root")
    rounds = []
    for number in range(options.rounds):
        one = Round(number, options.seed * 1000 + number)
        if options.left is not None:
            one.left = options.left
        one.run()
        rounds.append(one)
        took = f"{one.recovered_in:.1f} s, stopped in {one.stopped_in:.1f} s" if one.stopped_in else ""
        print(f"round {number}: {one.left} MB left, buffer {one.buffer}: {one.outcome} {took}; "
              f"{one.acknowledged} acknowledged, {one.refused} refused, "
              f"{one.failed_reads} of {one.reads} reads failed", flush=True)
    bad = [r for r in rounds if r.outcome != "recovered"]
    print(f"{len(rounds) - len(bad)} of {len(rounds)} recovered by themselves, "
          f"{sum(r.acknowledged for r in rounds)} acknowledged, "
          f"{sum(r.failed_reads for r in rounds)} of {sum(r.reads for r in rounds)} reads failed")
    expect(not bad, f"{len(bad)} rounds failed")


if __name__ == "__main__":
    assert PASSWORD
    main(test)
