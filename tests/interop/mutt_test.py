#!/usr/bin/env python3
"""mutt, driven by keys: opens the inbox, flags, copies, deletes, leaves."""

import os
import pty
import select
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok  # noqa: E402

USER = "mutt@example.org"
SETTINGS = f"""set imap_user={USER}
set imap_pass={PASSWORD}
set ssl_starttls=no
set ssl_force_tls=no
set delete=yes
set confirmappend=no
set confirmcreate=no
set quit=yes
set wait_key=no
set mark_old=no
set move=no
set imap_check_subscribed=no
"""


def run_mutt(folder, url, keys):
    """mutt in a terminal of its own; what it showed."""
    config = os.path.join(folder, "muttrc")
    with open(config, "w", encoding="utf-8") as f:
        f.write(SETTINGS + f"set folder={url}\n")
    ours, its = pty.openpty()
    process = subprocess.Popen(["mutt", "-n", "-F", config, "-f", url + "INBOX", "-e", f"push '{keys}'"],
                               stdin=its, stdout=its, stderr=its, close_fds=True,
                               env={**os.environ, "TERM": "xterm", "HOME": folder})
    os.close(its)
    shown = b""
    deadline = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
    if process.poll() is None:
        time.sleep(0.5)
    expect(process.poll() is not None or process.wait(5) is not None,
           f"mutt does not end; it showed:\n{shown[-3000:]!r}")
    os.close(ours)
    return shown


def test():
    need("mutt")
    with Server(engine="memory") as server, tempfile.TemporaryDirectory() as folder:
        imap = server.imap(USER)
        ok(imap.create("Kept"))
        for n in range(1, 6):
            ok(imap.append("INBOX", None, None,
                           f"From: a@b\r\nSubject: number {n}\r\nMessage-ID: <{n}@test>\r\n\r\nx{n}\r\n".encode()))
        keys = ("<flag-message><tag-pattern>~s \"number [12]\"<enter>"
                "<tag-prefix><copy-message>=Kept<enter>"
                "<untag-pattern>~A<enter>"
                "<delete-pattern>~s \"number 5\"<enter><sync-mailbox><quit>")
        shown = run_mutt(folder, f"imap://127.0.0.1:{server.imap_port}/", keys)
        count = ok(imap.select("INBOX"))[0]
        expect(count == b"4", f"4 expected in INBOX: {count}; mutt showed\n{shown[-3000:]!r}")
        expect(ok(imap.search(None, "FLAGGED"))[0] != b"", "nothing is flagged")
        expect(ok(imap.select("Kept"))[0] == b"2", "the copies are not there")
        imap.logout()


if __name__ == "__main__":
    main(test)
