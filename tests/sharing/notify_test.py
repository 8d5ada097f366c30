#!/usr/bin/env python3
"""NOTIFY (RFC 5465) for mailboxes of others and of teams: what is told, and that nothing is told of what a user may not see, before a
right is granted and after it was taken."""

import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
TEAM = "support@example.org"
WORK = f"Other Users/{ANN}/Work"
MESSAGE = b"Subject: x\r\n\r\ny\r\n"
SILENCE = 0.3  # Seconds in which nothing may come.


class Client:
    """A connection that hears what it did not ask for."""

    def __init__(self, server, user):
        self.socket = socket.create_connection(("127.0.0.1", server.imap_port), timeout=30)
        self.buffer = b""
        self.number = 0
        self.line()
        expect(self.say(f"LOGIN {user} {PASSWORD}")[-1].startswith("TAG OK"), f"no login as {user}")

    def line(self, timeout=30):
        """None if nothing comes."""
        self.socket.settimeout(timeout)
        while b"\r\n" not in self.buffer:
            try:
                octets = self.socket.recv(65536)
            except TimeoutError:
                return None
            expect(octets, "the connection was closed")
            self.buffer += octets
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode()

    def say(self, command):
        self.number += 1
        tag = f"n{self.number}"
        self.socket.sendall(f"{tag} {command}\r\n".encode())
        lines = []
        while True:
            line = self.line()
            expect(line is not None, f"no answer to {command}: {lines}")
            lines.append(line)
            if line.startswith(tag + " "):
                lines[-1] = line.replace(tag, "TAG", 1)
                return lines

    def notify(self, what, untagged=()):
        lines = self.say(f"NOTIFY SET {what}")
        expect(lines[-1].startswith("TAG OK"), f"{what}: {lines}")
        expect(len(lines) == 1 + len(untagged) and all(re.fullmatch(p, line) for p, line in zip(untagged, lines)),
               f"{what}: {lines}")

    def hears(self, *patterns):
        """These lines, in any order, and nothing else."""
        missing = list(patterns)
        while missing:
            line = self.line()
            found = next((p for p in missing if line and re.fullmatch(p, line)), None)
            expect(found, f"heard {line}, waited for {missing}")
            missing.remove(found)
        self.hears_nothing()

    def hears_nothing(self):
        line = self.line(SILENCE)
        expect(line is None, f"heard {line}")

    def close(self):
        self.socket.close()


def status(name, values):
    return rf'\* STATUS "?{re.escape(name)}"? \({values}.*\)'


def listed(name, *attributes, more=""):
    """LIST with these attributes among others."""
    wanted = "".join(rf"(?=[^)]*\\{a}\b)" for a in attributes)
    return rf'\* LIST \({wanted}(?![^)]*{more or "=="})[^)]*\) "/" "?{re.escape(name)}"?'


def rights_come_and_go(server, ann):
    """Bob watches one mailbox that he may not see yet."""
    bob = Client(server, BOB)
    bob.notify(f'(mailboxes "{WORK}" (MessageNew MessageExpunge FlagChange MailboxName))')
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears_nothing()
    ok(ann.setacl("Work", BOB, "l"))
    bob.hears(listed(WORK, more="NonExistent"))
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears_nothing()
    # From now on he may read it.
    ok(ann.setacl("Work", BOB, "lrs"))
    bob.hears(status(WORK, "MESSAGES 2 UIDNEXT 3 UIDVALIDITY"))
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears(status(WORK, "MESSAGES 3 UIDNEXT 4"))
    # What Ann reads is Ann's.
    ok(ann.select("Work"))
    ok(ann.store("1", "+FLAGS", "(\\Seen)"))
    bob.hears_nothing()
    ok(ann.store("1", "+FLAGS", "(\\Deleted)"))
    ok(ann.expunge())
    bob.hears(status(WORK, "MESSAGES 2 UIDNEXT 4"))
    ok(ann.unselect())
    # What Bob does himself he knows.
    ok(ann.setacl("Work", BOB, "lrsi"))
    lines = bob.say(f'APPEND "{WORK}" {{{len(MESSAGE)}+}}\r\n{MESSAGE.decode()}')
    expect(lines[-1].startswith("TAG OK"), f"{lines}")
    bob.hears_nothing()
    # Another session of Bob's marks it as read: that is told.
    other = server.imap(BOB)
    ok(other.select(f'"{WORK}"'))
    ok(other.store("1", "+FLAGS", "(\\Seen)"))
    bob.hears(status(WORK, r".*UNSEEN \d+"))
    other.logout()
    # Taken while being watched: told once, and then nothing.
    ok(ann.setacl("Work", BOB, '""'))
    bob.hears(listed(WORK, "NonExistent", more="NoAccess"))
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears_nothing()
    ok(ann.setacl("Work", BOB, "r"))
    bob.hears_nothing()
    ok(ann.setacl("Work", BOB, "lr"))
    bob.hears(listed(WORK, more="NonExistent"), status(WORK, "MESSAGES 4 UIDNEXT 6"))
    ok(ann.setacl("Work", BOB, "r"))
    bob.hears(listed(WORK, "NonExistent", "NoAccess"))
    ok(ann.setacl("Work", BOB, '""'))
    bob.hears_nothing()
    bob.close()


