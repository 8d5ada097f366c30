#!/usr/bin/env python3
"""A store with a damaged blob file: what clients, export and check make of it."""

import glob
import os
import poplib
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402

USER = "ada@example.org"
MARKER = b"HERE-IT-IS-DAMAGED"


def message(number):
    """700 KB that no packing makes smaller, so that a marker is found again in the file."""
    marker = MARKER if number == 2 else b"all is well"
    chance = random.Random(number)
    octets = bytes(c for c in chance.randbytes(700_000) if c not in b"\0\r\n")
    lines = [octets[i:i + 900] for i in range(0, len(octets), 900)]
    lines[len(lines) // 2] = marker
    return (b"From: a@example.com\r\nSubject: number %d\r\n\r\n" % number +
            b"\r\n".join(lines) + b"\r\n")


def as_sent(octets):
    """Without the fields that the delivery put in front."""
    return octets[octets.index(b"From: a@"):]


def blob_with(folder, octets):
    for path in glob.glob(os.path.join(folder, "**", "*.blob"), recursive=True):
        with open(path, "rb") as f:
            at = f.read().find(octets)
        if at >= 0:
            return path, at
    return None, 0


def damage(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(b"X" * 8)


def test_imap(server):
    imap = server.imap(USER)
    ok(imap.select("INBOX"))
    kind, said = imap.fetch("1:*", "(UID BODY.PEEK[])")
    expect(kind == "NO" and b"CORRUPTION" in said[-1] and b"UID 2" in said[-1], f"FETCH: {kind} {said[-1]}")
    given = imap.response("FETCH")[1]
    given = [as_sent(part[1]) for part in given if isinstance(part, tuple)]
    expect(given == [message(1), message(3)], f"FETCH gave {len(given)} messages")
    expect(len(ok(imap.fetch("2", "(ENVELOPE)"))) == 1, "ENVELOPE of the damaged message")
    expect(ok(imap.search(None, "TEXT", "number")) == [b"1 2 3"], "SEARCH that the header decides")
    expect(ok(imap.search(None, "BODY", '"nothing like it"')) == [b""], "SEARCH BODY")
    expect(b"UID 2" in imap.untagged_responses.get("NO", [b""])[-1], "SEARCH BODY does not warn")
    ok(imap.copy("2", "Archive"))
    ok(imap.noop())
    imap.logout()


def test_pop3(server):
    pop = server.pop3(USER)
    try:
        pop.retr(2)
        expect(False, "RETR gave a damaged message")
    except poplib.error_proto as e:
        expect(b"[SYS/PERM]" in e.args[0], f"RETR: {e}")
    lines = pop.retr(3)[1]
    expect(as_sent(b"\r\n".join(lines) + b"\r\n") == message(3), "RETR of the next message")
    pop.quit()


def test_log(server):
    lines = [line for line in server.log().splitlines() if "UID 2 " in line and "cannot be read" in line]
    expect(len(lines) == 1 and "INBOX" in lines[0], f"the log was not told once: {lines}")


def test_export(server):
    with tempfile.TemporaryDirectory() as folder:
        server.run("export", USER, os.path.join(folder, "out"), "--mailbox", "INBOX", codes=(3,))
        names = glob.glob(os.path.join(folder, "out", "cur", "*"))
        expect(len(names) == 2, f"exported were {names}")


def test_check(server, path):
    server.run("check")  # Bodies are not read.
    said = server.run("check", "--deep", codes=(3,))
    expect('"INBOX": UID 2:' in said and '"INBOX": UID 1' not in said, f"check --deep: {said}")
    os.truncate(path, os.path.getsize(path) - 100)
    said = server.run("check", codes=(3,))
    expect(os.path.basename(path) in said and "UID 2:" in said, f"check: {said}")
    os.rename(path, path + ".away")
    said = server.run("check", codes=(3,))
    expect(os.path.basename(path) in said and "missing" in said, f"check: {said}")
    os.rename(path + ".away", path)


def test():
    with Server() as server:
        lmtp = server.lmtp()
        for number in (1, 2, 3):
            codes = lmtp.deliver(message(number), USER)
            expect(codes == [250], f"a message was refused: {codes}")
        lmtp.close()
        server.stop()
        path, at = blob_with(server.folder, MARKER)
        expect(path, "the message is in no blob file")
        damage(path, at)
        server.start()
        test_imap(server)
        test_pop3(server)
        test_log(server)
        test_export(server)
        test_check(server, path)


if __name__ == "__main__":
    main(test)
