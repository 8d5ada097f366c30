#!/usr/bin/env python3
"""Random commands from several sessions against the server and a deliberately simple model of a mailbox.

Every untagged response changes the cache of the session that got it. At each sync point the model, what a new
session sees, and every session's cache must be the same. Two parts: one command at a time, where the model says
what must come out; and all sessions at once, where they need only agree in the end.

    model_test.py --server "posthorn demo ..." [--seed N] [--steps N]
"""

import argparse
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time

from imap_context import KEYS, ORDERS, numbers_of
from imap_session import ProtocolError, Session, flag_set

FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$One", "$Two", "work"]
MAILBOXES = ["INBOX", "Archive", "Box"]
PASSWORD = "secret"


class Server:
    def __init__(self, command):
        self.dir = tempfile.TemporaryDirectory(prefix="posthorn-model-")
        ready = os.path.join(self.dir.name, "ready.json")
        self.process = subprocess.Popen(shlex.split(command) + ["--ready-file", ready])
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start")
            time.sleep(0.02)
        with open(ready, encoding="utf-8") as f:
            self.port = json.load(f)["imap"]

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self.dir.cleanup()
        return code


class ModelMailbox:
    def __init__(self):
        self.messages = []  # [uid, set of flags]
        self.next = 1

    def add(self, flags):
        self.messages.append([self.next, set(flags)])
        self.next += 1


