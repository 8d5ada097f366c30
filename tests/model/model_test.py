#!/usr/bin/env python3
"""Several sessions of one account do random things. Each keeps what a client would know from the
responses alone (RFC 9051 §7.4-7.5), and at every sync point that must be what the server has.

    tests/model/model_test.py --server "posthorn demo ..." [--seed N] [--seconds S]

The seed is printed first: the same seed plays the same operations.
"""

import argparse
import json
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

PASSWORD = "secret"
FLAGS = [r"\Seen", r"\Answered", r"\Flagged", r"\Deleted", r"\Draft", "$Work", "Later"]


class Wrong(Exception):
    """The server's answer contradicts what it said before."""


class Session:
    """One connection with the cache a client would keep: UIDs by number, flags by UID."""

    def __init__(self, name, port, user, enable, numbers):
        self.name = name
        self.numbers = numbers  # Whether it names messages by sequence number.
        self.log = []
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.tag = 0
        self.uids = []      # None: told of, UID not known yet.
        self.flags = {}
        self.modseqs = {}
        self.highest = 0
        self.pending_modseq = 0
        self.told_highest = None
        self.said_expunge = False
        self.said_exists = None
        self.line()
        self.command(f"LOGIN {user} {PASSWORD}")
        self.qresync = "QRESYNC" in enable
        self.mailbox = None
        if enable:
            self.command("ENABLE " + enable)

    def send(self, text):
        self.log.append("> " + text.decode(errors="replace").rstrip())
        self.socket.sendall(text)

    def line(self):
        while b"\r\n" not in self.buffer:
            octets = self.socket.recv(65536)
            if not octets:
                raise Wrong("the connection was closed")
            self.buffer += octets
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        text = line.decode()
        self.log.append("< " + text)
        return text

    def command(self, text, literal=None, may_fail=False):
        """Returns the tagged response. Untagged ones are applied as they come."""
        self.tag += 1
        tag = f"{self.name}{self.tag}"
        self.send(f"{tag} {text}\r\n".encode() if literal is None else
                  f"{tag} {text} {{{len(literal)}+}}\r\n".encode() + literal + b"\r\n")
        self.said_expunge = False
        self.said_exists = None
        self.pending_modseq = 0
        self.told_highest = None
        self.search = None
        while True:
            line = self.line()
            if line.startswith(tag + " "):
                break
            self.apply(line)
        code = re.search(r"\[HIGHESTMODSEQ (\d+)\]", line)
        if code:
            self.told_highest = int(code[1])
        # RFC 7162 §6: what a client takes its HIGHESTMODSEQ from.
        if self.told_highest is not None:
            self.highest = self.told_highest
        else:
            self.highest = max(self.highest, self.pending_modseq)
        if not may_fail and f"{tag} OK" not in line:
            raise Wrong(f"refused: {line}")
        return line

    def apply(self, line):
        if m := re.match(r"\* (\d+) EXISTS$", line):
            count = int(m[1])
            if count < len(self.uids):
                raise Wrong(f"EXISTS {count} below {len(self.uids)}")
            self.said_exists = count
            self.uids += [None] * (count - len(self.uids))
        elif m := re.match(r"\* (\d+) EXPUNGE$", line):
            if self.qresync:
                raise Wrong("EXPUNGE in a QRESYNC session")
            number = int(m[1])
            if not 1 <= number <= len(self.uids):
                raise Wrong(f"EXPUNGE {number} of {len(self.uids)}")
            self.flags.pop(self.uids.pop(number - 1), None)
            self.said_expunge = True
        elif m := re.match(r"\* VANISHED (\(EARLIER\) )?([\d:,]+)$", line):
            gone = set(numbers_in(m[2]))
            unknown = gone - set(self.uids)
            self.uids = [u for u in self.uids if u not in gone]
            if not m[1]:
                # Told of by EXISTS, but not yet asked about.
                if self.uids.count(None) < len(unknown):
                    raise Wrong("VANISHED of what was not there")
                for _ in unknown:
                    self.uids.remove(None)
            for uid in gone:
                self.flags.pop(uid, None)
            self.said_expunge = not m[1]
        elif m := re.match(r"\* (\d+) FETCH \((.*)\)$", line):
            self.apply_fetch(int(m[1]), m[2])
        elif m := re.match(r"\* OK \[HIGHESTMODSEQ (\d+)\]", line):
            self.told_highest = int(m[1])
        elif m := re.match(r"\* SEARCH(.*)$", line):
            self.search = [int(n) for n in re.sub(r"\(.*", "", m[1]).split()]
        elif m := re.match(r"\* ESEARCH .*?(?: ALL ([\d:,]+))?$", line):
            self.search = numbers_in(m[1]) if m[1] else []
        elif line.startswith("* BYE"):
            raise Wrong(line)

    def apply_fetch(self, number, items):
        if not 1 <= number <= len(self.uids):
            raise Wrong(f"FETCH {number} of {len(self.uids)}")
        if m := re.search(r"UID (\d+)", items):
            uid = int(m[1])
            if self.uids[number - 1] not in (None, uid):
                raise Wrong(f"number {number} is {self.uids[number - 1]}, not {uid}")
            self.uids[number - 1] = uid
        uid = self.uids[number - 1]
        if m := re.search(r"FLAGS \(([^)]*)\)", items):
            if uid is not None:
                self.flags[uid] = {f for f in m[1].split() if f != r"\Recent"}
        if m := re.search(r"MODSEQ \((\d+)\)", items):
            self.pending_modseq = max(self.pending_modseq, int(m[1]))

    def learn(self):
        """Asks about messages told of and not known, as clients do after EXISTS."""
        if None in self.uids:
            first = self.uids.index(None) + 1
            self.command(f"FETCH {first}:* (UID FLAGS)")

    def select(self, mailbox):
        self.uids, self.flags, self.highest = [], {}, 0
        self.mailbox = mailbox
        self.command(f"SELECT {mailbox}")
        if self.uids:
            self.command("FETCH 1:* (UID FLAGS)")

    def named(self, positions):
        """A command's prefix and set for messages at these positions."""
        if self.numbers:
            return "", ",".join(str(p + 1) for p in positions)
        return "UID ", ",".join(str(self.uids[p]) for p in positions)


