#!/usr/bin/env python3
"""Strangers who hold as many connections as they can get do not keep the store from writing."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402  pylint: disable=wrong-import-position

LIMIT = 200
STRANGERS = 400


def test():
    settings = ["storage.cache=8MiB", "storage.write_buffer=4MiB"]
    with Server(settings=settings, quiet=False, descriptors=LIMIT) as server:
        client = server.imap("ada@example.org")
        strangers = []
        for port in (server.imap_port, server.imaps_port, server.lmtp_port, server.submission_port):
            for _ in range(STRANGERS // 4):
                one = socket.socket()
                one.settimeout(5)
                one.connect(("127.0.0.1", port))
                strangers.append(one)
        message = b"Subject: still here\r\n\r\n" + b"x" * 76 + b"\r\n"
        long = b"Subject: long\r\n\r\n" + (b"y" * 76 + b"\r\n") * 8000
        end = time.monotonic() + 12
        count = 0
        while time.monotonic() < end:
            ok(client.append("INBOX", None, None, long if count % 3 == 0 else message))
            count += 1
        ok(client.select("INBOX"))
        ok(client.fetch("1:5", "(BODY.PEEK[])"))
        expect(count > 10, f"only {count} appends")
        for one in strangers:
            one.close()
        time.sleep(1)
        ok(server.imap("ben@example.org").select("INBOX"))
        lines = server.log_lines()
        expect(lines < 400, f"{lines} lines of log")
        print(f"{count} appends, {lines} lines of log")


if __name__ == "__main__":
    main(test)
