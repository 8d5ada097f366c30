#!/usr/bin/env python3
"""How long the server takes to stop while clients of every protocol are stuck."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main  # noqa: E402

GRACE = 10  # Seconds: kGrace in src/app/run.cc.


def stuck_in_append(server):
    """An IMAP client that owes the server the rest of a message."""
    client = server.imap("ada")
    client.send(b"a1 APPEND INBOX {1000}\r\n")
    expect(client.readline().startswith(b"+"), "APPEND was refused")
    client.send(b"Subject: unfinished\r\n")
    return client


def stuck_in_data(server):
    """An LMTP client that owes as much."""
    client = server.lmtp()
    for line, code in (("MAIL FROM:<bob@example.com>", 250), ("RCPT TO:<ada>", 250), ("DATA", 354)):
        client.say(line)
        expect(client.reply()[0] == code, f"{line} was refused")
    client.say("Subject: unfinished")
    return client


def stuck_in_submission(server):
    """A mail program in the middle of a message it sends."""
    client = server.submission("ada@example.org")
    for line, code in (("MAIL FROM:<ada@example.org>", 250), ("RCPT TO:<ada@example.org>", 250),
                       ("DATA", 354)):
        expect(client.docmd(line)[0] == code, f"{line} was refused")
    client.send("Subject: unfinished\r\n")
    return client


def test_stopping_takes_one_grace():
    with Server() as server:
        # Several each, so that every loop has one.
        clients = [stuck(server) for stuck in (stuck_in_append, stuck_in_data, stuck_in_submission)
                   for _ in range(4)]
        began = time.monotonic()
        server.stop()
        took = time.monotonic() - began
    expect(took > GRACE - 1, f"clients were cut after {took:.1f} s: is anything stuck in this test?")
    expect(took < 1.8 * GRACE, f"stopping took {took:.1f} s; all clients together have {GRACE} s")
    del clients


if __name__ == "__main__":
    main(test_stopping_takes_one_grace)
