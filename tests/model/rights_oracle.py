#!/usr/bin/env python3
"""No answer depends on a mailbox that its reader may not see.

Two servers get the same commands, of an owner and of a reader with some rights on some of the owner's mailboxes. On
one server the owner has more mailboxes, in which things happen all the time, and to which the reader has no right.
What the reader is answered must be the same octet by octet, once identifiers and MODSEQs are numbered in the order
in which they appear: those of a mailbox that can be seen tell how much else has happened, which is accepted.

    rights_oracle.py --server "posthorn demo ..." [--seed N] [--steps N]
"""

import argparse
import random
import re
import sys
import time

from imap_session import ProtocolError, Session
from model_test import PASSWORD, Server

OWNER, READER = "owner", "reader"
ROOT = f"Other Users/{OWNER}"
SHARED = {"Work": "lrswite", "Read": "lr", "Drop": "i", "Gate": "l", "Admin": "lra"}
# Beside, below and above what the reader may see; on one server only.
HIDDEN = ["Secret", "Secret/Deep", "Work/Hidden", "Read/Inner", "Gate/Inner"]
NOWHERE = ["Nothing", "Work/Nothing"]
NUMBERED = re.compile(r"((?:HIGHESTMODSEQ|MODSEQ|UIDVALIDITY|APPENDUID|COPYUID|MAILBOXID|EMAILID|THREADID) \(?"
                      r"|shared/)([A-Za-z0-9_-]+)")


class Plain(Session):
    """Keeps nothing of what it is told."""

    def apply(self, text):
        pass