def groups(server, ann):
    """Which groups have mailboxes of others."""
    ok(ann.create("Hidden"))
    ok(ann.setacl("Work", BOB, "lr"))
    events = "(MessageNew MessageExpunge)"
    told = status(WORK, r"MESSAGES \d+")
    for group, hears in ((f"(subscribed {events})", True), ('(subtree "Other Users" %s)' % events, True),
                         (f"(personal {events})", False), (f'(subtree "Other Users/{ANN}" {events})', True),
                         (f"(inboxes {events})", False),
                         (f'(mailboxes "{WORK}" {events})', True), (f'(mailboxes "Other Users/{ANN}" {events})', False),
                         (f'(subtree "Shared Folders" {events})', False)):
        bob = Client(server, BOB)
        bob.notify(group)
        ok(ann.append("Work", None, None, MESSAGE))
        ok(ann.append("Hidden", None, None, MESSAGE))
        if hears:
            bob.hears(told)
        else:
            bob.hears_nothing()
        bob.close()
    # The status at the beginning, and what may be seen and not read.
    ok(ann.create("Seen"))
    ok(ann.setacl("Seen", BOB, "l"))
    bob = Client(server, BOB)
    names = f'"{WORK}" "Other Users/{ANN}/Seen" "Other Users/{ANN}/Hidden" "Other Users/nobody@example.org/X"'
    bob.notify(f"STATUS (mailboxes ({names}) {events})",
               [rf'\* LIST \(\\NoAccess\) (NIL|"/"|"") "?Other Users/{ANN}/Seen"?', told])
    # Told in IDLE, too.
    bob.socket.sendall(b"i IDLE\r\n")
    expect(bob.line().startswith("+"), "IDLE")
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears(told)
    bob.socket.sendall(b"DONE\r\n")
    expect(bob.line().startswith("i OK"), "DONE")
    # A mailbox that is selected is not told of by its status.
    bob.say(f'EXAMINE "{WORK}"')
    ok(ann.append("Work", None, None, MESSAGE))
    bob.hears_nothing()
    bob.close()


def names(server, ann):
    """Creation, renaming and removal below a shared mailbox; a subscription."""
    bob = Client(server, BOB)
    bob.notify('(subtree "Other Users" (MailboxName SubscriptionChange MessageNew MessageExpunge))')
    below = f"{WORK}/Below"
    ok(ann.create("Work/Below"))
    bob.hears(listed(below, "HasNoChildren", more="NonExistent"), listed(WORK, "HasChildren"))
    ok(ann.create("Hidden/Below"))
    bob.hears_nothing()
    ok(ann.rename("Work/Below", "Work/Now"))
    bob.hears(rf'\* LIST \([^)]*\) "/" "?{re.escape(WORK)}/Now"? \("OLDNAME" \("?{re.escape(below)}"?\)\)')
    ok(ann.rename("Work/Now", "Hidden/Now"))
    hidden = f"Other Users/{ANN}/Hidden"
    bob.hears(rf'\* LIST \([^)]*\) "/" "?{re.escape(hidden)}/Now"? \("OLDNAME" \("?{re.escape(WORK)}/Now"?\)\)')
    # With its last right, what was known of the level above goes, too.
    ok(ann.setacl("Hidden/Now", BOB, '""'))
    bob.hears(listed(hidden + "/Now", "NonExistent"), listed(hidden, "NonExistent", "HasNoChildren"))
    other = server.imap(BOB)
    ok(other.unsubscribe(f'"{WORK}"'))
    bob.hears(listed(WORK, "HasNoChildren", more="NonExistent|Subscribed"))
    ok(other.subscribe(f'"{WORK}"'))
    bob.hears(listed(WORK, "Subscribed", more="NonExistent"))
    other.logout()
    bob.close()


