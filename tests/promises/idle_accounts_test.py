#!/usr/bin/env python3
"""Accounts nobody uses cost neither time at the start nor memory: a store with a few is started beside one
with many.

    idle_accounts_test.py [--accounts 5000] [--starts 5] [--spare-mib 8] [--spare-seconds 0.5] [--keep FOLDER]

With --accounts 100000 it takes some minutes: the numbers of docs/performance.md. The spare is for noise and for
the index and filter of the engine's file that is read at the start, which grow with the file, up to a bound. --keep
leaves the data in FOLDER and uses what an earlier run left there."""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, main, program  # noqa: E402

FEW = 10
MAKERS = 32
FACTOR = 2  # Of the time to start, besides what is spared for noise.


def name_of(i):
    return f"user{i}@example.org"


class Running:
    """A server on `folder`, started and timed."""

    def __init__(self, folder, settings=()):
        ready = os.path.join(folder, "ready.json")
        with contextlib.suppress(FileNotFoundError):
            os.remove(ready)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [program(), *settings, "demo", "--dir", folder, "--engine", "rocksdb", "--empty", "--quiet",
             "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0", "--lmtp", "127.0.0.1:0",
             "--ready-file", ready], stdin=subprocess.DEVNULL)
        while not os.path.exists(ready):
            expect(self.process.poll() is None, "the server did not start")
            expect(time.perf_counter() - began < 120, "the server is not ready after two minutes")
            time.sleep(0.0005)
        self.seconds = time.perf_counter() - began
        self.admin_socket = os.path.join(folder, "admin.sock")

    def memory(self):
        """Octets of its own and resident, without the program's text and what others share."""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="utf-8") as f:
            for line in f:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no Anonymous in smaps_rollup")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        code = self.process.wait(120)
        expect(kind is not None or code == 0, f"the server ended badly ({code})")


def make_accounts(admin_socket, numbers, failures):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(admin_socket)
        answers = s.makefile("rb")
        for i in numbers:
            s.sendall(json.dumps({"do": "account.create", "name": name_of(i)}).encode() + b"\n")
            answer = json.loads(answers.readline())
            if "error" in answer:
                failures.append(answer)
                return


def fill(folder, count):
    """So many accounts as `posthorn account add` makes them, over as many connections as gain anything."""
    mark = os.path.join(folder, "accounts.json")
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as f:
            expect(json.load(f) == count, f"{folder} holds another number of accounts")
        return
    began = time.perf_counter()
    failures = []
    with Running(folder, ["--set", f"threads.offload={MAKERS}"]) as server:
        makers = [threading.Thread(target=make_accounts, args=(server.admin_socket, range(first, count, MAKERS),
                                                              failures)) for first in range(MAKERS)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
    expect(not failures, f"accounts were refused: {failures[:3]}")
    with open(mark, "w", encoding="utf-8") as f:
        json.dump(count, f)
    seconds = time.perf_counter() - began
    print(f"{count} accounts made in {seconds:.1f} s ({count / seconds:.0f} a second)", flush=True)


def start_often(folder, starts):
    """The median time to the first listening socket, and of the memory then taken."""
    times, sizes = [], []
    for _ in range(starts):
        with Running(folder) as server:
            times.append(server.seconds)
            sizes.append(server.memory())
    return statistics.median(times), statistics.median(sizes)


def measure(options, root):
    found = []
    for count in (FEW, options.accounts):
        folder = os.path.join(root, str(count))
        os.makedirs(folder, exist_ok=True)
        fill(folder, count)
        seconds, octets = start_often(folder, options.starts)
        print(f"{count} accounts: {1000 * seconds:.0f} ms to start, {octets / (1 << 20):.1f} MiB", flush=True)
        found.append((seconds, octets))
    (few_seconds, few_octets), (many_seconds, many_octets) = found
    expect(many_seconds <= FACTOR * few_seconds + options.spare_seconds, "the start takes longer with more accounts")
    expect(many_octets <= few_octets + options.spare_mib * (1 << 20), "idle accounts take memory")


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--accounts", type=int, default=5000)
    p.add_argument("--starts", type=int, default=5)
    p.add_argument("--spare-mib", type=float, default=8)
    p.add_argument("--spare-seconds", type=float, default=0.5)
    p.add_argument("--keep", metavar="FOLDER")
    return p.parse_args()


def test():
    options = arguments()
    if options.keep:
        measure(options, options.keep)
        return
    with tempfile.TemporaryDirectory(prefix="posthorn-") as root:
        measure(options, root)


main(test)
