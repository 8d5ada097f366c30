#!/usr/bin/env python3
"""A session that is told of 1,000 mailboxes (NOTIFY, RFC 5465) takes no more than 32 KiB: of one's own mailboxes, of
those that others share, of those that it has named one by one, and while it does not read what it is told.

    notify_memory_test.py [--sessions 1000] [--mailboxes 1000] [--most-kib 32] [--only NAME]"""

import argparse
import os
import resource
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

OWNER, READER = "owner@example.org", "bob@example.org"
EVENTS = "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange)"
MESSAGE = b"Subject: x\r\n\r\ny\r\n"


def memory(server):
    """Octets of its own and resident, without the program's text and what others share."""
    with open(f"/proc/{server.process.pid}/smaps_rollup", encoding="utf-8") as f:
        for line in f:
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no Anonymous in smaps_rollup")


class Watcher:
    """A connection that asks to be told."""

    def __init__(self, server, user, group):
        self.socket = socket.create_connection(("127.0.0.1", server.imap_port), timeout=120)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.say(f"a LOGIN {user} {PASSWORD}")
        self.say(f"b NOTIFY SET ({group} {EVENTS})")

    def say(self, command):
        self.socket.sendall(command.encode() + b"\r\n")
        tag = command.split(" ", 1)[0].encode()
        while True:
            line = self.file.readline()
            expect(line, f"the connection was closed after {command[:60]}")
            if line.startswith(tag + b" "):
                expect(line.startswith(tag + b" OK"), f"{command[:60]}: {line}")
                return

    def hears(self, name, count):
        """So many lines about this mailbox; others are passed over."""
        while count:
            line = self.file.readline()
            expect(line, "the connection was closed")
            if name.encode() in line:
                count -= 1

    def close(self):
        self.file.close()
        self.socket.close()


def name_of(i):
    return f"folder {i:06}"


def make_mailboxes(server, count):
    server.imap(READER).logout()  # Nobody can be granted anything before there is the account.
    owner = server.imap(OWNER)
    for i in range(count):
        ok(owner.create(f'"{name_of(i)}"'))
        ok(owner.setacl(f'"{name_of(i)}"', READER, "lr"))
    return owner


def groups(count):
    """Whose sessions they are, and what they ask for."""
    shared = f"Other Users/{OWNER}"
    # As many names as a request may have octets for.
    names = " ".join(f'"{name_of(i)}"' for i in range(min(count, 900)))
    return {"own": (OWNER, "personal"), "named": (OWNER, f"mailboxes ({names})"),
            "others": (READER, f'subtree "{shared}"')}


def measure(server, owner, name, user, group, options):
    # What the first session of an account makes the server read is not the session's.
    Watcher(server, user, group).close()
    before = memory(server)
    watchers = [Watcher(server, user, group) for _ in range(options.sessions)]
    quiet = (memory(server) - before) / options.sessions / 1024
    last = name_of(min(options.mailboxes, 900) - 1)
    # Something happens in each mailbox, and the sessions do not read yet.
    for i in range(options.mailboxes):
        ok(owner.append(f'"{name_of(i)}"', None, None, MESSAGE))
    busy = (memory(server) - before) / options.sessions / 1024
    for watcher in watchers[:3]:
        watcher.hears(last, 1)
    for watcher in watchers:
        watcher.close()
    print(f"{name}: {quiet:.1f} KiB a session, {busy:.1f} KiB after something has happened everywhere", flush=True)
    expect(quiet <= options.most_kib and busy <= options.most_kib, f"{name}: a session takes too much memory")


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--sessions", type=int, default=1000)
    p.add_argument("--mailboxes", type=int, default=1000)
    p.add_argument("--most-kib", type=float, default=32)
    p.add_argument("--only")
    return p.parse_args()


def test():
    options = arguments()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * options.sessions + 500
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    limits = [f"limits.{key}={10 * options.sessions}" for key in ("per_user", "per_address")]
    for name, (user, group) in groups(options.mailboxes).items():
        if options.only not in (None, name):
            continue
        # A server for each, which has freed nothing yet that new sessions would get.
        with Server(settings=limits, engine="memory") as server:
            owner = make_mailboxes(server, options.mailboxes)
            measure(server, owner, name, user, group, options)
            owner.logout()


main(test)