def collect(client):
    """Whatever comes now is put back; how much it is does not matter here, only that nothing follows."""
    lines = []
    while (line := client.line(SILENCE)) is not None:
        lines.append(line)
    client.buffer = "".join(line + "\r\n" for line in lines).encode() + client.buffer
    return lines


def teams(server):
    """A member is told of the team's mail; a membership that begins and ends."""
    server.run("team", "add", TEAM)
    inbox = f"Shared Folders/{TEAM}/INBOX"
    bob = Client(server, BOB)
    bob.notify('(subtree "Shared Folders" (MailboxName MessageNew MessageExpunge))')
    server.run("team", "member", "add", TEAM, BOB)
    lines = collect(bob)
    expect(any(re.match(r"\* LIST .*" + re.escape(inbox), line) for line in lines), f"{lines}")
    lmtp = server.lmtp()
    collect(bob)
    bob.buffer = b""
    expect(lmtp.deliver(MESSAGE, TEAM) == [250], "delivery")
    bob.hears(status(inbox, "MESSAGES 1 UIDNEXT 2"))
    server.run("team", "member", "remove", TEAM, BOB)
    lines = collect(bob)
    bob.buffer = b""
    expect(any(re.match(r"\* LIST \([^)]*NonExistent[^)]*\) .*" + re.escape(inbox), line) for line in lines), f"{lines}")
    expect(lmtp.deliver(MESSAGE, TEAM) == [250], "delivery")
    bob.hears_nothing()
    lmtp.close()
    bob.close()


def annotated(name, *entries):
    return rf'\* METADATA "?{re.escape(name)}"? ' + " ".join(map(re.escape, entries))


def note(client, name, entry, value):
    """Sets an annotation; imaplib does not know the command."""
    ok(client.xatom("SETMETADATA", f'"{name}"', f"({entry} {value})"))


