#!/usr/bin/env python3
"""Clients that keep mail in a cache, and a server that burned and was restored: mbsync with a Maildir, and imapflow
with QRESYNC. What they saw after the backup vanishes, nothing is doubled, and no UID means another message."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import imapflow_test  # noqa: E402
from mbsync_test import Maildir, message, subjects  # noqa: E402
from posthorn import PASSWORD, Server, expect, main, ok, program, skip  # noqa: E402

USER = "flow@example.org"


def mbsync(folder, port):
    config, root = os.path.join(folder, "mbsyncrc"), os.path.join(folder, "mail")
    os.makedirs(root, exist_ok=True)
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"""IMAPStore far
Host 127.0.0.1
Port {port}
User {USER}
Pass {PASSWORD}
SSLType None
AuthMechs *

MaildirStore near
Path {root}/
Inbox {root}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Expunge Both
SyncState *
""")
    done = subprocess.run(["mbsync", "-c", config, "-a", "-q"], check=False, capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"mbsync: {done.stdout}{done.stderr}")
    return Maildir(root)


def flow(server, known, phase):
    module = imapflow_test.install()
    done = subprocess.run(["node", os.path.join(HERE, "restore_test.js"), phase, known], check=False,
                          capture_output=True, text=True, timeout=120,
                          env={**os.environ, "IMAPFLOW": module, "PASSWORD": PASSWORD,
                               "PORT": str(server.imaps_port)})
    expect(done.returncode == 0, f"imapflow, {phase}: {done.stdout}{done.stderr}")


def run(*arguments):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, timeout=300)
    expect(done.returncode == 0, f"posthorn {' '.join(arguments)}: {done.stdout}{done.stderr}")


def synchronize(top, with_mbsync, with_flow):
    backups, known = os.path.join(top, "backups"), os.path.join(top, "known.json")
    with Server(folder=os.path.join(top, "data")) as server:
        imap = server.imap(USER)
        for n in range(10):
            ok(imap.append("INBOX", None, None, message(f"saved{n}").encode()))
        if with_mbsync:
            mbsync(top, server.imap_port)
        run("--data-dir", server.folder, "backup", backups)
        # The clients see what the backup does not have: new mail, a flag, an expunge.
        for n in range(5):
            ok(imap.append("INBOX", None, None, message(f"lost{n}").encode()))
        ok(imap.select("INBOX"))
        ok(imap.store("1", "+FLAGS", "(\\Flagged)"))
        ok(imap.store("2", "+FLAGS", "(\\Deleted)"))
        ok(imap.expunge())
        if with_mbsync:
            near = mbsync(top, server.imap_port)
            expect(len(near.files("INBOX")) == 14, near.files("INBOX"))
        if with_flow:
            flow(server, known, "before")
        imap.logout()
    restored = os.path.join(top, "restored")
    run("--data-dir", restored, "restore", backups)
    with Server(folder=restored) as server:
        imap = server.imap(USER)
        # As many as were lost: without the jump they would get the same UIDs.
        for n in range(5):
            ok(imap.append("INBOX", None, None, message(f"new{n}").encode()))
        if with_flow:
            flow(server, known, "after")
        if with_mbsync:
            near = mbsync(top, server.imap_port)
            here = sorted(near.files("INBOX"))
            # What was expunged after the backup is on the server again. mbsync only looks for UIDs above the last
            # one that it knows, so it stays gone here, as it was.
            there = sorted(name for name in subjects(imap, "INBOX") if name != "saved1")
            expect(here == there, f"here {here}, there {there}")
            expect(not any(name.startswith("lost") for name in here), here)
            expect(all(f"new{n}" in here for n in range(5)), here)
            files = sum(len(os.listdir(os.path.join(top, "mail", "INBOX", part))) for part in ("cur", "new"))
            expect(files == len(here), "a message is there twice")
            for name, path in near.files("INBOX").items():
                with open(path, encoding="utf-8") as f:
                    expect(f.read().rstrip().endswith(name), f"{name} has the text of another")
        imap.logout()
        server.check()


def test():
    with_mbsync = shutil.which("mbsync") is not None
    with_flow = shutil.which("node") is not None and shutil.which("npm") is not None
    if not with_mbsync and not with_flow:
        skip("neither mbsync nor node is installed")
    with tempfile.TemporaryDirectory() as top:
        synchronize(top, with_mbsync, with_flow)


if __name__ == "__main__":
    main(test)
