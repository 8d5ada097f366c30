#!/usr/bin/env python3
"""curl against the server: listing, reading, appending, searching, over IMAPS."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, need  # noqa: E402


def test():
    need("curl")
    with Server(engine="memory", sample_mail=True) as server, tempfile.NamedTemporaryFile() as file:
        def curl(path, *arguments, scheme="imaps", port=server.imaps_port):
            return subprocess.run(
                ["curl", "--silent", "--show-error", "--insecure", "--max-time", "60", "--user",
                 "demo@example.org:demo", f"{scheme}://127.0.0.1:{port}/{path}", *arguments],
                check=True, capture_output=True).stdout

        listed = curl("")
        expect(b"INBOX" in listed and b"Sent" in listed, f"LIST: {listed}")
        message = b"Subject: from curl\r\n\r\nOne line\r\n"
        file.write(message)
        file.flush()
        curl("Drafts", "--upload-file", file.name)
        found = curl("Drafts?SUBJECT%20%22from%20curl%22").split()
        expect(found[:2] == [b"*", b"SEARCH"] and len(found) == 3, f"SEARCH: {found}")
        read = curl(f"Drafts;MAILINDEX={found[2].decode()}")
        expect(read == message, f"what was read is not what was sent: {read}")
        header = curl(f"Drafts;MAILINDEX={found[2].decode()};SECTION=HEADER.FIELDS%20(SUBJECT)")
        expect(header.startswith(b"Subject: from curl"), f"a section: {header}")
        status = curl("", "--request", "STATUS INBOX (MESSAGES UNSEEN)", scheme="imap",
                      port=server.imap_port)
        expect(b"MESSAGES" in status, f"STATUS in clear: {status}")
        secure = curl("", "--request", "NOOP", "--ssl-reqd", scheme="imap", port=server.imap_port)
        expect(secure == b"" or b"*" in secure, f"STARTTLS: {secure}")


if __name__ == "__main__":
    main(test)
