#!/usr/bin/env python3
"""Mail as people sent it, from a folder that is not part of this repository (POSTHORN_SHARED_MAIL, or
../shared/mail beside the source): imported and delivered, it comes back octet for octet, and can be
listed, searched, sorted and threaded."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
from posthorn import Server, expect, main, ok, skip  # noqa: E402

MAIL = os.environ.get("POSTHORN_SHARED_MAIL",
                      os.path.join(HERE, "..", "..", "..", "shared", "mail"))


def as_stored(octets):
    """Lines end with CRLF, and there is no NUL."""
    return re.sub(rb"\r?\n", b"\r\n", octets).replace(b"\0", b"\x80")


def load():
    found = []
    for folder, _, names in os.walk(MAIL):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                octets = f.read()
            if octets:
                found.append(octets)
    return found


def fetch_all(imap, mailbox):
    count = int(ok(imap.select(mailbox, readonly=True))[0])
    if count == 0:
        return []
    parts = [p for p in ok(imap.fetch("1:*", "(BODY.PEEK[])")) if isinstance(p, tuple)]
    expect(len(parts) == count, f"{mailbox}: {len(parts)} of {count} were fetched")
    return [p[1] for p in parts]


def names_of(imap):
    names = []
    for line in ok(imap.list()):
        if isinstance(line, bytes) and b"\\Noselect" not in line and b"\\NonExistent" not in line:
            names.append(re.search(rb'"/" (.*)$', line).group(1).decode())
    return names


def fetch_everything(imap, mailbox, count):
    """Every item of every message, so that nothing in any of them is too much for it."""
    items = ("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER] "
             "BODY.PEEK[TEXT] BODY.PEEK[1] BODY.PEEK[]<0.100>)")
    said = ok(imap.fetch(f"1:{count}", items))
    expect(b"".join(p[0] if isinstance(p, tuple) else p for p in said).count(b"ENVELOPE") == count,
           f"{mailbox}: not every ENVELOPE came")


def look(imap, mailbox):
    count = int(ok(imap.select(mailbox, readonly=True))[0])
    if count == 0:
        return
    numbers = sorted(range(1, count + 1))
    for order in ("DATE", "SUBJECT", "FROM", "SIZE", "REVERSE ARRIVAL"):
        data = ok(imap.sort(f"({order})", "UTF-8", "ALL"))[0].split()
        expect(sorted(map(int, data)) == numbers, f"{mailbox}: SORT {order} lost something")
    for algorithm in ("REFERENCES", "ORDEREDSUBJECT"):
        data = ok(imap.thread(algorithm, "UTF-8", "ALL"))[0]
        expect(sorted(map(int, re.findall(rb"\d+", data))) == numbers,
               f"{mailbox}: THREAD {algorithm} lost something")
    ok(imap.search(None, "TEXT", '"the"'))
    some = ok(imap.search(None, "OR", "FROM", '"a"', "BODY", '"e"'))[0].split()
    expect(some, f"{mailbox}: SEARCH found nothing at all")
    fetch_everything(imap, mailbox, count)


def test_import(server, messages):
    server.run("import", "import@example.org", MAIL, "--quiet", codes=(0, 3))
    again = server.run("import", "import@example.org", MAIL, codes=(0, 3))
    imap = server.imap("import@example.org")
    got = []
    for name in names_of(imap):
        got += fetch_all(imap, name)
        look(imap, name)
    wanted = sorted(as_stored(m) for m in messages)
    expect(len(got) == len(wanted), f"{len(got)} of {len(wanted)} are there after two imports {again}")
    expect(sorted(got) == wanted, "what was imported is not what is fetched")
    imap.logout()


def test_delivery(server, messages):
    lmtp, user = server.lmtp(), "deliver@example.org"
    sent = []
    for octets in messages:
        text = as_stored(octets)
        if b"\0" in octets:
            expect(lmtp.deliver(re.sub(rb"\r?\n", b"\r\n", octets), user) == [554], "NUL was taken")
            continue
        expect(lmtp.deliver(text, user) == [250], "a delivery was refused")
        sent.append(text if text.endswith(b"\r\n") else text + b"\r\n")
    lmtp.close()
    imap = server.imap(user)
    got = fetch_all(imap, "INBOX")
    expect(len(got) == len(sent), f"{len(got)} of {len(sent)} were delivered")
    for number, (fetched, text) in enumerate(zip(got, sent)):
        expect(fetched.startswith(b"Return-Path: <sender@example.com>\r\n"), f"{number}: Return-Path")
        expect(fetched.endswith(b"\r\n" + text), f"{number} is not what was delivered")
    look(imap, "INBOX")
    imap.logout()


def test():
    if not os.path.isdir(MAIL):
        skip(f"{MAIL} is not there")
    messages = load()
    with Server() as server:
        server.imap("import@example.org").logout()  # Makes the account.
        test_import(server, messages)
        test_delivery(server, messages)
        server.check()
    print(f"{len(messages)} messages")


if __name__ == "__main__":
    main(test)
