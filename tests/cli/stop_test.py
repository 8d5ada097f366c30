#!/usr/bin/env python3
"""How the server stops: who waits for something to do hears of it at once, and clients that are stuck hold it
up for one grace period together."""

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


def idle_in_imap(server):
    client = server.imap("ida")
    client.select("INBOX")
    client.send(b"a1 IDLE\r\n")
    expect(client.readline().startswith(b"+"), "IDLE was refused")
    return client.readline


def logged_in_imap(server):
    return server.imap("ida").readline


def logged_in_pop3(server):
    return server.pop3("ida").file.readline


def greeted_lmtp(server):
    return server.lmtp().file.readline


def logged_in_submission(server):
    client = server.submission("ida@example.org")
    return client.file.readline if client.file else client.sock.makefile("rb").readline


def test_who_waits_hears_of_it():
    """Each with the words it is to hear."""
    with Server() as server:
        waiting = [(wait.__name__, wait(server), words) for wait, words in (
            (idle_in_imap, b"* BYE "), (logged_in_imap, b"* BYE "), (logged_in_pop3, b"-ERR "),
            (greeted_lmtp, b"421 "), (logged_in_submission, b"421 "))]
        began = time.monotonic()
        server.process.terminate()
        for name, readline, words in waiting:
            line = readline()
            expect(line.startswith(words), f"{name} heard {line}")
            expect(readline() == b"", f"{name} heard more than {line}")
        server.process.wait(60)  # Not stop(): a second signal would end it at once.
        took = time.monotonic() - began
    expect(took < GRACE - 2, f"nobody was stuck, and stopping took {took:.1f} s")


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


def test():
    test_who_waits_hears_of_it()
    test_stopping_takes_one_grace()


if __name__ == "__main__":
    main(test)
