#!/usr/bin/env python3
"""Backups of a running server; a server restored from one; mail brought back into a running one."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok, program  # noqa: E402

USER = "ada@demo.example"


def message(subject, size=0, sender="sender@example.com"):
    return (f"From: {sender}\r\nTo: {USER}\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@example.com>\r\n\r\n" + "x" * 70 + "\r\n" +
            "".join(f"{subject} {n:>60}\r\n" for n in range(size // 70))).encode()


def run(*arguments, codes=(0,)):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)
    expect(done.returncode in codes,
           f"posthorn {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def next_second():
    """Backups are named by the second."""
    time.sleep(1.1)


def contents(backups):
    return glob.glob(os.path.join(backups, "files", "*", "*"))


def numbers(client, mailbox="INBOX"):
    """UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ."""
    said = ok(client.status(mailbox, "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)"))[0].decode()
    words = said[said.rindex("(") + 1:-1].split()
    return [int(words[words.index(name) + 1]) for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")]


def subjects(client, mailbox="INBOX"):
    ok(client.select(mailbox, readonly=True))
    found = ok(client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    return sorted(part[1].decode().strip()[9:] for part in found if isinstance(part, tuple))


def take(server, backups, *options):
    return json.loads(run("--data-dir", server.folder, "backup", backups, "--json", *options).splitlines()[0])


def test_incremental(server, client, backups):
    first = take(server, backups)
    expect(first["copied"] == first["size"], f"the first copies everything: {first}")
    expect(not os.path.exists(os.path.join(server.folder, "snapshot")), "the snapshot has remained")
    next_second()
    ok(client.append("INBOX", None, None, message("between", 300_000)))
    second = take(server, backups)
    expect(second["copied"] < first["copied"], f"the second copied everything again: {second}")
    listed = [json.loads(line) for line in run("backup", "list", backups, "--json").splitlines()]
    expect([b["name"] for b in listed] == [first["name"], second["name"]], listed)
    said = json.loads(run("--data-dir", server.folder, "status", "--json"))
    expect(said["last_backup"]["name"] == second["name"] and said["running"], said)
    run("--data-dir", server.folder, "status", "--max-backup-age", "1h")
    next_second()
    next_second()
    said = run("--data-dir", server.folder, "status", "--max-backup-age", "1s", codes=(3,))
    expect("there is no backup of the last 1s" in said, said)
    return first, second


def test_killed(server, client, backups):
    """A backup that is killed counts for nothing, blocks nothing and leaves nothing in the data directory."""
    names = run("backup", "list", backups)
    ok(client.append("INBOX", None, None, message("big", 3_000_000)))
    process = subprocess.Popen([program(), "--data-dir", server.folder, "backup", backups, "--rate", "20kB"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not os.path.exists(os.path.join(backups, "unfinished")):
        expect(process.poll() is None and time.monotonic() < deadline, "it was not slowed down")
        time.sleep(0.05)
    said = run("--data-dir", server.folder, "backup", backups, codes=(1,))
    expect("another posthorn is using" in said, said)
    other = backups + "-other"
    said = run("--data-dir", server.folder, "backup", other, codes=(1,))
    expect("another backup of this server is running" in said, said)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while os.path.exists(os.path.join(server.folder, "snapshot")):
        expect(time.monotonic() < deadline, "the snapshot of a killed backup has remained")
        time.sleep(0.05)
    expect(run("backup", "list", backups) .count("\n") == names.count("\n"), "half a backup is listed")


def test_verify(backups):
    said = run("backup", "verify", backups)
    expect("no faults found" in said and " messages" in said, said)
    victim = max(contents(backups), key=os.path.getsize)
    with open(victim, "r+b") as f:
        f.seek(os.path.getsize(victim) // 2)
        was = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([was[0] ^ 1]))
    said = run("backup", "verify", backups, "--checksums-only", codes=(3,))
    expect("is damaged" in said and os.path.basename(victim)[:12] in said, said)
    target = tempfile.mkdtemp(prefix="posthorn-damaged-")
    said = run("--data-dir", target, "restore", backups, codes=(1,))
    expect("is damaged" in said and not os.path.exists(os.path.join(target, "store")), said)
    shutil.rmtree(target)
    with open(victim, "r+b") as f:
        f.seek(os.path.getsize(victim) // 2)
        f.write(was)
    expect("no faults found" in run("backup", "verify", backups, "--all", "--checksums-only"), "mended")


def test_account(server, client, backups, first):
    """What was deleted after the backup comes back, once; what is there stays alone."""
    ok(client.select("Projects"))
    ok(client.store("1:*", "+FLAGS", "\\Deleted"))
    ok(client.close())
    ok(client.delete("Projects"))
    ok(client.select("INBOX"))
    ok(client.store("1", "+FLAGS", "\\Deleted"))
    ok(client.expunge())
    base = ("--data-dir", server.folder, "restore", backups, "--backup", first["name"], "--account", USER)
    said = run(*base, "--dry-run")
    expect("messages to restore: 4" in said and "3 Projects (created, new UIDs)" in said and
           "1 INBOX (new UIDs)" in said, said)
    expect("Projects" not in str(client.list()), "--dry-run has changed something")
    said = run(*base, "--subject", "PROJECT 2")
    expect("messages restored: 1" in said, said)
    said = run(*base, "--message-id", "<project.1@example.com>")
    expect("messages restored: 1" in said, said)
    said = run(*base)
    expect("messages restored: 2" in said, said)
    expect(subjects(client, "Projects") == ["project 0", "project 1", "project 2"], "Projects")
    ok(client.select("Projects"))
    expect(ok(client.search(None, "FLAGGED")) != [b""], "the flags were lost")
    expect("between" in subjects(client) and subjects(client).count("first 0") == 1, "INBOX")
    said = run(*base)
    expect("messages restored: 0" in said, f"a second time doubles: {said}")
    said = run(*base[:-1], "nobody@demo.example", codes=(1,))
    expect("there is no account" in said, said)


def uids(client, mailbox):
    ok(client.select(mailbox, readonly=True))
    return [int(uid) for uid in ok(client.uid("SEARCH", "ALL"))[0].split()]


def test_removed_account(top):
    """An account that does not exist any more comes back as it was, and clients keep what they know of it."""
    folder, backups, user = os.path.join(top, "removed"), os.path.join(top, "removed-backups"), "eve@demo.example"
    with Server(folder=folder) as server:
        without = take(server, backups)["name"]
        next_second()
        client = server.imap(user)
        ok(client.create("Projects"))
        for n in range(3):
            ok(client.append("Projects", "(\\Seen $Work)", None, message(f"kept {n}", 300_000)))
        ok(client.select("Projects"))
        ok(client.store("2", "+FLAGS", "\\Deleted"))
        ok(client.expunge())
        run("--data-dir", folder, "alias", "add", "evelyn@demo.example", user)
        take(server, backups)
        ok(client.append("Projects", None, None, message("after the backup")))
        last = numbers(client, "Projects")
        client.logout()
        run("--data-dir", folder, "account", "remove", user, "--yes")
        said = run("--data-dir", folder, "restore", backups, "--account", user, "--dry-run", codes=(1,))
        expect("posthorn account undelete" in said, said)
    # The same server, without the account: as it was before there was one.
    folder = os.path.join(top, "without")
    run("--data-dir", folder, "restore", backups, "--backup", without)
    base = ("--data-dir", folder, "restore", backups, "--account", user)
    said = run(*base, "--dry-run")
    expect("2 Projects (created, same UIDs)" in said and "can come back as it was" in said, said)
    with Server(folder=folder) as server:
        said = run(*base, "--subject", "kept", "--dry-run")
        expect("(created, new UIDs)" in said, f"single messages are new ones: {said}")
        said = run(*base)
        expect("is back as it was" in said and "aliases restored: 1, messages restored: 2" in said, said)
        client = server.imap(user)
        now = numbers(client, "Projects")
        expect(now[0] == last[0] and now[1] > last[1] and now[2] > last[2], f"{last} then {now}")
        expect(uids(client, "Projects") == [1, 3], "the UIDs are others")
        expect(subjects(client, "Projects") == ["kept 0", "kept 2"], "Projects")
        ok(client.append("Projects", None, None, message("new")))
        expect(uids(client, "Projects")[-1] >= last[1], "a UID was given out twice")
        client.logout()
        expect("evelyn@demo.example" in run("--data-dir", folder, "alias", "list"), "the alias")
        said = run(*base)
        expect("messages restored: 0" in said, said)
        server.check()
    # In another server's store, the numbers mean something else.
    other = os.path.join(top, "other")
    with Server(folder=other) as server:
        said = run("--data-dir", other, "restore", backups, "--account", user)
        expect("not one of this server" in said and "2 Projects (created, new UIDs)" in said, said)
        server.check()


def test_whole_server(server, client, backups, second):
    """The restored server skips what the burned one may have given out after the backup."""
    before = numbers(client)
    for n in range(5):
        ok(client.append("INBOX", None, None, message(f"lost {n}")))
    lost = numbers(client)
    expect(lost[1] == before[1] + 5, "UIDNEXT")
    client.logout()
    server.stop()
    folder = tempfile.mkdtemp(prefix="posthorn-restored-")
    said = run("--data-dir", server.folder, "restore", backups, codes=(1,))
    expect("is not empty" in said, said)
    said = run("--data-dir", folder, "restore", backups, "--dry-run")
    expect(os.listdir(folder) == [] and "would restore" in said, said)
    run("--data-dir", folder, "restore", backups)
    expect(not os.path.exists(os.path.join(folder, "restoring")), "remains")
    with open(os.path.join(server.folder, "secret"), "rb") as a, open(os.path.join(folder, "secret"), "rb") as b:
        expect(a.read() == b.read(), "the secret")
    with Server(folder=folder) as restored:
        after = restored.imap(USER)
        now = numbers(after)
        expect(now[0] == lost[0] and now[1] > lost[1] and now[2] > lost[2], f"{lost} then {now}")
        names = subjects(after)
        expect("between" in names and not any("lost" in name for name in names), names)
        ok(after.append("INBOX", None, None, message("after")))
        ok(after.select("INBOX"))
        uid = int(ok(after.uid("SEARCH", "SUBJECT", "after"))[0].split()[-1])
        expect(uid >= lost[1], f"UID {uid} was given out before")
        after.logout()
        restored.check()
    shutil.rmtree(folder)


def test_stopped(server, backups):
    next_second()
    made = take(server, backups)
    said = run("backup", "prune", backups, "--keep-last", "1", "--dry-run")
    expect(made["name"] not in said, said)
    many = len(contents(backups))
    run("backup", "prune", backups, "--keep-last", "1")
    expect(len(contents(backups)) < many, "nothing was freed")
    expect(run("backup", "list", backups).startswith(made["name"]), "the newest is kept")
    expect("no faults found" in run("backup", "verify", backups), "what is left is whole")
    run("backup", "prune", backups, codes=(1,))
    said = run("--data-dir", server.folder, "backup", os.path.join(server.folder, "backups"), codes=(1,))
    expect("is in the data directory" in said, said)
    run("backup", "list", server.folder, codes=(1,))


def test():
    top = tempfile.mkdtemp(prefix="posthorn-backups-")
    backups = os.path.join(top, "backups")
    server = Server(folder=os.path.join(top, "data"))
    try:
        client = server.imap(USER)
        for n in range(5):
            ok(client.append("INBOX", None, None, message(f"first {n}", 100_000 * n)))
        ok(client.create("Projects"))
        for n in range(3):
            ok(client.append("Projects", "(\\Flagged $Work)", None, message(f"project {n}")))
        first, second = test_incremental(server, client, backups)
        test_killed(server, client, backups)
        test_verify(backups)
        test_account(server, client, backups, first)
        test_removed_account(top)
        test_whole_server(server, client, backups, second)
        test_stopped(server, backups)
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    shutil.rmtree(top)


if __name__ == "__main__":
    main(test)
