#!/usr/bin/env python3
"""Every command of IMAP on a mailbox of somebody else, with each right alone, with "l" beside it, and with none.

A command that lacks its right is refused, and where "l" is missing too, its answer is compared octet by octet with
that for a mailbox that does not exist (RFC 4314 §6)."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402

OWNER, BOB = "owner@example.org", "bob@example.org"
LETTERS = "lrswipkxtea"
BOX = f"Other Users/{OWNER}/Box"
MISSING = [f"Other Users/{OWNER}/Gone", "Other Users/nobody@nowhere.example/Box"]
MESSAGE = b"Subject: x\r\n\r\ny\r\n"


class Client:
    """Sends commands as they are and returns all octets of the answer."""

    def __init__(self, server, user):
        self.imap = server.imap(user)
        self.number = 0

    def say(self, command, literal=None):
        self.number += 1
        tag = f"t{self.number}"
        text = f"{tag} {command}".encode()
        if literal is not None:
            text += b" {%d+}\r\n" % len(literal) + literal
        self.imap.send(text + b"\r\n")
        lines = []
        while True:
            line = self.imap.readline()
            expect(line, f"the connection was closed after {command}")
            lines.append(line)
            if line.startswith(tag.encode() + b" "):
                return b"".join(lines).replace(tag.encode() + b" ", b"TAG ").decode()


# A command with {} for the mailbox, and the rights of which it needs one.
NAMED = [
    ('SELECT "{}"', "r"),
    ('EXAMINE "{}"', "r"),
    ('STATUS "{}" (MESSAGES UNSEEN UIDNEXT)', "r"),
    ('GETACL "{}"', "a"),
    ('SETACL "{}" eve@example.org l', "a"),
    ('DELETEACL "{}" eve@example.org', "a"),
    ('LISTRIGHTS "{}" eve@example.org', "a"),
    ('MYRIGHTS "{}"', "lrikxa"),
    ('SUBSCRIBE "{}"', "l"),
    ('GETQUOTAROOT "{}"', "r"),
    ('UID COPY 1 "{}"', "i"),
    ('DELETE "{}"', "x"),
]
# With "l" besides one of these.
METADATA = [('GETMETADATA "{}" /shared/comment', "rswip"), ('SETMETADATA "{}" (/private/comment "x")', "rswip")]


def judge(answer, missing, allowed, rights, what):
    last = answer.splitlines()[-1]
    if allowed:
        expect(last.startswith("TAG OK"), f"{what} with {rights!r}: {last}")
    elif "l" in rights:
        expect("NO [NOPERM]" in last, f"{what} with {rights!r}: {last}")
    else:
        for other in missing:
            expect(answer == other, f"{what} with {rights!r} tells that there is something: {answer} instead of {other}")
        expect(last.startswith("TAG NO"), f"{what} with {rights!r}: {last}")


def named(bob, owner, rights):
    for command, needed in NAMED:
        if command.startswith("UID COPY"):
            ok(bob.imap.select("INBOX"))
        answer = bob.say(command.format(BOX))
        missing = [bob.say(command.format(name)) for name in MISSING]
        allowed = any(letter in rights for letter in needed)
        judge(answer, missing, allowed, rights, command)
        if command.startswith("DELETE ") and allowed:
            ok(owner.imap.create("Box"))
            ok(owner.imap.append("Box", None, None, MESSAGE))
            grant(owner, rights)
        bob.say("UNSELECT")
    for command, needed in METADATA:
        answer = bob.say(command.format(BOX))
        missing = [bob.say(command.format(name)) for name in MISSING]
        judge(answer, missing, "l" in rights and any(letter in rights for letter in needed), rights, command)


def with_literals(bob, rights):
    for command in ('APPEND "{}"', ):
        answer = bob.say(command.format(BOX), MESSAGE)
        missing = [bob.say(command.format(name), MESSAGE) for name in MISSING]
        judge(answer, missing, "i" in rights, rights, command)
        expect(("APPENDUID" in answer) == ("i" in rights and "r" in rights), f"APPENDUID with {rights!r}: {answer}")


def urls(bob, rights):
    def catenate(name):
        path = name.replace(" ", "%20")
        answer = bob.say(f'APPEND INBOX CATENATE (URL "/{path}/;UID=1")')
        return re.sub(r"/Other[^\"\]]*", "URL", answer)

    answer = catenate(BOX)
    if "r" in rights:
        expect("TAG OK" in answer, f"CATENATE with {rights!r}: {answer}")
    else:
        for name in MISSING:
            expect(answer == catenate(name), f"CATENATE with {rights!r}: {answer}")


def lists(bob, rights):
    for command in (f'LIST "" "{BOX}"', f'LIST "" "Other Users/{OWNER}/%"', f'LIST "" "Other Users/{OWNER}/*"'):
        answer = bob.say(command)
        expect((BOX in answer) == ("l" in rights), f"{command} with {rights!r}: {answer}")
    answer = bob.say('LIST "" * RETURN (STATUS (MESSAGES) MYRIGHTS METADATA (/shared/comment))')
    expect(("MYRIGHTS \"" + BOX in answer) == ("l" in rights), f"LIST-MYRIGHTS with {rights!r}: {answer}")
    expect(("STATUS \"" + BOX in answer) == ("l" in rights and "r" in rights), f"LIST-STATUS: {answer}")
    expect(("Other Users" in answer) == ("l" in rights), f"LIST with {rights!r}: {answer}")


def creates(bob, owner, rights):
    for command in ('CREATE "{}/Sub"', 'CREATE "{}/Sub/Deep"'):
        answer = bob.say(command.format(BOX))
        if "k" in rights:
            expect("TAG OK" in answer, f"{command} with {rights!r}: {answer}")
            owner.say("DELETE Box/Sub/Deep")
            ok(owner.imap.delete("Box/Sub"))
        else:
            expect("TAG NO [NOPERM]" in answer, f"{command} with {rights!r}: {answer}")
            for name in MISSING:
                expect(answer == bob.say(command.format(name)), f"{command} with {rights!r}")
    answer = bob.say(f'RENAME "{BOX}" "Other Users/{OWNER}/New"')
    missing = [bob.say(f'RENAME "{name}" "Other Users/{OWNER}/New"') for name in MISSING]
    if "x" in rights:
        expect("TAG NO [NOPERM]" in answer, f"RENAME with {rights!r}: {answer}")
    else:
        judge(answer, missing, False, rights, "RENAME")


# A command on the selected mailbox, and the rights all of which it needs besides "r".
SELECTED = [
    ("UID STORE 1 +FLAGS.SILENT (\\Seen)", "s"),
    ("UID STORE 1 +FLAGS.SILENT (\\Flagged)", "w"),
    ("UID STORE 1 +FLAGS.SILENT (work)", "w"),
    ("UID STORE 1 +FLAGS.SILENT (\\Deleted)", "t"),
    ("UID STORE 1 -FLAGS.SILENT (\\Deleted)", "t"),
    ("EXPUNGE", "e"),
    ("UID EXPUNGE 1", "e"),
    ("UID MOVE 9999 INBOX", "te"),
    ("UID FETCH 1 (FLAGS BODY[])", ""),
    ("UID SEARCH UNSEEN", ""),
    ("UID SORT (DATE) UTF-8 ALL", ""),
    ("UID THREAD REFS UTF-8 ALL", ""),
    ("UID COPY 1 INBOX", ""),
    ("CHECK", ""),
]


def selected(bob, owner):
    for letters in ["", *LETTERS, "te"]:
        grant(owner, "lr" + letters)
        bob.say(f'SELECT "{BOX}"')
        for command, needed in SELECTED:
            answer = bob.say(command)
            allowed = all(letter in letters for letter in needed)
            # Without any right to change something the mailbox is read-only, which is refused in the same way.
            expect(("TAG OK" if allowed else "TAG NO [NOPERM]") in answer, f"{command} with lr{letters}: {answer}")
        seen = "\\Seen" in bob.say("UID FETCH 1 (FLAGS)")
        expect(seen == ("s" in letters), f"\\Seen with lr{letters}")
        if "s" in letters:
            bob.say("UID STORE 1 -FLAGS.SILENT (\\Seen)")
        expect("TAG OK" in bob.say("CLOSE"), "CLOSE")


def count(bob, name):
    return int(re.search(r"MESSAGES (\d+)", bob.say(f'STATUS "{name}" (MESSAGES)')).group(1))


def out_of(bob, owner):
    """REPLACE and MOVE of a shared message into the own account need "t" and "e" there, or nothing has happened."""
    ok(owner.imap.append("Box", None, None, MESSAGE))
    for letters in ["", *LETTERS[2:], "te", "swipkxa"]:
        grant(owner, "lr" + letters)
        bob.say(f'SELECT "{BOX}"')
        for command, literal in (("REPLACE 1 INBOX", MESSAGE), ("MOVE 1 INBOX", None)):
            before = count(bob, BOX), count(bob, "INBOX")
            answer = bob.say(command, literal)
            allowed = "t" in letters and "e" in letters
            expect(("TAG OK" if allowed else "TAG NO [NOPERM]") in answer, f"{command} with lr{letters}: {answer}")
            moved = 1 if allowed else 0
            after = count(bob, BOX), count(bob, "INBOX")
            expect(after == (before[0] - moved, before[1] + moved), f"{command} with lr{letters}: {before} {after}")
            if allowed:
                ok(owner.imap.append("Box", None, None, MESSAGE))
                bob.say("NOOP")
        bob.say("UNSELECT")


def into(bob, owner):
    """REPLACE, MOVE and COPY into a shared mailbox need "i" there; without "l" it must seem to be missing."""
    for rights in ["", *LETTERS, *("l" + letter for letter in LETTERS[1:]), LETTERS.replace("i", "")]:
        grant(owner, rights)
        bob.say("SELECT INBOX")
        for command, literal in (('REPLACE 1 "{}"', MESSAGE), ('MOVE 1 "{}"', None), ('COPY 1 "{}"', None)):
            before = count(bob, "INBOX")
            answer = bob.say(command.format(BOX), literal)
            missing = [bob.say(command.format(name), literal) for name in MISSING]
            judge(answer, missing, "i" in rights, rights, command)
            tells = "APPENDUID" in answer or "COPYUID" in answer
            expect(tells == ("i" in rights and "r" in rights), f"{command} with {rights!r} tells UIDs: {answer}")
            gone = 1 if "i" in rights and not command.startswith("COPY") else 0
            expect(count(bob, "INBOX") == before - gone, f"{command} with {rights!r}: nothing else may be removed")
            if gone:
                ok(bob.imap.append("INBOX", None, None, MESSAGE))
                bob.say("NOOP")
        bob.say("UNSELECT")


def annotations(bob, owner):
    """Who may set which entries, whatever else is set with them."""
    seen = "/shared/vendor/posthorn/sharedseen"
    plain = 'SETMETADATA "{}" (/shared/comment "y")'
    sharing = f'SETMETADATA "{{}}" ({seen} "false")'
    private = 'SETMETADATA "{}" (/shared/vendor/posthorn/privateflags "false")'
    both = f'SETMETADATA "{{}}" (/shared/comment "both" {seen} "true")'
    for rights in ("", "l", "r", "w", "a", "rwa", "rswip", "lr", "la", "lw", "lra", "lrw", "lrswipkxte", "lrwa"):
        grant(owner, rights)
        known = "l" in rights and any(letter in rights for letter in "rswip")
        for command, needed in ((plain, "w"), (sharing, "a"), (private, "a"), (both, "wa")):
            answer = bob.say(command.format(BOX))
            missing = [bob.say(command.format(name)) for name in MISSING]
            judge(answer, missing, known and all(letter in rights for letter in needed), rights, command)
        said = owner.say(f"GETMETADATA Box (/shared/comment {seen})")
        expect(("both" in said) == (known and "w" in rights and "a" in rights), f"both with {rights!r}: {said}")
        owner.say(f"SETMETADATA Box (/shared/comment NIL {seen} NIL)")


def grant(owner, rights):
    expect("TAG OK" in owner.say(f'SETACL Box {BOB} "{rights}"'), f"SETACL {rights}")


def test():
    with Server() as server:
        owner, bob = Client(server, OWNER), Client(server, BOB)
        ok(owner.imap.create("Box"))
        ok(owner.imap.append("Box", None, None, MESSAGE))
        ok(bob.imap.append("INBOX", None, None, MESSAGE))
        # Something else is shared, so that Bob knows the owner.
        ok(owner.imap.create("Known"))
        for rights in ["", *LETTERS, *("l" + letter for letter in LETTERS[1:])]:
            grant(owner, rights)
            lists(bob, rights)
            named(bob, owner, rights)
            with_literals(bob, rights)
            urls(bob, rights)
            creates(bob, owner, rights)
        selected(bob, owner)
        out_of(bob, owner)
        into(bob, owner)
        annotations(bob, owner)


if __name__ == "__main__":
    main(test)
