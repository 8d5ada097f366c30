#!/usr/bin/env python3
"""Damages the files of a store in every way, and looks at what `posthorn salvage` brings out.

A data directory with several accounts is made, and what is in it is recorded. Each round damages a copy of it,
salvages the copy, starts a server on the result and compares: what is there has the UID, flags, date and octets of the
record; what is missing was reported; and `posthorn check --deep` finds nothing that was not reported. Some kinds of
damage must not cost anything. The others are made at random places (--rounds, --seed)."""

import argparse
import contextlib
import filecmp
import glob
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Failure, Server, expect, main, ok, program  # noqa: E402

USERS = ("ada@example.org", "ben@example.org", "eve@example.org")
DATES = ('"01-Feb-2020 10:00:00 +0100"', '"24-Dec-2023 23:59:59 -0500"')
FETCHED = re.compile(rb'UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE ("[^"]*") BODY\[\]')


def small(user, number):
    return (f"From: a{number}@example.com\r\nTo: {user}\r\nDate: Mon, 3 Feb 2020 10:00:00 +0000\r\n"
            f"Message-ID: <{number}.{user}>\r\nSubject: number {number}\r\n\r\nIt is {number}.\r\n").encode()


def large(user, number):
    octets = random.Random(f"{user} {number}").randbytes(150_000).hex()
    lines = [octets[i:i + 76] for i in range(0, len(octets), 76)]
    return small(user, number) + "\r\n".join(lines).encode() + b"\r\n"


# --- the store and its record ------------------------------------------------------------------------------------------

def fill(server, user):
    imap = server.imap(user)
    for number in range(30):
        octets = large(user, number) if number % 10 == 0 else small(user, number)
        flags = ("", r"(\Seen)", r"(\Flagged $Label1)", r"(\Answered \Seen holiday)")[number % 4]
        ok(imap.append("INBOX", flags, DATES[number % 2], octets))
    for name in ("Archive/2024", "Lists"):
        ok(imap.create(name))
        ok(imap.select("INBOX"))
        ok(imap.copy("2:9", name))
    # So many rows are written to pages, and a change of so many flags is a row of its own.
    ok(imap.select("Lists"))
    for _ in range(7):
        ok(imap.copy("1:*", "Lists"))
        ok(imap.noop())
    ok(imap.copy("1:*", "Archive"))
    ok(imap.select("Archive"))
    ok(imap.store("20:120", "+FLAGS", r"(\Flagged)"))
    ok(imap.store("3:5", "+FLAGS", r"(\Deleted)"))
    ok(imap.expunge())
    imap.logout()


def fill_more(server, user):
    """What is left in the write-ahead log by a server that is killed."""
    imap = server.imap(user)
    ok(imap.select("INBOX"))
    ok(imap.store("1:3", "+FLAGS", r"(\Deleted)"))
    ok(imap.expunge())
    for number in range(100, 105):
        ok(imap.append("INBOX", r"(\Seen late)", DATES[0], small(user, number)))
    imap.logout()


def read_mailbox(imap, name):
    """UIDVALIDITY, and of each UID the flags, the date and the hash; None instead of the hash if it is refused."""
    ok(imap.select(f'"{name}"', readonly=True))
    validity = int(imap.response("UIDVALIDITY")[1][0])
    there = {}
    kind, uids = imap.uid("SEARCH", "ALL")
    expect(kind == "OK", f"SEARCH in {name}: {uids}")
    for uid in uids[0].split():
        there[int(uid)] = None
    imap.response("FETCH")
    kind, said = imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
    given = said if kind == "OK" else imap.response("FETCH")[1]
    for part in given or []:
        found = FETCHED.search(part[0]) if isinstance(part, tuple) else None
        if found:
            flags = frozenset(found[2].split()) - {rb"\Recent"}
            there[int(found[1])] = (flags, found[3], hashlib.sha256(part[1]).hexdigest())
    return validity, there


