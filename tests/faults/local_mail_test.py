#!/usr/bin/env python3
"""Every copy of every submission to this server's own accounts is there, once, while a dozen clients write
in every way there is and the storage has next to no memory, so that most reads do not find in the caches
what they look for.

  local_mail_test.py [COPIES]      copies to send by submission before it ends, by default 1000

POSTHORN names the binary, POSTHORN_SEED repeats a run's choices."""

import collections
import itertools
import os
import random
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402

COPIES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
RECIPIENTS = [f"box{n}@example.org" for n in range(200)]
SENDERS = 6
LMTP_CLIENTS = 2
IMAP_CLIENTS = 4
POP3_CLIENTS = 1
SETTINGS = ["storage.cache=8MiB", "storage.write_buffer=4MiB", "storage.version_memory=16MiB"] + [
    f"submission.{name}=0" for name in (
        "messages_per_hour", "messages_per_day", "recipients_per_hour", "recipients_per_day")]


class Count:
    """What every recipient has to find in INBOX: which messages, and how often. Thread: any."""

    def __init__(self, copies):
        self.lock = threading.Lock()
        self.left = copies
        self.wanted = {user: collections.Counter() for user in RECIPIENTS}
        self.numbers = itertools.count(1)
        self.over = threading.Event()

    def token(self, kind):
        with self.lock:
            return f"{kind}{next(self.numbers)}"

    def taken(self, token, recipients, submitted):
        with self.lock:
            for user in recipients:
                self.wanted[user][token] += 1
            self.left -= len(recipients) if submitted else 0
            if self.left <= 0:
                self.over.set()


def message(chance, token, sender):
    line = "x" * 60 + "\r\n"
    return (f"From: {sender}\r\nSubject: {token}\r\n\r\n"
            f"{line * chance.choice([1, 1, 5, 50, 400])}end {token}\r\n")


def submit(server, count, number, chance):
    user = f"sender{number}@example.org"
    client = server.submission(user)
    while not count.over.is_set():
        recipients = chance.sample(RECIPIENTS, chance.choice([1, 5, 20]))
        token = count.token("s")
        refused = client.sendmail(user, recipients, message(chance, token, user))
        expect(not refused, f"refused: {refused}")
        count.taken(token, recipients, submitted=True)
    client.quit()


def deliver(server, count, _number, chance):
    client = server.lmtp()
    while not count.over.is_set():
        recipients = chance.sample(RECIPIENTS, 3)
        token = count.token("l")
        codes = client.deliver(message(chance, token, "out@example.com").encode(), *recipients)
        expect(codes == [250] * len(recipients), f"LMTP said {codes}")
        count.taken(token, recipients, submitted=False)
        time.sleep(0.01)
    client.close()


def use_imap(server, count, _number, chance):
    """All that changes a mailbox, in the accounts that mail comes in to; INBOX is only looked at."""
    while not count.over.is_set():
        imap = server.imap(chance.choice(RECIPIENTS))
        for n in range(4):
            ok(imap.append("Archive", "(\\Seen)" if n else None, None,
                           message(chance, f"a{n}", "me@example.org").encode()))
        ok(imap.select("Archive"))
        ok(imap.uid("STORE", "1:*", "+FLAGS", "(\\Flagged $Label1)"))
        ok(imap.uid("COPY", "1:*", "Drafts"))
        ok(imap.uid("MOVE", "*", "Trash"))
        ok(imap.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
        ok(imap.expunge())
        ok(imap.select("INBOX"))
        ok(imap.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Seen)"))
        imap.logout()


def use_pop3(server, count, number, chance):
    user = f"pop{number}@example.org"
    while not count.over.is_set():
        lmtp = server.lmtp()
        lmtp.deliver(message(chance, "p", "out@example.com").encode(), user)
        lmtp.close()
        client = server.pop3(user)
        for n in range(1, client.stat()[0] + 1):
            client.retr(n)
            client.dele(n)
        client.quit()
        time.sleep(0.02)


def run_client(client, server, count, *arguments):
    """One that fails ends the others too."""
    try:
        client(server, count, *arguments)
    finally:
        count.over.set()


def subjects(server, user):
    imap = server.imap(user)
    ok(imap.select("INBOX", readonly=True))
    found = collections.Counter()
    for part in ok(imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
        if isinstance(part, tuple):
            found[re.search(rb"Subject: (\S+)", part[1]).group(1).decode()] += 1
    imap.logout()
    return found


def judge(server, count, patience):
    """Delivery goes on after the 250: waits until nothing has come in for `patience` seconds."""
    last, since = None, time.monotonic()
    while True:
        there = {user: subjects(server, user) for user in RECIPIENTS}
        if there == count.wanted:
            return
        size = sum(sum(c.values()) for c in there.values())
        if size != last:
            last, since = size, time.monotonic()
        if time.monotonic() > since + patience:
            break
        time.sleep(1)
    lost = {u: dict(count.wanted[u] - there[u]) for u in RECIPIENTS if count.wanted[u] - there[u]}
    more = {u: dict(there[u] - count.wanted[u]) for u in RECIPIENTS if there[u] - count.wanted[u]}
    copies = sum(sum(c.values()) for c in lost.values())
    expect(not lost, f"{copies} copies are lost: {lost}\nqueue:\n{server.run('queue', 'list')}")
    expect(not more, f"too many: {more}")


def test():
    seed = int(os.environ.get("POSTHORN_SEED", str(random.randrange(1 << 30))))
    print(f"POSTHORN_SEED={seed}", flush=True)
    count = Count(COPIES)
    clients = ([submit] * SENDERS + [deliver] * LMTP_CLIENTS + [use_imap] * IMAP_CLIENTS +
               [use_pop3] * POP3_CLIENTS)
    with Server(settings=SETTINGS) as server, ThreadPoolExecutor(len(clients)) as pool:
        jobs = [pool.submit(run_client, client, server, count, n, random.Random(f"{seed} {n}"))
                for n, client in enumerate(clients)]
        for job in jobs:
            job.result()
        judge(server, count, patience=30)
        total = sum(sum(c.values()) for c in count.wanted.values())
        print(f"{COPIES - count.left} copies by submission, {total} in all: every one is there", flush=True)
        server.stop()
        server.start()
        judge(server, count, patience=0)
        server.check()


if __name__ == "__main__":
    main(test)
