#!/usr/bin/env python3
"""Perl's libraries share a mailbox: the owner grants, the reader lists, selects and sets flags, and loses the right.

    perl_test.py mail_imapclient|cyrus_admin"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, skip  # noqa: E402

# The script, the module that it needs, and the Debian package of that.
CLIENTS = {"mail_imapclient": ("Mail::IMAPClient", "libmail-imapclient-perl"),
           "cyrus_admin": ("Cyrus::IMAP::Admin", "libcyrus-imap-perl")}


def perl(*arguments, **environment):
    return subprocess.run(["perl", *arguments], check=False, capture_output=True, text=True, timeout=90,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})


def test():
    name = sys.argv[1]
    module, package = CLIENTS[name]
    need("perl")
    if perl(f"-M{module}", "-e", "1").returncode != 0:
        skip(f"{package} is not installed")
    with Server(engine="memory") as server:
        done = perl(os.path.join(HERE, f"{name}.pl"), PORT=str(server.imap_port), PASSWORD=PASSWORD)
        expect(done.returncode == 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main(test)
