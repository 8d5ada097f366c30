#!/usr/bin/env python3
"""Accounts that a database of SQLite has: logins, deliveries, what is remembered, and what `posthorn account` says."""

import contextlib
import imaplib
import os
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import people  # noqa: E402
from people import ANN, BAD, BOB, EVE, OFF, SECRET  # noqa: E402
from posthorn import Server, expect, main, ok  # noqa: E402

QUERIES = {
    "user_query": "SELECT name, password, enabled, quota, groups FROM users WHERE name = %{name}",
    "alias_query": "SELECT target FROM aliases WHERE address = %{name}",
    "domain_query": "SELECT 1 FROM domains WHERE name = %{domain}",
    "password_scheme": "PLAIN",
}

# Hashes that cannot be verified, or not at a bounded cost, with what the log says of each.
UNUSABLE = {
    "broken": ("{SSHA}no-hash!", "the SSHA hash is malformed"),
    "short": ("{CRYPT}$6$YXMJDmZUj8pgxBhb$/mA9mheyw2Mt832owy46T3wJTbuQG46z65wWKcK1N",
              "the SHA512-CRYPT hash is incomplete"),
    "unknown": ("{CRAM-MD5}9186d855e11eba527a7a52ca82b313e1", "the scheme CRAM-MD5 is not supported"),
    "rounds": ("{CRYPT}$6$rounds=1000001$salt$hash", "the SHA512-CRYPT hash has 1000001 iterations; at most 1000000"),
    "cost": ("{CRYPT}$2y$15$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO",
             "the BLF-CRYPT hash has cost 15; at most 14"),
    "memory": ("{CRYPT}$argon2id$v=19$m=262145,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
               "the ARGON2ID hash has 268436480 octets of memory; at most 268435456"),
    "scrypt": ("{CRYPT}$y$jET$F5Jx5fExrKuPp53xLKQ..1$hash", "the YESCRYPT hash has 536870912 octets of memory"),
    "keys": ("{SCRAM-SHA-256}1000001,VBr22/nFn7Qf2QV+MaWqkg==,UR1ncJJq3nwlbVKegUkpqQaBUnH6VF9asiVyDToSf1o=,"
             "DIzkKaplDxSjPvAwWYy9kC6JZBB3KgsrDStC1U7Nor4=", "the SCRAM-SHA-256 keys have 1000001 iterations"),
}


def change(file, *statements):
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        for statement in statements:
            database.execute(*statement)


def create(file):
    change(file,
           ("CREATE TABLE users (name TEXT, password TEXT, enabled INT, quota INT, groups TEXT)",),
           ("CREATE TABLE aliases (address TEXT, target TEXT)",),
           ("CREATE TABLE domains (name TEXT)",),
           ("INSERT INTO domains VALUES ('example.org'), ('example.com')",),
           ("INSERT INTO aliases VALUES (?, ?)", (people.ALIAS, ANN)),
           # {SSHA} and {CRYPT} hashes are as they come, whatever the scheme of the others is.
           ("INSERT INTO users VALUES (?, ?, 1, 1000000, 'staff'), (?, ?, 1, NULL, 'staff'), (?, ?, 0, NULL, NULL),"
            "(?, NULL, 1, NULL, NULL), ('hash@example.org', '{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje', 1, NULL, NULL),"
            "('cat@example.com', ?, 1, NULL, NULL)",
            (ANN, SECRET, BOB, SECRET, OFF, SECRET, BAD, SECRET)),
           *(("INSERT INTO users VALUES (?, ?, 1, NULL, NULL)", (f"{name}@example.org", text))
             for name, (text, _) in UNUSABLE.items()))


def server_on(folder, file, **keys):
    return Server(folder=os.path.join(folder, "data"), any_user=False, quiet=False, arguments=people.ARGUMENTS,
                  settings=people.settings("sqlite", file=file, **QUERIES, **keys))


