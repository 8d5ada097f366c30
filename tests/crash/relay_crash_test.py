#!/usr/bin/env python3
"""Kills the server at each step of handing a message to its relay, and at random while it delivers to
its own accounts and to the relay at once. Nothing that was answered with 250 is lost; here it arrives
once; at the relay it arrives again only when the kill came between the relay's having taken it and the
server's having noted so.

POSTHORN_CRASH_ROUNDS (4) says how often at random."""

import os
import random
import smtplib
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402
from sink import Sink  # noqa: E402

ROUNDS = int(os.environ.get("POSTHORN_CRASH_ROUNDS", "4"))
ANN = "ann@example.org"
BOB = "bob@example.org"
FAR = "far@example.net"
PATIENCE = 60


def settings(sink):
    limits = [f"submission.{name}=0" for name in ("messages_per_hour", "messages_per_day",
                                                  "recipients_per_hour", "recipients_per_day")]
    return ["domains=example.org", "relay.host=127.0.0.1", f"relay.port={sink.port}",
            "relay.tls=none", "relay.retry_first=1s", "relay.retry_longest=1s", *limits]


def letter(token):
    body = "\r\n".join(f"line {n} of {token}" for n in range(200))
    return f"From: {ANN}\r\nTo: {BOB}, {FAR}\r\nSubject: {token}\r\n\r\n{body}\r\n"


def submit(server, token, *recipients):
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=60) as smtp:
        smtp.login(ANN, PASSWORD)
        smtp.sendmail(ANN, recipients, letter(token))


def copies(octets_list, token):
    return sum(f"Subject: {token}\r\n".encode() in octets for octets in octets_list)


def sent_to_sink(sink, token):
    return copies([message.octets for message in sink.kept()], token)


def in_mailbox(server, user, mailbox, token):
    imap = server.imap(user)
    ok(imap.select(mailbox, readonly=True))
    found = ok(imap.search(None, "SUBJECT", token))[0].split()
    imap.logout()
    return len(found)


def wait(condition, words):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.05)


def wait_until_empty(server):
    wait(lambda: server.run("queue", "list") == "", "the queue did not become empty")


def kill_at(server, sink, step):
    """The server dies when the sink reaches the step. With `answered`, a moment later, as what
    comes after that step is the server's own."""
    died = threading.Event()

    def on_step(name):
        if name != step or died.is_set():
            return False
        if step == "answered":
            time.sleep(0.5)
        server.kill()
        died.set()
        return step not in ("end", "answered")  # What has come since is not looked at.
    sink.on_step = on_step
    return died


def each_step(server, sink):
    sink.one_each = True  # So that each message comes to all steps.
    for step in Sink.STEPS:
        token = f"step-{step}-{random.randrange(1 << 40)}"
        died = kill_at(server, sink, step)
        submit(server, token, BOB, FAR)
        wait(died.is_set, f"the relay never came to {step}")
        sink.on_step = None
        server.start()
        wait_until_empty(server)
        expected = 2 if step == "end" else 1  # There the relay has it, and the server cannot know.
        expect(sent_to_sink(sink, token) == expected,
               f"killed at {step}: {sent_to_sink(sink, token)} copies, not {expected}")
        expect(in_mailbox(server, BOB, "INBOX", token) == 1, f"{step}: not once in the INBOX")
        expect(in_mailbox(server, ANN, "Sent", token) == 1, f"{step}: not once in Sent")
    sink.one_each = False


def write(server, dying, acknowledged, prefix):
    """Submits until the server dies; keeps what was answered with 250."""
    for n in range(100_000):
        token = f"{prefix}-{n}"
        try:
            submit(server, token, BOB, FAR)
        except (OSError, smtplib.SMTPException):
            expect(dying.is_set(), "submission broke before its time")
            return
        acknowledged.append(token)


def at_random(server, sink):
    acknowledged = []
    for round_number in range(ROUNDS):
        dying = threading.Event()
        writers = [threading.Thread(target=write, args=(server, dying, acknowledged,
                                                        f"random-{round_number}-{n}-x"))
                   for n in range(4)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.5, 2.5))
        dying.set()
        server.kill()
        for writer in writers:
            writer.join()
        server.start()
    expect(len(acknowledged) > 4 * ROUNDS, "hardly anything was sent")
    wait_until_empty(server)
    kept = [message.octets for message in sink.kept()]
    twice = [token for token in acknowledged if copies(kept, token) > 1]
    lost = [token for token in acknowledged if copies(kept, token) == 0]
    expect(not lost, f"lost: {lost}")
    # Each kill can meet as many windows as there are connections.
    expect(len(twice) <= 4 * ROUNDS, f"too many came twice: {twice}")
    print(f"{len(acknowledged)} sent over {ROUNDS} kills, {len(twice)} twice at the relay")
    for user, mailbox in ((BOB, "INBOX"), (ANN, "Sent")):
        imap = server.imap(user)
        ok(imap.select(mailbox, readonly=True))
        headers = [part[1] for part in ok(imap.fetch("1:*", "(BODY.PEEK[HEADER])"))
                   if isinstance(part, tuple)]
        imap.logout()
        for token in acknowledged:
            expect(copies(headers, token) == 1,
                   f"{token}: {copies(headers, token)} copies in {mailbox}")


def test():
    folder = tempfile.mkdtemp(prefix="posthorn-relay-crash-")
    with Sink() as sink:
        with Server(os.path.join(folder, "data"), settings=settings(sink)) as server:
            server.imap(BOB).logout()  # Makes the account.
            each_step(server, sink)
            at_random(server, sink)
            server.check()


if __name__ == "__main__":
    main(test)
