#!/usr/bin/env python3
"""posthorn who, kick and trace."""

import json
import os
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main  # noqa: E402

ADA, BEN = "ada@example.org", "ben@example.org"


def who(server, *arguments):
    return [json.loads(line) for line in server.run("who", *arguments, "--json").splitlines()]


def test_who(server):
    imap, pop = server.imap(ADA), server.pop3(ADA)
    other, sender = server.imap(BEN), server.submission(BEN)
    sessions = who(server)
    expect([(s["protocol"], s["user"]) for s in sessions] ==
           [("imap", ADA), ("pop3", ADA), ("imap", BEN), ("submission", BEN)], sessions)
    expect(sessions[3]["tls"].startswith("TLSv1.") and not sessions[0]["tls"], sessions)
    local = "{}:{}".format(*imap.sock.getsockname())
    expect(sessions[0]["peer"] == local, sessions[0])
    expect(abs(sessions[0]["since"] - time.time()) < 300, "since")
    before = sessions[0]["in"]
    imap.noop()
    expect(who(server, ADA)[0]["in"] > before and len(who(server, ADA)) == 2, "octets")
    expect(ADA in server.run("who"), "a list for people")
    server.run("who", "nobody@example.org", codes=(1,))
    return imap, pop, other, sender


def hung_up(client):
    client.settimeout(30)
    said = b""
    while True:
        got = client.recv(4096)
        if not got:
            return said
        said += got


def test_kick(server, imap, pop, other, sender):
    number = who(server, BEN)[0]["session"]
    server.run("kick", number)
    expect(b"* BYE [UNAVAILABLE] An administrator has ended this session" in hung_up(other.sock), "BYE")
    expect(len(who(server, BEN)) == 1, "one session was ended")
    sender.noop()
    expect("2" in server.run("kick", ADA), "two sessions")
    expect(b"BYE" in hung_up(imap.sock), "BYE")
    expect(b"-ERR [SYS/TEMP] An administrator" in hung_up(pop.sock), "-ERR")
    for unknown in ("nobody@example.org", "123456789abc", number):
        server.run("kick", unknown, codes=(1,))
    server.imap(ADA).logout()
    sender.quit()


def test_trace(server):
    early = server.imap(ADA)
    path = server.run("trace", ADA, "--for", "6s").strip()
    ends = time.monotonic() + 6
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "who can read it")
    expect(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700, "who can see it")
    early.append("INBOX", None, None, b"Subject: private\r\n\r\nlove\r\n")
    early.select("INBOX")
    early.fetch("1", "(BODY[])")
    later, pop, stranger = server.imap(ADA), server.pop3(ADA), server.imap(BEN)
    later.create("Holidays")
    pop.retr(1)
    stranger.create("Unseen")
    sender = server.submission(ADA)
    sender.sendmail(ADA, [BEN], b"Subject: private\r\n\r\nlove\r\n")
    time.sleep(max(0, ends - time.monotonic()) + 1)
    early.create("Afterwards")

    with open(path, encoding="utf-8") as f:
        text = f.read()
    for part in ("imap from 127.0.0.1:", "pop3 from", "submission from", "APPEND INBOX {", "octets]", "FETCH 1",
                 "C RETR 1", "Holidays", "C data", "C [a message of", " end"):
        expect(part in text, f"{part} is not in\n{text}")
    for part in ("love", "private", PASSWORD, "Unseen", "Afterwards"):
        expect(part not in text, f"{part} is in\n{text}")
    server.run("trace", ADA, "--for", "2d", codes=(1,))
    server.run("trace", "nobody@example.org", codes=(1,))
    for client in (early, later, stranger):
        client.logout()
    pop.quit()
    sender.quit()


def test():
    with Server() as server:
        test_kick(server, *test_who(server))
        test_trace(server)
        server.stop()
        for command in (("who",), ("kick", ADA), ("trace", ADA)):
            server.run(*command, codes=(1,))
        server.start()


if __name__ == "__main__":
    main(test)