class Run:
    def __init__(self, port, user, rng, sessions):
        self.port, self.user, self.rng = port, user, rng
        self.model = {name: ModelMailbox() for name in MAILBOXES}
        admin = self.open("admin")
        admin.ok("CREATE Box")
        admin.close()
        self.sessions = []
        for n in range(sessions):
            session = self.open(f"s{n}")
            if n % 3 == 1:
                session.ok("ENABLE CONDSTORE")
            if n % 3 == 2:
                session.ok("ENABLE QRESYNC")
                session.qresync = True
            if n % 4 == 3:
                session.ok("NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange)) "
                           "(personal (MessageNew MessageExpunge FlagChange))")
                session.notified = True
            session.select(rng.choice(MAILBOXES))
            self.learn(session)
            self.sessions.append(session)

    def open(self, name):
        return Session(self.port, self.user, PASSWORD, name)

    def learn(self, session):
        if session.cache:
            session.ok(("UID " if session.notified else "") + "FETCH 1:* (UID FLAGS)")

    # --- one command ------------------------------------------------------------------------------
    def step(self, session, model):
        rng = self.rng
        what = rng.random()
        if what < 0.25:
            self.append(session, model)
        elif what < 0.50:
            self.store(session, model)
        elif what < 0.60:
            self.expunge(session, model)
        elif what < 0.72:
            self.copy(session, model)
        elif what < 0.76:
            session.select(rng.choice(MAILBOXES), rng.random() < 0.2)
            self.learn(session)
        elif what < 0.78 and session.qresync and session.mailbox:
            session.resync()
            self.learn(session)
        elif what < 0.84 and session.mailbox:
            self.contexts(session)
        elif what < 0.88 and session.cache:
            if session.notified:
                session.ok(rng.choice(["UID FETCH 1:* (FLAGS)", "UID SEARCH DELETED", "UID SORT (DATE) UTF-8 ALL"]))
                return
            session.ok(rng.choice(["FETCH 1:* FLAGS", "SEARCH DELETED", "UID SEARCH ALL", "FETCH 1 BODY.PEEK[]",
                                   "UID FETCH 1:* (FLAGS)", "SORT (DATE) UTF-8 ALL"]))
        elif what < 0.94:
            session.idle()
            time.sleep(rng.random() * 0.02)
            session.done()
        else:
            session.ok("NOOP")

    def contexts(self, session):
        rng = self.rng
        if session.contexts and rng.random() < 0.4:
            session.cancel(rng.choice(list(session.contexts)))
            return
        # With VANISHED, a client does not always know which message number has gone.
        uid = session.qresync or session.notified or rng.random() < 0.5
        session.watch(uid, rng.choice([None, None, *ORDERS]), rng.choice(KEYS))

    def append(self, session, model):
        box = self.rng.choice(MAILBOXES)
        flags = self.rng.sample(FLAGS, self.rng.randrange(3))
        body = f"Subject: {self.rng.random()}\r\n\r\nbody {self.rng.random()}\r\n".encode()
        tagged = session.append(box, " ".join(flags), body)
        session.status.pop(box, None)  # NOTIFY does not tell a client what it did itself.
        if not tagged.startswith("OK"):
            session.fail("APPEND: " + tagged)
        if model:
            self.model[box].add(f.lower() for f in flags)

    def pick(self, session):
        """Message numbers or UIDs that the session knows, as a set and as UIDs."""
        known = [(i + 1, m.uid) for i, m in enumerate(session.cache) if m.uid is not None]
        if not known:
            return None
        chosen = self.rng.sample(known, min(len(known), self.rng.randrange(1, 6)))
        return chosen

    def store(self, session, model):
        chosen = self.pick(session)
        if not chosen:
            return
        by_uid = session.notified or self.rng.random() < 0.5  # Numbers can change at any time.
        mode = self.rng.choice(["+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT", "-FLAGS.SILENT", "FLAGS.SILENT"])
        flags = self.rng.sample(FLAGS, self.rng.randrange(1, 4))
        numbers = ",".join(str(u if by_uid else n) for n, u in chosen)
        tagged, _ = session.run(f"{'UID ' if by_uid else ''}STORE {numbers} {mode} ({' '.join(flags)})")
        read_only = "READ-ONLY" in tagged or tagged.startswith("NO")
        if tagged.startswith("BAD"):
            session.fail(tagged)
        if read_only:
            return
        wanted = {f.lower() for f in flags}
        if mode.endswith(".SILENT"):
            # What the client asked for itself it need not be told.
            for message in session.cache:
                # But what it was told while the command ran is newer than what it thinks.
                if message.told == session.tag:
                    if session.notified:
                        message.flags = None  # Or older, if it was on its way already.
                    continue
                if message.uid in {u for _, u in chosen} and message.flags is not None:
                    message.flags = frozenset(changed(set(message.flags), mode, wanted))
        if model:
            uids = {u for _, u in chosen}
            for message in self.model[session.mailbox].messages:
                if message[0] in uids:
                    message[1] = changed(message[1], mode, wanted)

    def expunge(self, session, model):
        chosen = self.pick(session)
        uids = {u for _, u in chosen} if chosen and self.rng.random() < 0.5 else None
        command = "EXPUNGE" if uids is None else "UID EXPUNGE " + ",".join(map(str, sorted(uids)))
        tagged, _ = session.run(command)
        if tagged.startswith("BAD"):
            session.fail(tagged)
        if model and tagged.startswith("OK"):
            box = self.model[session.mailbox]
            box.messages = [m for m in box.messages
                            if "\\deleted" not in m[1] or (uids is not None and m[0] not in uids)]

    def copy(self, session, model):
        chosen = self.pick(session)
        if not chosen:
            return
        move = self.rng.random() < 0.5
        target = self.rng.choice(MAILBOXES)
        by_uid = session.notified or self.rng.random() < 0.5
        numbers = ",".join(str(u if by_uid else n) for n, u in chosen)
        tagged, _ = session.run(f"{'UID ' if by_uid else ''}{'MOVE' if move else 'COPY'} {numbers} {target}")
        session.status.pop(target, None)
        if tagged.startswith("BAD"):
            session.fail(tagged)
        if not model or not tagged.startswith("OK"):
            return
        source = self.model[session.mailbox]
        uids = {u for _, u in chosen}
        moved = [m for m in source.messages if m[0] in uids]
        for message in moved:
            self.model[target].add(message[1])
        if move:
            source.messages = [m for m in source.messages if not (m[0] in uids and m in moved)]

    # --- sync points ------------------------------------------------------------------------------
    def sync(self, model):
        truth = {}
        witness = self.open("witness")
        for box in MAILBOXES:
            witness.select(box, read_only=True)
            self.learn(witness)
            truth[box] = [(m.uid, m.flags) for m in witness.cache]
            if model:
                expected = [(u, frozenset(f)) for u, f in self.model[box].messages]
                if truth[box] != expected:
                    raise ProtocolError(f"{box} holds\n{truth[box]}\nand the model\n{expected}")
        witness.close()
        for session in self.sessions:
            session.ok("NOOP")
            if session.notified:
                self.check_status(session, truth)
            if session.mailbox is None:
                continue
            session.check_contexts()
            # A client asks for what it was not told yet; what it was told must have stayed true.
            unknown = [str(i + 1) for i, m in enumerate(session.cache) if m.uid is None or m.flags is None]
            told = [None if None in (m.uid, m.flags) else (m.uid, m.flags) for m in session.cache]
            if unknown:
                session.ok(f"FETCH {','.join(unknown)} (UID FLAGS)")
            if len(told) != len(truth[session.mailbox]):
                session.fail(f"{len(told)} messages kept, {len(truth[session.mailbox])} there")
            for kept, now, there in zip(told, session.cache, truth[session.mailbox]):
                if (kept or (now.uid, now.flags)) != there:
                    session.fail(f"kept {kept}, there is {there}")


    def check_status(self, session, truth):
        """What NOTIFY said last of a mailbox that is not selected must be true, or become so at once."""
        deadline = time.monotonic() + 10
        while True:
            session.drain(0.05)
            wrong = None
            for box, said in session.status.items():
                there = {"MESSAGES": str(len(truth[box]))}
                if truth[box]:
                    there["UIDNEXT"] = str(max(truth[box][-1][0] + 1, int(said.get("UIDNEXT", 0))))
                if box != session.mailbox and any(said.get(k, v) != v for k, v in there.items()):
                    wrong = f"NOTIFY said {said} of {box}, and there is {there}"
            if not wrong:
                return
            if time.monotonic() > deadline:
                session.fail(wrong)