def read_all(server):
    record = {}
    for user in USERS:
        imap = server.imap(user)
        for line in ok(imap.list()):
            name = line.decode().rsplit('"/" ', 1)[1].strip('"')
            if rb"\Noselect" not in line:
                with contextlib.suppress(imap.error):
                    record[user, name] = read_mailbox(imap, name)
        imap.logout()
    return record


def make_store(folder):
    with Server(folder=folder, any_user=False, settings=("storage.write_buffer=4M",)) as server:
        for user in USERS:
            server.add_account(user)
            fill(server, user)
            server.stop()  # So that there are several tables of each kind.
            server.start()
        for user in USERS:
            fill_more(server, user)
        record = read_all(server)
        server.kill()
        server.start()  # The harness wants to end a server in order. The log is written again.
        expect(read_all(server) == record, "the record does not survive a restart")
        for user in USERS:
            fill_more(server, user)
        record = read_all(server)
        server.kill()
        server.stop = lambda: None
    return record


# --- damage ------------------------------------------------------------------------------------------------------------

def files(folder, pattern):
    return sorted(path for path in glob.glob(os.path.join(folder, "store", pattern)) if os.path.getsize(path) > 0)


def cut(path, part):
    os.truncate(path, int(os.path.getsize(path) * part))


def garble(path, chance, octets=64):
    with open(path, "r+b") as f:
        f.seek(chance.randrange(max(1, os.path.getsize(path) - octets)))
        f.write(chance.randbytes(octets))


def replace(path, chance):
    size = os.path.getsize(path)
    with open(path, "wb") as f:
        f.write(chance.randbytes(size))


def append(path, chance):
    with open(path, "ab") as f:
        f.write(chance.randbytes(500))


HARMLESS = {
    "nothing": lambda folder, chance: None,
    "CURRENT is missing": lambda folder, chance: os.remove(files(folder, "CURRENT")[0]),
    "CURRENT is garbage": lambda folder, chance: replace(files(folder, "CURRENT")[0], chance),
    "MANIFEST is missing": lambda folder, chance: os.remove(files(folder, "MANIFEST-*")[0]),
    "MANIFEST is garbage": lambda folder, chance: replace(files(folder, "MANIFEST-*")[0], chance),
    "MANIFEST is cut": lambda folder, chance: cut(files(folder, "MANIFEST-*")[0], chance.random()),
    "MANIFEST is damaged": lambda folder, chance: garble(files(folder, "MANIFEST-*")[0], chance),
    "OPTIONS are garbage": lambda folder, chance: [replace(path, chance) for path in files(folder, "OPTIONS-*")],
    "a log is torn": lambda folder, chance: append(files(folder, "*.log")[-1], chance),
    "everything but data is missing": lambda folder, chance: [
        os.remove(path) for pattern in ("CURRENT", "MANIFEST-*", "OPTIONS-*", "IDENTITY", "LOCK")
        for path in glob.glob(os.path.join(folder, "store", pattern))],
}


def harmful(folder, chance):
    """Damages one file or some, and says what it did."""
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        pattern = chance.choice(("*.sst", "*.sst", "*.sst", "*.blob", "*.log", "MANIFEST-*"))
        there = files(folder, pattern)
        if not there:
            continue
        path = chance.choice(there)
        how = chance.choice(("remove", "cut", "garble", "garble", "garble", "replace"))
        {"remove": lambda: os.remove(path), "cut": lambda: cut(path, chance.random()),
         "garble": lambda: garble(path, chance), "replace": lambda: replace(path, chance)}[how]()
        done.append(f"{how} {os.path.basename(path)}")
    return ", ".join(done)


# --- the comparison ----------------------------------------------------------------------------------------------------