class Side:
    """One of the two servers, with the sessions of its users."""

    def __init__(self, server, has_hidden):
        self.server, self.has_hidden = server, has_hidden
        self.seen = {}
        self.owner = Plain(server.port, OWNER, PASSWORD, "owner")
        self.reader = self.open_reader()
        self.watcher = self.open_reader()
        # Each account counts UIDVALIDITY from the second in which it was made. If the owner's were not far ahead, some
        # would be equal to some of the reader's own, and which are depends on how many mailboxes the owner has.
        for _ in range(100):
            self.owner.run('CREATE "Gone"')
            self.owner.run('DELETE "Gone"')
        if has_hidden:
            for name in HIDDEN:  # First, so that they do not inherit any rights.
                self.make(name)
        for name in SHARED:
            self.make(name)
        self.watcher.ok("NOTIFY SET (subtree \"Other Users\" (MessageNew MessageExpunge FlagChange MailboxName "
                        f"MailboxMetadataChange)) (mailboxes \"{ROOT}/Secret\" (MessageNew MessageExpunge))")
        self.watcher.notified = True

    def open_reader(self):
        return Plain(self.server.port, READER, PASSWORD, "reader")

    def make(self, name):
        self.owner.run(f'CREATE "{name}"')
        if name in SHARED:
            self.owner.run(f'SETACL "{name}" {READER} {SHARED[name]}')
        for n in range(3):
            self.append(self.owner, name, f"first {n}")

    def append(self, session, name, subject, flags=""):
        octets = f"Subject: {subject}\r\n\r\nx\r\n".encode()
        return session.append(f'"{name}"', flags, octets, ' "01-Jan-2026 10:00:00 +0000"')

    def act_in_hidden(self, rng):
        """What the reader must not notice."""
        if not self.has_hidden:
            return
        name = rng.choice(HIDDEN)
        self.append(self.owner, name, "secret")
        self.owner.run(f'SELECT "{name}"')
        self.owner.run(rng.choice(["STORE 1:* +FLAGS ($Secret)", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE"]))
        self.owner.run("UNSELECT")
        if rng.random() < 0.2:
            self.owner.run(f'SETMETADATA "{name}" (/shared/comment "{rng.random()}")')
        if rng.random() < 0.1:
            self.owner.run(f'SETACL "{name}" somebody lr')

    def normal(self, text):
        def number(match):
            kind, value = match.group(1).strip(" ("), match.group(2)
            known = self.seen.setdefault(kind if "UID" not in kind else "UIDVALIDITY", {})
            return match.group(1) + f"<{known.setdefault(value, len(known))}>"

        return NUMBERED.sub(number, text)

    def ask(self, command):
        if command.startswith("APPEND-TEXT "):
            answer = [self.append(self.reader, command[len("APPEND-TEXT "):], "from the reader", "\\Seen \\Flagged")]
        else:
            tagged, answer = self.reader.run(command)
            answer = [*answer, tagged]
        return [self.normal(line) for line in answer]


def names(rng, reader_only=False):
    pool = [*SHARED, *HIDDEN, *NOWHERE]
    name = rng.choice(pool)
    return f"{ROOT}/{name}" if reader_only or rng.random() < 0.9 else name


def command(rng):
    name, other = names(rng), names(rng)
    own = rng.choice(["INBOX", "Mine"])
    return rng.choice([
        'LIST "" *', 'LIST "" %', 'LIST "" "Other Users/%"', f'LIST "" "{ROOT}/%"', f'LIST "" "{ROOT}/*"',
        f'LIST "" "{name}*" RETURN (CHILDREN SUBSCRIBED)',
        f'LIST "" "{ROOT}/*" RETURN (STATUS (MESSAGES UIDNEXT UNSEEN) MYRIGHTS METADATA (/shared/comment))',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" * RETURN (CHILDREN)', 'LSUB "" *', "NAMESPACE",
        f'STATUS "{name}" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID SIZE DELETED)',
        f'SELECT "{name}"', f'EXAMINE "{name}"', f'SELECT "{name}"', f"SELECT {own}", "UNSELECT", "NOOP",
        f'CREATE "{name}"', f'DELETE "{name}"', f'RENAME "{name}" "{other}"', f'RENAME "{name}" Mine2',
        f'SUBSCRIBE "{name}"', f'UNSUBSCRIBE "{name}"', f'GETACL "{name}"', f'MYRIGHTS "{name}"',
        f'LISTRIGHTS "{name}" {READER}', f'SETACL "{name}" {READER} +k', f'DELETEACL "{name}" nobody',
        f'GETMETADATA "{name}" /shared/comment', f'GETMETADATA (DEPTH infinity) "{name}" (/shared /private)',
        f'SETMETADATA "{name}" (/private/comment "x")', f'SETMETADATA "{name}" (/shared/comment "y")',
        'GETQUOTA ""', f'GETQUOTAROOT "{name}"', f'APPEND-TEXT {name}', f'COPY 1:2 "{name}"', f'MOVE 1 "{name}"',
        f'UID COPY 1:* "{name}"', f'APPEND INBOX CATENATE (URL "/{name.replace(" ", "%20")}/;UID=1")',
        f'ESEARCH IN (subtree "{ROOT}") RETURN (COUNT ALL) ALL',
        f'ESEARCH IN (subtree-one "{name}") RETURN (ALL) SUBJECT first',
        f'ESEARCH IN (mailboxes ("{name}" "{other}")) RETURN (MIN MAX COUNT) UNSEEN',
        "ESEARCH IN (subscribed) RETURN (COUNT) ALL", "FETCH 1:* (FLAGS UID MODSEQ EMAILID THREADID)",
        "STORE 1 +FLAGS (\\Seen)", "STORE 1:2 FLAGS (\\Flagged $Label)", "STORE 2 +FLAGS (\\Deleted)", "EXPUNGE",
        "SEARCH RETURN (UPDATE COUNT) UNSEEN", "CLOSE",
    ])


def run(sides, seed, steps):
    rng = random.Random(seed)
    for step in range(steps):
        if rng.random() < 0.4:
            sides[0].act_in_hidden(rng)
        if rng.random() < 0.3:
            # The owner works in what is shared, the same on both servers.
            name = rng.choice(list(SHARED))
            what = rng.random()
            for side in sides:
                if what < 0.5:
                    side.append(side.owner, name, f"owner {step}")
                elif what < 0.7:
                    side.owner.run(f'SELECT "{name}"')
                    side.owner.run("STORE 1 +FLAGS (\\Deleted)")
                    side.owner.run("EXPUNGE" if what < 0.6 else "NOOP")
                    side.owner.run("UNSELECT")
                elif what < 0.8:
                    # The name of a mailbox with a hidden one below.
                    side.owner.run(f'DELETE "{name}"')
                    side.make(name)
                else:
                    side.owner.run(f'SETACL "{name}" {READER} {SHARED[name]}')
        asked = command(rng)
        try:
            first, second = (side.ask(asked) for side in sides)
        except ProtocolError as lost:
            # The selected mailbox was deleted, or the right to read it was taken: on both.
            closed = 0
            for side in sides:
                try:
                    side.reader.run("NOOP")
                except (ProtocolError, OSError):
                    closed += 1
                side.reader = side.open_reader()
            if "connection closed" not in str(lost) or closed != 2:
                raise
            continue
        if first != second:
            raise ProtocolError(f"step {step}: {asked}\n" + "\n".join(first) + "\n--- without the hidden mailboxes:\n" +
                                "\n".join(second))
    for side in sides:
        side.watcher.drain(0.5)
        for line in side.watcher.trace:
            if line.startswith("S: ") and any(f"{ROOT}/{name}" in line for name in HIDDEN):
                raise ProtocolError(f"NOTIFY spoke of what is hidden: {line}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--seed", type=int, default=0, help="0: by the clock")
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()
    seed = args.seed or int(time.time())
    print("seed", seed, flush=True)
    servers = [Server(args.server), Server(args.server)]
    failed = 0
    try:
        for part in range(max(1, args.steps // 500)):
            # New accounts, since some mailboxes come and go.
            global OWNER, READER, ROOT
            OWNER, READER = f"owner{part}@example.org", f"reader{part}@example.org"
            ROOT = f"Other Users/{OWNER}"
            for server in servers:
                Session(server.port, OWNER, PASSWORD, "x").close()
                Session(server.port, READER, PASSWORD, "x").close()
            run([Side(servers[0], True), Side(servers[1], False)], seed + part, min(args.steps, 500))
    except ProtocolError as error:
        print(error)
        failed = 1
    for server in servers:
        if server.stop() != 0:
            print("a server ended with an error")
            failed = 1
    if not failed:
        print("no answer depended on what is hidden")
    return failed


if __name__ == "__main__":
    sys.exit(main())