def changed(flags, mode, wanted):
    if mode.startswith("+"):
        return flags | wanted
    if mode.startswith("-"):
        return flags - wanted
    return set(wanted)


def one_at_a_time(server, seed, steps):
    rng = random.Random(seed)
    run = Run(server.port, f"model{seed}", rng, 6)
    for step in range(steps):
        run.step(rng.choice(run.sessions), model=True)
        if step % 25 == 24:
            run.sync(model=True)
    run.sync(model=True)
    for session in run.sessions:
        session.close()


def all_at_once(server, seed, steps):
    run = Run(server.port, f"crowd{seed}", random.Random(seed), 8)
    for burst in range(max(1, steps // 100)):
        errors = []

        def work(session):
            try:
                for _ in range(12):
                    run.step(session, model=False)
            except Exception as error:  # Told by the thread that waits.
                errors.append(error)

        threads = [threading.Thread(target=work, args=(s,)) for s in run.sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        run.sync(model=False)
    for session in run.sessions:
        session.close()


def self_test():
    assert changed({"a"}, "+FLAGS", {"b"}) == {"a", "b"}
    assert changed({"a", "b"}, "-FLAGS.SILENT", {"b"}) == {"a"}
    assert changed({"a"}, "FLAGS", {"b"}) == {"b"}
    assert numbers_of("3,1:2") == [3, 1, 2]
    assert flag_set("\\Seen \\Recent X") == frozenset({"\\seen", "x"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--seed", type=int, default=0, help="0: by the clock")
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()
    self_test()
    seed = args.seed or int(time.time())
    print("seed", seed, flush=True)
    server = Server(args.server)
    try:
        one_at_a_time(server, seed, args.steps)
        all_at_once(server, seed, args.steps)
    except ProtocolError as error:
        print(error)
        return 1
    finally:
        code = server.stop()
    if code != 0:
        print("the server ended with", code)
        return 1
    print("the model, the server and every client agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
