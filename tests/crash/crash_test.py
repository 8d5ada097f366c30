#!/usr/bin/env python3
"""Kills the server while eight clients write, again and again; afterwards everything it had
acknowledged is there, in the state acknowledged, and `posthorn check` finds nothing.

POSTHORN_CRASH_ROUNDS (5) and POSTHORN_CRASH_SECONDS (3, of each round) say how long."""

import imaplib
import os
import random
import re
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Failure, Lmtp, Server, expect, main, ok  # noqa: E402

WRITERS = 8
ROUNDS = int(os.environ.get("POSTHORN_CRASH_ROUNDS", "5"))
SECONDS = float(os.environ.get("POSTHORN_CRASH_SECONDS", "3"))
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "$Later"]
BOXES = ["INBOX", "Box"]
LOST = (OSError, EOFError, imaplib.IMAP4.abort)


class Writer:
    """One account, written to by one thread: what it must hold is known exactly, but for the command
    that was under way when the server died."""

    def __init__(self, number, seed):
        self.user = f"writer{number}@example.org"
        self.random = random.Random(seed)
        self.made = 0
        self.messages = {}  # token -> [mailbox, set of flags]
        self.size = {}  # token -> octets of the message
        self.doubt = None  # (token, states it may be in; None for absent)
        self.highest = {}  # mailbox -> (UIDVALIDITY, highest UID seen)
        self.operations = 0

    def message(self):
        self.made += 1
        token = f"t{self.made}x{self.user.split('@')[0]}"
        body = self.random.choice([10, 200, 3000, 90_000]) * b"x"
        body = b"\r\n".join(body[i:i + 70] for i in range(0, len(body), 70))
        octets = f"Subject: {token}\r\nMessage-ID: <{token}@test>\r\n\r\n".encode() + body + b"\r\n"
        self.size[token] = len(octets)
        return token, octets

    def uid_of(self, imap, token):
        found = ok(imap.uid("SEARCH", "SUBJECT", token))[0].split()
        expect(len(found) == 1, f"{self.user}: {token} found {len(found)} times")
        return found[0].decode()

    def attempt(self, token, after, command):
        """Runs a command; both states are possible until it is answered."""
        before = self.messages.get(token)
        self.doubt = (token, [before and [before[0], set(before[1])], after])
        answer = command()
        if isinstance(answer, tuple):
            ok(answer)
        self.doubt = None
        if after is None:
            self.messages.pop(token, None)
        else:
            self.messages[token] = after
        self.operations += 1

    def append(self, imap, _):
        token, octets = self.message()
        flags = set(self.random.sample(FLAGS, self.random.randrange(3)))
        box = self.random.choice(BOXES)
        self.attempt(token, [box, flags],
                     lambda: imap.append(box, "(" + " ".join(flags) + ")", None, octets))

    def deliver(self, _, lmtp):
        token, octets = self.message()

        def command():
            expect(lmtp.deliver(octets, self.user) == [250], "a delivery was refused")
        self.attempt(token, ["INBOX", set()], command)

    def choose(self, imap):
        token = self.random.choice(sorted(self.messages))
        ok(imap.select(self.messages[token][0]))
        return token, self.uid_of(imap, token)

    def store(self, imap, _):
        token, uid = self.choose(imap)
        box, flags = self.messages[token]
        flag = self.random.choice(FLAGS)
        after = flags - {flag} if flag in flags else flags | {flag}
        sign = "-" if flag in flags else "+"
        self.attempt(token, [box, after],
                     lambda: imap.uid("STORE", uid, f"{sign}FLAGS.SILENT", f"({flag})"))

    def move(self, imap, _):
        token, uid = self.choose(imap)
        box, flags = self.messages[token]
        target = BOXES[1 - BOXES.index(box)]
        self.attempt(token, [target, set(flags)], lambda: imap.uid("MOVE", uid, target))

    def expunge(self, imap, _):
        token, uid = self.choose(imap)
        box, flags = self.messages[token]
        self.attempt(token, [box, flags | {"\\Deleted"}],
                     lambda: imap.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)"))
        # By UID: an earlier round may have left others with \\Deleted when its EXPUNGE was cut off.
        self.attempt(token, None, lambda: imap.uid("EXPUNGE", uid))

    def write(self, server, dying):
        """Until the server dies."""
        try:
            imap = server.imap(self.user)
            imap.create("Box")
            lmtp = Lmtp(server.lmtp_port)
            while True:
                acts = [self.append, self.deliver]
                if self.messages:
                    acts += [self.store, self.store, self.move, self.expunge]
                self.random.choice(acts)(imap, lmtp)
        except LOST as e:
            if not dying.is_set():
                raise Failure(f"{self.user}: the connection broke before its time: {e}") from e

    def look(self, server):
        """token -> [mailbox, flags] as the server has it."""
        seen = {}
        imap = server.imap(self.user)
        for box in BOXES:
            if imap.select(box, readonly=True)[0] != "OK":
                expect(box != "INBOX", "there is no INBOX")
                continue
            validity = self.validity(imap, box)
            highest = 0
            data = ok(imap.uid("FETCH", "1:*", "(FLAGS RFC822.SIZE BODY.PEEK[])")) \
                if ok(imap.status(box, "(MESSAGES)"))[0].split()[-1] != b"0)" else []
            for part in data:
                if not isinstance(part, tuple):
                    continue
                head, octets = part
                token = re.search(rb"^Subject: (\S+)\r$", octets, re.M).group(1).decode()
                expect(token not in seen, f"{self.user}: {token} is there twice")
                flags = re.search(rb"FLAGS \(([^)]*)\)", head).group(1).decode().split()
                seen[token] = [box, set(flags) - {"\\Recent"}]
                highest = max(highest, int(re.search(rb"UID (\d+)", head).group(1)))
                start = octets.index(b"Subject: ")
                expect(len(octets) - start == self.size[token], f"{token} is not whole")
            before = self.highest.get(box)
            expect(before is None or validity == before[0], f"{box}: UIDVALIDITY changed")
            self.highest[box] = (validity, max(highest, before[1] if before else 0))
        imap.logout()
        return seen

    @staticmethod
    def validity(imap, box):
        said = ok(imap.status(box, "(UIDVALIDITY UIDNEXT)"))[0].decode()
        return int(re.search(r"UIDVALIDITY (\d+)", said).group(1))

    def judge(self, server):
        seen = self.look(server)
        if self.doubt:
            token, states = self.doubt
            self.doubt = None
            expect(seen.get(token) in states,
                   f"{self.user}: {token} is {seen.get(token)}, and may only be one of {states}")
            if seen.get(token) is None:
                self.messages.pop(token, None)
            else:
                self.messages[token] = seen[token]
        for token in sorted(set(seen) | set(self.messages)):
            expect(seen.get(token) == self.messages.get(token),
                   f"{self.user}: {token} is {seen.get(token)}; acknowledged was "
                   f"{self.messages.get(token)}")


def play_round(server, writers, pool, length):
    dying = threading.Event()
    jobs = [pool.submit(w.write, server, dying) for w in writers]
    time.sleep(length)
    dying.set()
    server.kill()
    for job in jobs:
        job.result()
    server.start()
    for job in [pool.submit(w.judge, server) for w in writers]:
        job.result()
    server.check()


def test():
    seed = int(os.environ.get("POSTHORN_SEED", str(random.randrange(1 << 30))))
    print(f"POSTHORN_SEED={seed}")
    chance = random.Random(seed)
    writers = [Writer(n, chance.random()) for n in range(WRITERS)]
    with tempfile.TemporaryDirectory(prefix="posthorn-crash-") as folder:
        with Server(folder=os.path.join(folder, "data")) as server, ThreadPoolExecutor(WRITERS) as pool:
            for n in range(ROUNDS):
                play_round(server, writers, pool, SECONDS * chance.uniform(0.3, 1.0))
                print(f"round {n + 1}: {sum(w.operations for w in writers)} changes acknowledged and "
                      "there", flush=True)
            server.stop()
            server.check()  # Now without a server in between.
            server.start()


if __name__ == "__main__":
    main(test)