def asked_each_time(folder, file):
    with server_on(folder, file) as server:
        people.works(server)
        people.receives(server)
        expect(f"directory work: the entry of {BAD}: password is NULL" in server.log(), server.log())
        expect(people.imap(server, "hash@example.org", "secret") == "OK", "a hash")
        for name, (text, why) in UNUSABLE.items():
            user = f"{name}@example.org"
            expect(people.imap(server, user, "secret") == "UNAVAILABLE", f"{name}: a hash that cannot be used")
            expect(people.lmtp(server, user) == 451, f"{name}: mail is not refused for good")
            expect(f"directory work: the entry of {user}: {why}" in server.log(), f"{name}: {server.log()}")
            expect(text[-12:] not in server.log(), f"{name}: a hash is in the log")
        expect(people.imap(server, "cat@example.com") == "OK", "a domain of the database")
        # SCRAM needs keys, and a directory has none.
        client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        expect("AUTH=SCRAM-SHA-256" not in client.capabilities, f"offered: {client.capabilities}")
        client.logout()
        # The quota and the groups are those of the database.
        ann = server.imap(ANN, SECRET)
        quota = ok(ann.getquotaroot("INBOX"))
        expect(" 976" in str(quota), f"the quota: {quota}")
        ok(ann.create("Plans"))
        server.run("mailbox", "share", ANN, "Plans", "group:staff", "--rights", "lr")
        bob = server.imap(BOB, SECRET)
        expect(any(b"Plans" in line for line in ok(bob.list())), f"{bob.list()}")
        server.run("account", "forget", ANN)
        # A changed password counts at once, and a removed user is gone.
        change(file, ("UPDATE users SET password = ? WHERE name = ?", (people.CHANGED, ANN)))
        expect(people.imap(server, ANN) == "AUTHENTICATIONFAILED", "the old password")
        expect(people.imap(server, ANN, people.CHANGED) == "OK", "the new password")
        change(file, ("UPDATE users SET password = ? WHERE name = ?", (SECRET, ANN)))
        # Down.
        os.rename(file, file + ".away")
        people.fails_temporarily(server)
        os.rename(file + ".away", file)
        people.comes_back(server)
        people.works(server)
        listed = server.run("account", "list")
        expect("directory work" in listed and ANN in listed and OFF not in listed, listed)
        said = server.run("account", "passwd", ANN, "--password-file", "/dev/null", codes=(1, 2))
        expect(said == "", said)
        people.is_disabled_at_once(
            server, *(lambda state=state: change(file, ("UPDATE users SET enabled = ? WHERE name = ?", (state, ANN)))
                      for state in (0, 1)))


def remembered(folder, file):
    with server_on(folder, file, cache_time="1h", negative_cache_time="1h") as server:
        # The first login makes the account, and its password is remembered from the second one on.
        for _ in range(2):
            expect(people.imap(server, ANN) == "OK" and people.lmtp(server, BOB) == 250, "it works")
        expect(people.lmtp(server, EVE) == 550, "eve is nobody")
        change(file, ("INSERT INTO users VALUES (?, ?, 1, NULL, NULL)", (EVE, SECRET)))
        expect(people.lmtp(server, EVE) == 550, "what is unknown is remembered")
        server.run("account", "forget", EVE)
        expect(people.lmtp(server, EVE) == 250, "what is unknown is forgotten")
        os.rename(file, file + ".away")
        # What was right a moment ago, and nothing else.
        expect(people.imap(server, ANN) == "OK" and people.lmtp(server, BOB) == 250, "it is remembered")
        expect(people.imap(server, ANN, "wrong") == "UNAVAILABLE", "a wrong password, down")
        os.rename(file + ".away", file)
        people.comes_back(server)
        # Sessions of somebody who is disabled end when it is noticed.
        client = server.imap(ANN, SECRET)
        change(file, ("UPDATE users SET enabled = 0 WHERE name = ?", (ANN,)))
        ok(client.noop())
        server.run("account", "forget", ANN)
        try:
            expect(client.noop()[0] == "BYE", "the session goes on")
        except (imaplib.IMAP4.abort, OSError):
            pass
        expect(people.imap(server, ANN) == "NOPERM", "a remembered password of somebody who is disabled")


def sessions_end(folder, file):
    """A database does not tell that it has disabled or removed somebody: it is asked about those who have a session."""
    with server_on(folder, file, cache_time="1s", negative_cache_time="1s") as server:
        expect(people.imap(server, ANN) == "OK", "the first login")
        app = server.run("account", "app-password", "add", ANN, "phone").strip()
        disabled = [server.imap(ANN, SECRET), server.imap(ANN, app)]
        removed, stays = server.imap(BOB, SECRET), server.imap("hash@example.org", "secret")
        change(file, ("UPDATE users SET enabled = 0 WHERE name = ?", (ANN,)))
        change(file, ("DELETE FROM users WHERE name = ?", (BOB,)))
        began = time.monotonic()
        for client in (*disabled, removed):
            said = client.readline()
            expect(said.startswith(b"* BYE [UNAVAILABLE]"), f"the session says {said}")
            # Ten seconds are the shortest time between two looks.
            expect(time.monotonic() - began < 40, f"it took {time.monotonic() - began:.0f} s")
        # While it cannot be asked, nobody's session ends.
        os.rename(file, file + ".away")
        time.sleep(12)
        ok(stays.noop())
        os.rename(file + ".away", file)
        stays.logout()


def test():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "people.sqlite")
        create(file)
        asked_each_time(folder, file)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "people.sqlite")
        create(file)
        remembered(folder, file)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "people.sqlite")
        create(file)
        sessions_end(folder, file)


if __name__ == "__main__":
    main(test)
