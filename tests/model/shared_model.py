#!/usr/bin/env python3
"""An owner and two readers with changing rights, against a simple model of what each of them sees.

Mailboxes of three accounts, messages that are copied and moved between them, flags that are shared and flags that are
everybody's own (\\Seen always, and from time to time others too), and rights that come and go while the mailbox is
selected.

    shared_model.py --server "posthorn demo ..." [--seed N] [--steps N]
"""

import argparse
import random
import re
import sys
import time

from imap_context import KEYS, ORDERS
from imap_session import ProtocolError, Session
from model_test import PASSWORD, Server

FLAGS = ["\\seen", "\\flagged", "\\deleted", "$one", "work"]
RIGHTS = ["", "l", "r", "lr", "lrs", "lrsw", "lrsi", "lri", "lrwt", "lrswit", "lrte", "lrswite", "i", "li"]
ALL = "lrswipkxtea"


# Those that an annotation makes everybody's own.
MARKS = {"\\flagged", "$one", "work"}
PRIVATE_FLAGS = "/shared/vendor/posthorn/privateflags"


class Message:
    def __init__(self, uid, flags):
        self.uid = uid
        self.flags = set(flags)  # Those that all see.
        self.unknown = set()  # Of those, the ones that are learnt by looking.
        self.own = {}  # By user: whether a flag is set; what is missing is learnt by looking.

    def own_of(self, user):
        return self.own.setdefault(user, {})

    def shown_to(self, user):
        return frozenset(self.flags | {flag for flag, is_set in self.own_of(user).items() if is_set})

    def learn(self, user, own, shown):
        for flag in own:
            self.own_of(user).setdefault(flag, flag in shown)
        self.flags |= self.unknown & shown
        self.unknown = set()


class Mailbox:
    def __init__(self, owner, name):
        self.owner, self.name = owner, name
        self.own = {"\\seen"}  # The flags that are everybody's own.
        self.messages = []
        self.next = 1
        self.rights = {}

    def named_by(self, user):
        return self.name if user == self.owner else f"Other Users/{self.owner}/{self.name}"

    def may(self, user):
        return ALL if user == self.owner else self.rights.get(user, "")

    def add(self, flags, user):
        may = allowed(flags, self.may(user))
        message = Message(self.next, may - self.own)
        message.own[user] = {flag: flag in may for flag in self.own}
        self.messages.append(message)
        self.next += 1
        return message


def right_of(flag):
    return {"\\seen": "s", "\\deleted": "t"}.get(flag, "w")


def allowed(flags, rights):
    return {flag for flag in flags if right_of(flag) in rights}