def salvage(folder, into):
    done = subprocess.run([program(), "salvage", folder, "--into", into], check=False, capture_output=True, text=True,
                          timeout=600, stdin=subprocess.DEVNULL)
    expect(done.returncode in (0, 3), f"salvage: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    lost = [line.removeprefix("lost: ") for line in done.stdout.splitlines() if line.startswith("lost: ")]
    expect((done.returncode == 3) == bool(lost), f"exit code {done.returncode} with {len(lost)} losses")
    return lost


def compare(record, now, lost, gone):
    """`lost` is what was reported. What it names may be missing; what is there must be right in any case. Of the users
    `gone` there is neither an account nor an address, so that nothing could name them."""
    contents = {entry[2] for _, there in record.values() for entry in there.values()}
    for (user, name), (validity, there) in now.items():
        before, was = record.get((user, name), (None, {}))
        for uid, entry in there.items():
            at = f"{user} {name} UID {uid}"
            if entry is None:
                expect(any("UID" in line and user in line for line in lost), f"{at}: cannot be read, unreported")
                continue
            expect(entry[2] in contents, f"{at}: octets that were never stored")
            if validity != before:
                continue
            expect(lost or uid in was, f"{at} came back")
            expect(uid not in was or entry[2] == was[uid][2], f"{at}: another message")
            expect(uid not in was or entry[1] == was[uid][1], f"{at}: another date")
            expect(lost or entry[0] == was[uid][0], f"{at}: flags {entry[0]} instead of {was[uid][0]}")
    for (user, name), (validity, was) in record.items():
        if (user, name) in now and now[user, name][0] == validity and was.keys() <= now[user, name][1].keys():
            continue
        told = [line for line in lost if user in line or line.startswith("address")]
        expect(told or (lost and user in gone), f"{user} {name}: {len(was)} messages, unreported:\n" + "\n".join(lost))


def same_files(a, b):
    here = filecmp.dircmp(a, b)
    return not (here.left_only or here.right_only or here.diff_files or here.funny_files) and \
        all(same_files(os.path.join(a, sub), os.path.join(b, sub)) for sub in here.common_dirs)


def look(source, record, damage, what, harmless):
    with tempfile.TemporaryDirectory(prefix="posthorn-") as work:
        folder, untouched, into = (os.path.join(work, name) for name in ("damaged", "same", "new"))
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.sock"))
        said = damage(folder)
        what = what or said
        print(what, flush=True)
        shutil.copytree(folder, untouched)
        lost = salvage(folder, into)
        try:
            expect(same_files(folder, untouched), "the damaged directory was changed")
            expect(not harmless or not lost, "this should cost nothing:\n" + "\n".join(lost))
            notes = os.path.join(work, "notes")
            os.makedirs(notes)
            with Server(folder=into, notes=notes, any_user=False) as server:
                passwords = os.path.join(notes, "password")
                with open(passwords, "w", encoding="utf-8") as f:
                    f.write(PASSWORD + "\n")
                there = server.run("account", "list")
                gone = [user for user in USERS if user not in there]
                for user in USERS:
                    if user in gone:
                        server.add_account(user)
                    else:
                        server.run("account", "passwd", user, "--password-file", passwords)
                compare(record, read_all(server), lost, gone)
                found = server.run("check", "--deep", codes=(0, 3)).splitlines()
                new = [line for line in found if line not in lost]
                expect(not new, "check finds what was not reported:\n" + "\n".join(new))
        except Failure as e:
            raise Failure(f"{what}: {e}\nreported were:\n" + "\n".join(lost)) from e
        return lost


def test(rounds, seed):
    with tempfile.TemporaryDirectory(prefix="posthorn-") as work:
        source = os.path.join(work, "data")
        record = make_store(source)
        messages = sum(len(there) for _, there in record.values())
        print(f"{len(record)} mailboxes, {messages} messages; {len(files(source, '*.sst'))} tables, "
              f"{len(files(source, '*.blob'))} blob files", flush=True)
        for what, damage in HARMLESS.items():
            look(source, record, lambda folder, damage=damage: damage(folder, random.Random(seed)), what, True)
        for number in range(rounds):
            chance = random.Random(seed * 1_000_000 + number)
            look(source, record, lambda folder, chance=chance: f"{seed}/{number}: " + harmful(folder, chance), "",
                 False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("POSTHORN_SALVAGE_ROUNDS", "2")))
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    main(lambda: test(chosen.rounds, chosen.seed))