def numbers_in(text):
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        a, b = int(first), int(last or first)
        numbers += range(min(a, b), max(a, b) + 1)
    return numbers


class Play:
    def __init__(self, port, rng, user):
        self.rng = rng
        self.boxes = ["INBOX", "Archive"]
        self.sessions = [Session("a", port, user, "", True),
                         Session("b", port, user, "QRESYNC", False),
                         Session("c", port, user, "IMAP4rev2", True),
                         Session("d", port, user, "CONDSTORE", False)]
        self.observer = Session("o", port, user, "", False)
        self.count = 0
        for session in self.sessions:
            session.select(rng.choice(self.boxes))

    def some(self, session):
        known = [i for i, uid in enumerate(session.uids) if uid is not None]
        if not known:
            return None
        return sorted(self.rng.sample(known, min(len(known), self.rng.randint(1, 4))))

    def step(self):
        session = self.rng.choice(self.sessions)
        action = self.rng.choice([self.append, self.append, self.store, self.store, self.expunge,
                                  self.noop, self.fetch, self.copy, self.move, self.search,
                                  self.select, self.idle, self.check])
        try:
            action(session)
        except (Wrong, socket.timeout) as why:
            print("\n".join(session.log[-40:]))
            raise Wrong(f"session {session.name}, {action.__name__}: {why}") from None
        self.count += 1

    def append(self, session):
        box = self.rng.choice(self.boxes)
        flags = " ".join(self.rng.sample(FLAGS, self.rng.randint(0, 2)))
        session.command(f"APPEND {box} ({flags})", b"Subject: x\r\n\r\nx\r\n")

    def quiet(self, session):
        """RFC 9051 §7.5.1."""
        if session.said_expunge:
            raise Wrong("a removal was told during FETCH, STORE or SEARCH")

    def store(self, session):
        positions = self.some(session)
        if positions is None:
            return
        prefix, names = session.named(positions)
        flags = " ".join(self.rng.sample(FLAGS, self.rng.randint(0, 3)))
        mode = self.rng.choice(["", "+", "-"])
        silent = self.rng.choice(["", ".SILENT"])
        before = {p: session.flags.get(session.uids[p]) for p in positions}
        answer = session.command(f"{prefix}STORE {names} {mode}FLAGS{silent} ({flags})")
        self.quiet(session)
        if silent and "EXPUNGEISSUED" not in answer:
            # The client works out for itself what is not told.
            given = set(flags.split())
            for p in positions:
                uid, old = session.uids[p], before[p]
                if old is None:
                    continue
                session.flags[uid] = {"": given, "+": old | given, "-": old - given}[mode]

    def expunge(self, session):
        if self.rng.random() < 0.5 and (positions := self.some(session)):
            session.command("UID EXPUNGE " + ",".join(str(session.uids[p]) for p in positions))
        else:
            session.command("EXPUNGE")
        session.learn()

    def noop(self, session):
        session.command("NOOP")
        session.learn()

    def fetch(self, session):
        positions = self.some(session)
        if positions is None:
            return
        prefix, names = session.named(positions)
        items = self.rng.choice(["FLAGS", "(UID FLAGS)", "(UID RFC822.SIZE)", "BODY[TEXT]"])
        if items == "BODY[TEXT]":
            session.command(f"{prefix}FETCH {names} BODY.PEEK[TEXT]<0.0>", may_fail=True)
        else:
            session.command(f"{prefix}FETCH {names} {items}")
        self.quiet(session)

    def copy(self, session):
        positions = self.some(session)
        if positions is None:
            return
        prefix, names = session.named(positions)
        session.command(f"{prefix}COPY {names} {self.rng.choice(self.boxes)}")
        session.learn()

    def move(self, session):
        positions = self.some(session)
        if positions is None:
            return
        prefix, names = session.named(positions)
        session.command(f"{prefix}MOVE {names} {self.rng.choice(self.boxes)}")
        session.learn()

    def search(self, session):
        if None in session.uids:
            return
        session.command("UID SEARCH UNDELETED")
        self.quiet(session)
        if not set(session.search) <= {u for u in session.uids}:
            raise Wrong("SEARCH found what was not told")

    def select(self, session):
        session.select(self.rng.choice(self.boxes))

    def idle(self, session):
        session.tag += 1
        tag = f"{session.name}{session.tag}"
        session.send(f"{tag} IDLE\r\n".encode())
        while not (line := session.line()).startswith("+ "):
            session.apply(line)
        others = [s for s in self.sessions if s is not session]
        self.append(self.rng.choice(others))
        session.send(b"DONE\r\n")
        while not (line := session.line()).startswith(tag + " "):
            session.apply(line)
        if "OK" not in line:
            raise Wrong(line)
        session.learn()

    def check(self, session):
        """The sync point: after NOOP the cache is the mailbox."""
        session.command("NOOP")
        session.learn()
        session.command("NOOP")  # What came while learning.
        session.learn()
        truth = self.observer
        truth.uids, truth.flags = [], {}
        truth.command(f"EXAMINE {session.mailbox}")
        if truth.uids:
            truth.command("FETCH 1:* (UID FLAGS)")
        if session.uids != truth.uids:
            raise Wrong(f"UIDs {session.uids} but the mailbox has {truth.uids}")
        for uid in truth.uids:
            if session.flags.get(uid) != truth.flags[uid]:
                raise Wrong(f"UID {uid}: {session.flags.get(uid)} but it has {truth.flags[uid]}")

    def resync(self):
        """RFC 7162 §3.2.5: what a QRESYNC client knows and is told later adds up to the mailbox."""
        session = self.sessions[1]
        box, uids, flags, highest = session.mailbox, session.uids, session.flags, session.highest
        if None in uids or highest == 0:
            return
        status = []
        apply, session.apply = session.apply, status.append
        session.command(f"STATUS {box} (UIDVALIDITY)")
        session.apply = apply
        for line in status:
            if line.startswith("* STATUS"):
                validity = re.search(r"UIDVALIDITY (\d+)", line)[1]
            else:
                session.apply(line)
        uids, flags, highest = list(session.uids), dict(session.flags), session.highest
        if None in uids:
            session.learn()
            return
        session.command("UNSELECT")
        session.uids = []
        earlier = []

        def collect(line):
            if m := re.match(r"\* VANISHED \(EARLIER\) ([\d:,]+)$", line):
                earlier.append(m[1])
            elif not re.match(r"\* \d+ FETCH", line):
                apply(line)
            else:
                m = re.search(r"UID (\d+) FLAGS \(([^)]*)\)", line)
                flags[int(m[1])] = {f for f in m[2].split() if f != r"\Recent"}
        session.apply = collect
        session.command(f"SELECT {box} (QRESYNC ({validity} {highest}))")
        session.apply = apply
        gone = {n for text in earlier for n in numbers_in(text)}
        expected = {u: f for u, f in flags.items() if u not in gone}
        session.uids, session.flags = [None] * len(session.uids), {}
        if session.uids:
            session.command("FETCH 1:* (UID FLAGS)")
        actual = {u: session.flags[u] for u in session.uids}
        if expected != actual:
            print("\n".join(session.log[-40:]))
            raise Wrong(f"resynchronised to {expected} but the mailbox has {actual}")


def start(command):
    folder = tempfile.mkdtemp(prefix="model-")
    ready = os.path.join(folder, "ready.json")
    words = [w.format(ready=ready, password=PASSWORD) for w in shlex.split(command)]
    server = subprocess.Popen(words)
    for _ in range(200):
        if os.path.exists(ready):
            with open(ready, encoding="utf-8") as file:
                return server, json.load(file)["imap"]
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit("the server did not start: " + command)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--server", required=True, help="{ready} and {password} are filled in")
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    p.add_argument("--seconds", type=float, default=10)
    options = p.parse_args()
    print("seed", options.seed, flush=True)
    rng = random.Random(options.seed)
    server, port = start(options.server)
    steps = 0
    try:
        end = time.monotonic() + options.seconds
        rounds = 0
        while time.monotonic() < end:
            rounds += 1
            play = Play(port, rng, f"model{rounds}@example.org")
            for i in range(600):
                play.step()
                if i % 25 == 24:
                    play.resync()
            for session in play.sessions:
                play.check(session)
            steps += play.count
    except Wrong as why:
        print("WRONG:", why)
        return 1
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    print(steps, "operations; every cache was right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
