#!/usr/bin/env python3
"""Kills the server while users grant and take rights, move messages between accounts and keep track of what they have
read; afterwards every message is there once, every acknowledged grant and \\Seen is there, and `posthorn check` finds
nothing.

POSTHORN_CRASH_ROUNDS (4) and POSTHORN_CRASH_SECONDS (2, of each round) say how long."""

import imaplib
import os
import random
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Failure, Server, expect, main, ok  # noqa: E402

ROUNDS = int(os.environ.get("POSTHORN_CRASH_ROUNDS", "4"))
SECONDS = float(os.environ.get("POSTHORN_CRASH_SECONDS", "2"))
LOST = (OSError, EOFError, imaplib.IMAP4.abort)
ANN, BOB = "ann@example.org", "bob@example.org"
SHARED = f'"Other Users/{ANN}/Team"'
MESSAGES = 30


def subjects(imap, mailbox):
    exists = int(ok(imap.select(mailbox, readonly=True))[0])
    # "1:*" names no message of an empty mailbox.
    data = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if exists else []
    found = [int(m[1]) for part in data if isinstance(part, tuple) for m in [re.search(rb"m(\d+)x", part[1])]]
    ok(imap.unselect())
    return found


class Mover:
    """Bob, who moves messages to and fro."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.moves = 0

    def run(self, server):
        imap = server.imap(BOB)
        while True:
            for source, target in (("INBOX", SHARED), (SHARED, "INBOX")):
                exists = int(ok(imap.select(source))[0])
                if exists == 0:
                    continue
                first = self.random.randint(1, exists)
                ok(imap._simple_command("MOVE", f"{first}:{min(exists, first + self.random.randint(0, 5))}", target))
                self.moves += 1


class Granter:
    """Ann, who changes what Eve may do with another mailbox."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.known = ""
        self.asked = ""

    def run(self, server):
        imap = server.imap(ANN)
        while True:
            self.asked = self.random.choice(["", "lr", "lrs", "lrswi", "l"])
            ok(imap.setacl("Plan", "eve@example.org", f'"{self.asked}"'))
            self.known = self.asked

    def verify(self, server):
        imap = server.imap("eve@example.org")
        name = f'"Other Users/{ANN}/Plan"'
        kind, data = imap.myrights(name)
        rights = data[0].decode().rsplit(" ", 1)[1] if kind == "OK" else ""
        expect(rights in (self.known, self.asked), f"rights are {rights!r}, not {self.known!r} or {self.asked!r}")
        listed = any(line and b"Plan" in line for line in ok(imap.list('""', name)))
        expect(listed == ("l" in rights), f"with {rights!r}, LIST has it: {listed}")
        self.known = self.asked = rights
        imap.logout()


class Reader:
    """Dan, who marks messages of a mailbox that does not change as read and unread."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seen = set()
        self.doubt = None

    def run(self, server):
        imap = server.imap("dan@example.org")
        ok(imap.select(f'"Other Users/{ANN}/Read"'))
        while True:
            uid = self.random.randint(1, MESSAGES)
            sign = self.random.choice("+-")
            self.doubt = uid
            ok(imap.uid("STORE", str(uid), f"{sign}FLAGS.SILENT", "(\\Seen)"))
            self.doubt = None
            (self.seen.add if sign == "+" else self.seen.discard)(uid)

    def verify(self, server):
        imap = server.imap("dan@example.org")
        name = f'"Other Users/{ANN}/Read"'
        ok(imap.select(name, readonly=True))
        found = {int(n) for n in ok(imap.uid("SEARCH", "SEEN"))[0].split()}
        expect(found - {self.doubt} == self.seen - {self.doubt}, f"seen {found}, not {self.seen}, doubt {self.doubt}")
        ok(imap.unselect())
        unseen = int(re.search(rb"UNSEEN (\d+)", ok(imap.status(name, "(UNSEEN)"))[0])[1])
        expect(unseen == MESSAGES - len(found), f"UNSEEN is {unseen} with {len(found)} seen")
        self.seen, self.doubt = found, None
        owner = server.imap(ANN)
        ok(owner.select("Read", readonly=True))
        expect(ok(owner.search(None, "SEEN"))[0] == b"", "the owner has read nothing")
        imap.logout()
        owner.logout()


def fill(server):
    ann, bob = server.imap(ANN), server.imap(BOB)
    for user in ("eve@example.org", "dan@example.org"):
        server.imap(user).logout()
    for name in ("Team", "Plan", "Read"):
        ok(ann.create(name))
    ok(ann.setacl("Team", BOB, "lrswite"))
    ok(ann.setacl("Read", "dan@example.org", "lrs"))
    for n in range(MESSAGES):
        ok(bob.append("INBOX", None, None, f"Subject: m{n}x\r\n\r\n{'y' * 2000}\r\n".encode()))
        ok(ann.append("Read", None, None, f"Subject: r{n}x\r\n\r\ny\r\n".encode()))


def work(task, server, failures):
    try:
        task.run(server)
    except LOST:
        pass
    except Failure as e:
        failures.append(e)


def test():
    seed = int(os.environ.get("POSTHORN_CRASH_SEED", str(random.randrange(1 << 30))))
    print(f"seed {seed}")
    mover, granter, reader = Mover(seed), Granter(seed + 1), Reader(seed + 2)
    with Server() as server:
        fill(server)
        for number in range(ROUNDS):
            failures = []
            threads = [threading.Thread(target=work, args=(task, server, failures))
                       for task in (mover, granter, reader)]
            for thread in threads:
                thread.start()
            time.sleep(SECONDS + random.Random(seed + number).random())
            server.kill()
            for thread in threads:
                thread.join()
            expect(not failures, f"{failures}")
            server.check()
            server.start()
            bob = server.imap(BOB)
            # In this order or the other: whichever account is opened first, no message is in both.
            places = ["INBOX", SHARED] if number % 2 == 0 else [SHARED, "INBOX"]
            there = sorted(n for place in places for n in subjects(bob, place))
            expect(there == list(range(MESSAGES)), f"not each message once: {there}")
            bob.logout()
            granter.verify(server)
            reader.verify(server)
        print(f"{mover.moves} moves")


if __name__ == "__main__":
    main(test)