def annotations(server, ann):
    """RFC 5465 §5.6: which entries have changed, while and only while they may be read."""
    ok(ann.create("Notes"))
    ok(ann.setacl("Notes", BOB, "lrw"))
    ok(ann.create("Closed"))
    notes, closed = f"Other Users/{ANN}/Notes", f"Other Users/{ANN}/Closed"
    bob = Client(server, BOB)
    bob.notify(f'(mailboxes ("{notes}" "{closed}") (MailboxMetadataChange))')
    note(ann, "Notes", "/shared/comment", '"x"')
    bob.hears(annotated(notes, "/shared/comment"))
    # What is Ann's own, another mailbox, and the account as a whole.
    note(ann, "Notes", "/private/comment", '"x"')
    note(ann, "Closed", "/shared/comment", '"x"')
    note(ann, "", "/private/vendor/x/y", '"x"')
    bob.hears_nothing()
    # What Bob has set himself he knows, but not that somebody has set it otherwise in the same moment.
    lines = bob.say(f'SETMETADATA "{notes}" (/shared/comment "y" /private/comment "z")')
    expect(len(lines) == 1 and lines[0].startswith("TAG OK"), f"{lines}")
    bob.hears_nothing()
    other = server.imap(BOB)
    note(other, notes, "/private/comment", '"w"')
    bob.hears(annotated(notes, "/private/comment"))
    note(other, notes, "/private/comment", "NIL")
    bob.hears(annotated(notes, "/private/comment"))
    other.logout()
    # What was done before it could be read is not told; what is done afterwards is.
    ok(ann.setacl("Closed", BOB, "lr"))
    bob.hears_nothing()
    note(ann, "Closed", "/shared/comment", "NIL")
    bob.hears(annotated(closed, "/shared/comment"))
    # Nothing after the right to read or to see has gone, nor of that time when it has come back.
    for rights in ("l", "r", '""'):
        ok(ann.setacl("Closed", BOB, rights))
        note(ann, "Closed", "/shared/vendor/x/secret", '"x"')
        bob.hears_nothing()
        ok(ann.setacl("Closed", BOB, "lr"))
        bob.hears_nothing()
        note(ann, "Closed", "/shared/vendor/x/secret", "NIL")
        bob.hears(annotated(closed, "/shared/vendor/x/secret"))
    # Taken and changed in one moment, while Bob is busy: his connection reads it as one.
    ok(ann.setacl("Closed", BOB, '""'))
    note(ann, "Closed", "/shared/comment", '"late"')
    bob.hears_nothing()
    # Without the event nothing is told, unless METADATA is enabled.
    bob.notify(f'(mailboxes "{notes}" (MessageNew MessageExpunge))')
    note(ann, "Notes", "/shared/comment", '"a"')
    bob.hears_nothing()
    expect(bob.say("ENABLE METADATA")[-1].startswith("TAG OK"), "ENABLE")
    note(ann, "Notes", "/shared/comment", '"b"')
    bob.hears(annotated(notes, "/shared/comment"))
    # In IDLE, and in the selected mailbox, as everywhere.
    bob.notify('(subtree "Other Users" (MailboxMetadataChange))')
    bob.say(f'EXAMINE "{notes}"')
    bob.socket.sendall(b"i IDLE\r\n")
    expect(bob.line().startswith("+"), "IDLE")
    note(ann, "Notes", "/shared/comment", "NIL")
    bob.hears(annotated(notes, "/shared/comment"))
    bob.socket.sendall(b"DONE\r\n")
    expect(bob.line().startswith("i OK"), "DONE")
    bob.close()
    for name in ("Notes", "Closed"):
        ok(ann.delete(name))


def nobody_else_hears(server, ann):
    """Eve is told nothing, whatever happens."""
    eve = Client(server, EVE)
    eve.notify('(subtree "Other Users" (MailboxName SubscriptionChange MessageNew MessageExpunge FlagChange '
               'MailboxMetadataChange)) '
               f'(subscribed (MailboxName SubscriptionChange MessageNew MessageExpunge FlagChange)) (mailboxes "{WORK}" '
               '(MailboxName MessageNew MessageExpunge FlagChange))')
    ok(ann.append("Work", None, None, MESSAGE))
    ok(ann.create("Work/Secret"))
    ok(ann.setacl("Work/Secret", EVE, "p"))
    note(ann, "Work/Secret", "/shared/comment", '"x"')
    ok(ann.rename("Work/Secret", "Work/More"))
    ok(ann.select("Work"))
    ok(ann.store("1", "+FLAGS", "(\\Flagged \\Deleted)"))
    ok(ann.expunge())
    ok(ann.unselect())
    eve.hears_nothing()
    # One mailbox that she may read does not open the others.
    ok(ann.create("Hers"))
    ok(ann.setacl("Hers", EVE, "lr"))
    lines = collect(eve)
    expect(lines and all("Hers" in line or re.search(rf'"Other Users/{ANN}"', line) for line in lines), f"{lines}")
    eve.buffer = b""
    ok(ann.append("Work", None, None, MESSAGE))
    ok(ann.delete("Work/More"))
    eve.hears_nothing()
    ok(ann.append("Hers", None, None, MESSAGE))
    expect(set(collect(eve)) and all("Hers" in line for line in collect(eve)), "the one she may read")
    eve.close()


def test():
    with Server() as server:
        for user in (BOB, EVE):
            server.imap(user).logout()
        ann = server.imap(ANN)
        ok(ann.create("Work"))
        rights_come_and_go(server, ann)
        groups(server, ann)
        names(server, ann)
        annotations(server, ann)
        teams(server)
        nobody_else_hears(server, ann)
        ann.logout()
        server.check()


main(test)
