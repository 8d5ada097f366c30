#!/usr/bin/env python3
"""Python's imaplib and the command line share mailboxes: what one grants, the other sees."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402

ANN, BOB = "ann@example.org", "bob@example.org"


def flags(client, box):
    ok(client.select(box, readonly=True))
    shown = ok(client.fetch("1", "(FLAGS)"))[0]
    ok(client.unselect())
    return shown


def annotation(client, box):
    kind, _ = client.xatom("GETMETADATA", box, "/shared/vendor/posthorn/privateflags")
    expect(kind == "OK", "GETMETADATA")
    return b" ".join(client.untagged_responses.pop("METADATA", [b""]))


def private_flags():
    """sharing.private_flags: what is shared for the first time has flags of everybody's own; other mailboxes stay."""
    with Server(settings=["sharing.private_flags=true"]) as server:
        ann, bob = server.imap(ANN), server.imap(BOB)
        for box in ("New", "Chosen"):
            ok(ann.create(box))
            ok(ann.append(box, None, None, b"Subject: one\r\n\r\nx\r\n"))
        ann.xatom("SETMETADATA", "Chosen", '(/shared/vendor/posthorn/privateflags "false")')
        for box in ("New", "Chosen"):
            expect(b"true" not in annotation(ann, box), f"{box} is not shared yet")
            ok(ann.setacl(box, ANN, "lrswipkxtea"))
            expect(b"true" not in annotation(ann, box), f"{box}: the owner's own entry shares nothing")
            ok(ann.setacl(box, BOB, "lrsw"))
            theirs = f'"Other Users/{ANN}/{box}"'
            ok(bob.select(theirs))
            ok(bob.store("1", "+FLAGS", "(\\Flagged todo)"))
            ok(bob.unselect())
            expect(b"\\Flagged todo" in flags(bob, theirs), f"{box}: Bob's")
            expect((b"todo" in flags(ann, box)) == (box == "Chosen"), f"{box}: Ann's: {flags(ann, box)}")
        expect(b"true" in annotation(ann, "New"), "the annotation")
        # Shared again, it keeps what was chosen since.
        ann.xatom("SETMETADATA", "New", "(/shared/vendor/posthorn/privateflags NIL)")
        ok(ann.setacl("New", "eve@example.org", "lr"))
        expect(b"true" not in annotation(ann, "New"), "it was shared before")


def test():
    private_flags()
    groups = f"sharing.groups=sales={BOB} eve@example.org"
    with Server(settings=[groups]) as server:
        ann, bob = server.imap(ANN), server.imap(BOB)
        ok(ann.create("Work"))
        ok(ann.append("Work", None, None, b"Subject: one\r\n\r\nx\r\n"))
        ok(ann.setacl("Work", BOB, "lrs"))
        expect(ok(ann.getacl("Work")) == [f"Work {ANN} lrswipkxteacd {BOB} lrs".encode()], "GETACL")
        name = f'"Other Users/{ANN}/Work"'
        expect(ok(bob.myrights(name)) == [f"{name} lrs".encode()], "MYRIGHTS")
        expect(b"Other Users/" in ok(bob.namespace())[0], "NAMESPACE")
        expect(ok(bob.select(name))[0] == b"1", "SELECT")
        ok(bob.fetch("1", "(BODY[])"))
        expect(ok(bob.search(None, "UNSEEN"))[0] == b"", "it is read")
        ok(bob.unselect())
        expect(b"UNSEEN 1" in ok(ann.status("Work", "(UNSEEN)"))[0], "for Bob, not for Ann")
        listed = b" ".join(ok(bob.lsub('""', "*")))
        expect(name.strip('"').encode() in listed, f"LSUB: {listed}")
        ok(ann.deleteacl("Work", BOB))
        expect(bob.select(name)[0] == "NO", "SELECT after DELETEACL")
        # The command line, while the server runs.
        said = server.run("mailbox", "share", ANN, "Work", "group:sales", "--rights", "lrswi")
        expect("group:sales" in said and "lrswi" in said, said)
        expect(ok(bob.myrights(name)) == [f"{name} lrswi".encode()], "MYRIGHTS of a group")
        said = server.run("mailbox", "share", ANN, "Work", "--rights", "wi", "--", f"-{BOB}")
        expect(ok(bob.myrights(name)) == [f"{name} lrs".encode()], "negative rights")
        expect(f"-{BOB}" in server.run("mailbox", "shares", ANN, "Work"), "shares")
        server.run("mailbox", "share", ANN, "Work", "nobody@example.com", codes=(1,))
        server.run("mailbox", "share", ANN, "Work", "nobody@example.com", "--rights", "q", codes=(1,))
        for who in ("group:sales", f"-{BOB}"):
            server.run("mailbox", "unshare", ANN, "Work", "--", who)
        expect(bob.select(name)[0] == "NO", "SELECT after unshare")
        expect(server.run("mailbox", "shares", ANN, "Work").split() == ["lrswipkxteacd", ANN], "nothing is left")


if __name__ == "__main__":
    main(test)
