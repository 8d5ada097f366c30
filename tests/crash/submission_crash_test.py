#!/usr/bin/env python3
"""Kills the server while clients send, again and again. Afterwards each message that got its 250 is in
its sender's Sent mailbox once and reaches each recipient once; one whose 250 was never read may be
there or not, but never half; and `posthorn check` finds nothing.

POSTHORN_CRASH_ROUNDS (5) and POSTHORN_CRASH_SECONDS (3, of each round) say how long."""

import collections
import os
import random
import re
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Failure, Server, expect, main, ok, program  # noqa: E402

SENDERS = 6
ROUNDS = int(os.environ.get("POSTHORN_CRASH_ROUNDS", "5"))
SECONDS = float(os.environ.get("POSTHORN_CRASH_SECONDS", "3"))
LOST = (OSError, EOFError, smtplib.SMTPServerDisconnected)
NAMES = [f"sender{n}@example.org" for n in range(SENDERS)]


def tokens_in(server, user, mailbox):
    """How often each message is there."""
    imap = server.imap(user)
    ok(imap.select(mailbox, readonly=True))
    found = collections.Counter()
    if ok(imap.uid("SEARCH", "ALL"))[0]:
        for part in ok(imap.uid("FETCH", "1:*", "(BODY.PEEK[])")):
            if not isinstance(part, tuple):
                continue
            token = re.search(rb"^Subject: (\S+)\r$", part[1], re.M).group(1).decode()
            expect(part[1].endswith(b"end " + token.encode() + b"\r\n"), f"{token} is not whole")
            found[token] += 1
    imap.logout()
    return found


class Sender:
    def __init__(self, number, seed):
        self.user = NAMES[number]
        self.random = random.Random(seed)
        self.made = 0
        self.taken = {}  # token -> recipients
        self.doubt = {}

    def send_one(self, client):
        self.made += 1
        token = f"t{self.made}x{self.user.split('@')[0]}"
        recipients = self.random.sample(NAMES, self.random.randrange(1, 4))
        body = "x" * 60 + "\r\n"
        message = (f"From: {self.user}\r\nSubject: {token}\r\n\r\n"
                   f"{body * self.random.choice([1, 50, 8000])}end {token}\r\n")
        self.doubt[token] = recipients
        client.sendmail(self.user, recipients, message)
        self.taken[token] = self.doubt.pop(token)

    def send(self, server, dying):
        """Until the server dies."""
        try:
            client = server.submission(self.user)
            while True:
                self.send_one(client)
        except LOST as e:
            if not dying.is_set():
                raise Failure(f"{self.user}: the connection broke before its time: {e}") from e

    def judge(self, server):
        there = tokens_in(server, self.user, "Sent")
        expect(not any(n > 1 for n in there.values()), f"{self.user}: filed twice: {there}")
        for token in self.taken:
            expect(there[token] == 1, f"{self.user}: {token} got its 250 and is not in Sent")
        for token, recipients in self.doubt.items():
            if there[token]:
                self.taken[token] = recipients
        self.doubt = {}
        expect(set(there) == set(self.taken), f"{self.user}: nobody sent {set(there) - set(self.taken)}")


def has_runner():
    """Whether this version delivers what was queued."""
    said = subprocess.run([program(), "--help"], check=True, capture_output=True, text=True).stdout
    return re.search(r"^ +queue ", said, re.M) is not None


def judge_deliveries(server, senders):
    wanted = {user: collections.Counter() for user in NAMES}
    for sender in senders:
        for token, recipients in sender.taken.items():
            for recipient in recipients:
                wanted[recipient][token] += 1
    deadline = time.monotonic() + 60
    while True:
        there = {user: tokens_in(server, user, "INBOX") for user in NAMES}
        if there == wanted:
            return sum(sum(c.values()) for c in there.values())
        for user in NAMES:
            more = there[user] - wanted[user]
            expect(not more, f"{user} got too many: {more}")
        expect(time.monotonic() < deadline,
               f"not delivered: { {u: dict(wanted[u] - there[u]) for u in NAMES} }")
        time.sleep(0.5)


def play_round(server, senders, pool, length):
    dying = threading.Event()
    jobs = [pool.submit(s.send, server, dying) for s in senders]
    time.sleep(length)
    dying.set()
    server.kill()
    for job in jobs:
        job.result()
    server.start()
    for job in [pool.submit(s.judge, server) for s in senders]:
        job.result()


def test():
    seed = int(os.environ.get("POSTHORN_SEED", str(random.randrange(1 << 30))))
    print(f"POSTHORN_SEED={seed}")
    chance = random.Random(seed)
    senders = [Sender(n, chance.random()) for n in range(SENDERS)]
    with tempfile.TemporaryDirectory(prefix="posthorn-crash-") as folder:
        settings = [f"submission.{name}=0" for name in (
            "messages_per_hour", "messages_per_day", "recipients_per_hour", "recipients_per_day")]
        with Server(folder=os.path.join(folder, "data"), settings=settings) as server, \
                ThreadPoolExecutor(SENDERS) as pool:
            for n in range(ROUNDS):
                play_round(server, senders, pool, SECONDS * chance.uniform(0.3, 1.0))
                delivered = judge_deliveries(server, senders) if has_runner() else 0
                server.check()
                print(f"round {n + 1}: {sum(len(s.taken) for s in senders)} messages taken and filed, "
                      f"{delivered} delivered", flush=True)


if __name__ == "__main__":
    main(test)