class Run:
    def __init__(self, port, seed):
        self.port, self.rng = port, random.Random(seed)
        self.users = [f"{name}{seed}@example.org" for name in ("owner", "anna", "ben")]
        self.boxes = [Mailbox(self.users[0], "INBOX"), Mailbox(self.users[0], "Team"),
                      *(Mailbox(user, "INBOX") for user in self.users[1:])]
        self.sessions = []
        for user in self.users * 2:
            self.sessions.append(self.open(user, len(self.sessions)))
        self.sessions[0].ok("CREATE Team")

    def open(self, user, n):
        session = Session(self.port, user, PASSWORD, f"{user}.{n}")
        session.user, session.n, session.box, session.read_only = user, n, None, False
        if n % 3 == 1:
            session.ok("ENABLE QRESYNC")
            session.qresync = True
        return session

    def learn(self, session):
        if session.cache:
            session.ok("FETCH 1:* (UID FLAGS)")

    def expect(self, session, tagged, ok, what):
        if tagged.startswith("BAD") or tagged.startswith("OK") != ok:
            session.fail(f"{what}: expected {'OK' if ok else 'NO'}, got {tagged}")

    # --- steps ------------------------------------------------------------------------------------
    def step(self):
        rng = self.rng
        session = rng.choice(self.sessions)
        if session.box and "r" not in session.box.may(session.user):
            self.thrown_out(session)
            return
        action = rng.choices([self.select, self.append, self.store, self.expunge, self.transfer, self.grant,
                              self.contexts, self.idle], [3, 5, 6, 2, 4, 1, 1, 1])[0]
        action(session)

    def thrown_out(self, session):
        """The right to read the selected mailbox was taken (RFC 4314 §5.1.1)."""
        hidden = "l" not in session.box.may(session.user)
        try:
            session.run("NOOP")
        except (ProtocolError, OSError):
            pass
        wanted = "* BYE [NONEXISTENT]" if hidden else "* BYE [NOPERM]"
        if not any(line.startswith("S: " + wanted) for line in session.trace):
            session.fail(f"{wanted} was not said")
        session.close()
        self.sessions[session.n] = self.open(session.user, session.n)

    def select(self, session):
        box = self.rng.choice(self.boxes)
        tagged = session.select(f'"{box.named_by(session.user)}"', self.rng.random() < 0.15)
        rights = box.may(session.user)
        self.expect(session, tagged, "r" in rights, f"SELECT of {box.name} with {rights!r}")
        session.box = box if tagged.startswith("OK") else None
        session.read_only = "READ-ONLY" in tagged
        if not session.box:
            code = "NOPERM" if "l" in rights else "NONEXISTENT"
            if f"[{code}]" not in tagged:
                session.fail(f"{code} expected: {tagged}")
            return
        self.learn(session)

    def append(self, session):
        box = self.rng.choice(self.boxes)
        flags = self.rng.sample(FLAGS, self.rng.randrange(3))
        rights = box.may(session.user)
        octets = f"Subject: {self.rng.random()}\r\n\r\n{self.rng.random()}\r\n".encode()
        tagged = session.append(f'"{box.named_by(session.user)}"', " ".join(flags), octets)
        self.expect(session, tagged, "i" in rights, f"APPEND to {box.name} with {rights!r}")
        if "i" in rights:
            box.add(flags, session.user)
            if ("APPENDUID" in tagged) != ("r" in rights):
                session.fail(f"with {rights!r}: {tagged}")

    def pick(self, session):
        known = [m.uid for m in session.cache if m.uid is not None] if session.box else []
        return self.rng.sample(known, min(len(known), self.rng.randrange(1, 5)))

    def store(self, session):
        uids = self.pick(session)
        if not uids:
            return
        mode = self.rng.choice(["+", "-", ""])
        silent = self.rng.choice(["", ".SILENT"])
        flags = set(self.rng.sample(FLAGS, self.rng.randrange(1, 4)))
        rights = session.box.may(session.user)
        may = allowed(flags, rights)
        before = {m.uid: m.flags for m in session.cache}
        tagged, _ = session.run(f"UID STORE {','.join(map(str, uids))} {mode}FLAGS{silent} ({' '.join(flags)})")
        self.expect(session, tagged, bool(may) and not session.read_only,
                    f"STORE {flags} with {rights!r}, read-only {session.read_only}")
        if not tagged.startswith("OK"):
            return
        for message in session.box.messages:
            if message.uid in uids:
                self.change(session.box, message, session.user, mode, may)
        if silent:
            for message in session.cache:
                if message.uid in uids and message.flags == before[message.uid] and message.told != session.tag:
                    message.flags = None  # Asked for, or already so: see learn_unknown().

    def change(self, box, message, user, mode, may):
        touched = may if mode else {flag for flag in FLAGS if right_of(flag) in box.may(user)}
        for flag in touched:
            is_set = flag in may and mode != "-"
            if flag in box.own:
                message.own_of(user)[flag] = is_set
                continue
            message.unknown.discard(flag)
            if is_set:
                message.flags.add(flag)
            else:
                message.flags.discard(flag)

    def expunge(self, session):
        if not session.box:
            return
        rights = session.box.may(session.user)
        tagged, _ = session.run("EXPUNGE")
        self.expect(session, tagged, "e" in rights and not session.read_only, f"EXPUNGE with {rights!r}")
        if tagged.startswith("OK"):
            session.box.messages = [m for m in session.box.messages if "\\deleted" not in m.flags]

    def transfer(self, session):
        uids = self.pick(session)
        if not uids:
            return
        source, target = session.box, self.rng.choice(self.boxes)
        move = self.rng.random() < 0.4
        rights, there = source.may(session.user), target.may(session.user)
        may = "i" in there and (not move or (all(r in rights for r in "te") and not session.read_only))
        if move and target is source:
            return
        # By order of UID, as the copies are numbered.
        chosen = [m for m in source.messages if m.uid in uids]
        verb = "MOVE" if move else "COPY"
        tagged, _ = session.run(f'UID {verb} {",".join(map(str, uids))} "{target.named_by(session.user)}"')
        self.expect(session, tagged, may, f"{verb} from {source.name} with {rights!r} to {target.name} with {there!r}")
        if not may:
            return
        for message in chosen:
            user = session.user
            copy = target.add(message.shown_to(user), user)
            # What others see of the copy is learnt by looking.
            unknown = message.unknown | {flag for flag in source.own if flag not in message.own_of(user)}
            copy.unknown = {flag for flag in unknown - target.own if right_of(flag) in there}
            for flag in target.own:
                if flag in unknown or right_of(flag) not in there:
                    copy.own_of(user).pop(flag, None)
        if move:
            source.messages = [m for m in source.messages if m not in chosen]

    def grant(self, session):
        box = self.rng.choice(self.boxes[:2])
        owner = next(s for s in self.sessions if s.user == box.owner)
        user = self.rng.choice(self.users[1:])
        rights = self.rng.choice(RIGHTS)
        owner.ok(f'SETACL {box.name} {user} "{rights}"' if rights else f"DELETEACL {box.name} {user}")
        if "r" not in box.may(user):
            for message in box.messages:  # What a new reader starts from is learnt by looking.
                message.own.pop(user, None)
        box.rights[user] = rights

    def contexts(self, session):
        if not session.box:
            return
        if session.contexts and self.rng.random() < 0.4:
            session.cancel(self.rng.choice(list(session.contexts)))
            return
        uid = session.qresync or self.rng.random() < 0.5
        session.watch(uid, self.rng.choice([None, None, *ORDERS]), self.rng.choice(KEYS))

    def idle(self, session):
        session.idle()
        session.done()

    def switch(self):
        """Makes flags everybody's own, or shared again. Requires: all that the owner sees is known."""
        box = self.rng.choice(self.boxes[:2])
        owner = next(s for s in self.sessions if s.user == box.owner)
        private = not MARKS & box.own
        value = '"true"' if private else self.rng.choice(["NIL", '"false"'])
        owner.ok(f"SETMETADATA {box.name} ({PRIVATE_FLAGS} {value})")
        box.own = {"\\seen"} | (MARKS if private else set())
        for message in box.messages:
            if private:  # Everybody starts from what was common.
                for user in self.users:
                    message.own_of(user).update({flag: flag in message.flags for flag in MARKS})
                message.flags -= MARKS
            else:  # What the owner has is for all.
                message.flags |= {flag for flag in MARKS if message.own[box.owner][flag]}
                for own in message.own.values():
                    for flag in MARKS:
                        own.pop(flag, None)

    # --- sync points ------------------------------------------------------------------------------
    def sync(self):
        truth = {}
        for user in self.users:
            witness = self.open(user, 0)
            for box in self.boxes:
                if "r" not in box.may(user):
                    continue
                witness.select(f'"{box.named_by(user)}"', read_only=True)
                self.learn(witness)
                there = [(m.uid, m.flags) for m in witness.cache]
                for message, (_, flags) in zip(box.messages, there):
                    message.learn(user, box.own, flags)
                expected = [(m.uid, m.shown_to(user)) for m in box.messages]
                if there != expected:
                    witness.fail(f"{user} sees in {box.name} of {box.owner}\n{there}\nand the model has\n{expected}")
                unseen = sum("\\seen" not in flags for _, flags in there)
                status = witness.ok(f'STATUS "{box.named_by(user)}" (UNSEEN)')[0]
                if int(re.search(r"UNSEEN (\d+)", status).group(1)) != unseen:
                    witness.fail(f"{status}, and {unseen} are unseen")
                truth[user, box] = there
            witness.close()
        for session in list(self.sessions):
            if session.box is None:
                continue
            if "r" not in session.box.may(session.user):
                self.thrown_out(session)
                continue
            session.ok("NOOP")
            session.check_contexts()
            unknown = [str(i + 1) for i, m in enumerate(session.cache) if m.uid is None or m.flags is None]
            told = [(m.uid, m.flags) for m in session.cache]
            if unknown:
                session.ok(f"FETCH {','.join(unknown)} (UID FLAGS)")
            now = [(m.uid, m.flags) for m in session.cache]
            there = truth[session.user, session.box]
            if now != there:
                session.fail(f"{session.user} has {now} of {session.box.name}, and there is {there}")
            for kept, one in zip(told, there):
                if None not in kept and kept != one:
                    session.fail(f"kept {kept}, there is {one}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--seed", type=int, default=0, help="0: by the clock")
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()
    seed = args.seed or int(time.time())
    print("seed", seed, flush=True)
    server = Server(args.server)
    failed = 0
    try:
        run = Run(server.port, seed)
        for step in range(args.steps):
            run.step()
            if step % 20 == 19:
                run.sync()
                if run.rng.random() < 0.2:
                    run.switch()
        run.sync()
    except ProtocolError as error:
        print(error)
        failed = 1
    finally:
        code = server.stop()
    if code != 0:
        print("the server ended with", code)
        failed = 1
    if not failed:
        print("the model, the server and every client agree")
    return failed


if __name__ == "__main__":
    sys.exit(main())
