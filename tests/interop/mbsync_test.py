#!/usr/bin/env python3
"""mbsync keeps a Maildir and an account the same, both ways: new mail, flags and expunges of either
side reach the other."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok  # noqa: E402

USER = "sync@example.org"


def message(name):
    return f"Subject: {name}\r\nMessage-ID: <{name}@test>\r\nDate: Mon, 23 Nov 2026 03:51:33 +0000\r\n\r\n{name}\r\n"


class Maildir:
    def __init__(self, root):
        self.root = root

    def files(self, mailbox):
        """Subject -> path."""
        found = {}
        for part in ("cur", "new"):
            folder = os.path.join(self.root, mailbox, part)
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    subject = next(l for l in f if l.startswith("Subject: "))
                found[subject[9:].strip()] = path
        return found

    def add(self, mailbox, name):
        with open(os.path.join(self.root, mailbox, "new", f"1.{name}.here"), "w",
                  encoding="utf-8") as f:
            f.write(message(name).replace("\r\n", "\n"))

    def flag(self, mailbox, name, letters):
        path = self.files(mailbox)[name]
        base = os.path.basename(path).split(":2,")[0]
        os.rename(path, os.path.join(self.root, mailbox, "cur", f"{base}:2,{letters}"))


def subjects(imap, mailbox):
    ok(imap.select(mailbox, readonly=True))
    found = {}
    for part in ok(imap.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
        if isinstance(part, tuple):
            flags = part[0].split(b"FLAGS (")[1].split(b")")[0]
            found[part[1].decode().strip()[9:]] = flags
    return found


def test():
    need("mbsync")
    with Server(engine="memory") as server, tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "mbsyncrc")
        root = os.path.join(folder, "mail")
        os.makedirs(root)
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"""IMAPAccount there
Host 127.0.0.1
Port {server.imap_port}
User {USER}
Pass {PASSWORD}
SSLType None
AuthMechs *

IMAPStore far
Account there

MaildirStore near
Path {root}/
Inbox {root}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")

        def sync():
            done = subprocess.run(["mbsync", "-c", config, "-a", "-q"], check=False,
                                  capture_output=True, text=True, timeout=120)
            expect(done.returncode == 0, f"mbsync: {done.stdout}{done.stderr}")

        imap = server.imap(USER)
        ok(imap.create("Lists/cpp"))
        for n in range(40):
            ok(imap.append("INBOX", "(\\Seen)" if n % 2 else None, None, message(f"far{n}").encode()))
        ok(imap.append("Lists/cpp", None, None, message("list").encode()))
        sync()
        near = Maildir(root)
        expect(len(near.files("INBOX")) == 40, "not everything was pulled")
        expect(":2,S" in near.files("INBOX")["far1"], "\\Seen did not come along")
        expect(list(near.files("Lists/cpp")) == ["list"], "the subfolder did not come along")

        for n in range(20):
            near.add("INBOX", f"near{n}")
        near.flag("INBOX", "far0", "FS")
        near.flag("INBOX", "far2", "ST")
        ok(imap.select("INBOX"))
        ok(imap.store("4", "+FLAGS", "(\\Deleted)"))
        ok(imap.expunge())
        ok(imap.store("5", "+FLAGS", "(\\Answered)"))
        imap.unselect()
        sync()
        far = subjects(imap, "INBOX")
        expect(len(far) == 58 and len(near.files("INBOX")) == 58,
               f"58 expected: {len(far)} there, {len(near.files('INBOX'))} here")
        expect("near19" in far, "what was new here is not there")
        expect("far2" not in far, "what was deleted here is still there")
        expect("far3" not in near.files("INBOX"), "what was deleted there is still here")
        expect(b"\\Flagged" in far["far0"] and b"\\Seen" in far["far0"], f"flags: {far['far0']}")
        expect(near.files("INBOX")["far5"].endswith(":2,RS"), "\\Answered did not come along")
        before = sorted(near.files("INBOX").values())
        sync()
        expect(sorted(near.files("INBOX").values()) == before, "a sync without news changed something")
        imap.logout()


if __name__ == "__main__":
    main(test)
