#!/usr/bin/env python3
"""Aliases to several accounts, to other aliases, for whole domains and for what nobody else has."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

MESSAGE = b"From: x@example.net\r\nSubject: hello\r\n\r\nhello\r\n"


def count(server, user, mailbox="INBOX"):
    client = server.imap(user)
    number = int(ok(client.select(mailbox))[0])
    client.logout()
    return number


def groups(server, lmtp):
    ada, ben = "ada@example.org", "ben@example.org"
    before = count(server, ada), count(server, ben)
    server.run("alias", "add", "team@example.org", ada, ben)
    server.run("alias", "add", "all@example.org", "team@example.org", ada)
    for wrong in (("x@example.org", "nobody@example.org", ada), ("x@example.org", "x@example.org", ada),
                  ("x@example.org", "@example.com"), ("@example.com", "@example.org", ada)):
        server.run("alias", "add", *wrong, codes=(1,))
    # Not back to itself, also by others.
    server.run("alias", "remove", "team@example.org")
    server.run("alias", "add", "team@example.org", "all@example.org", ben, codes=(1,))
    server.run("alias", "add", "team@example.org", ada, ben)
    expect(lmtp.deliver(MESSAGE, "all@example.org", "team@example.org", ada) == [250, 250, 250], "by LMTP")
    expect((count(server, ada), count(server, ben)) == (before[0] + 1, before[1] + 1),
           f"{before}, {count(server, ada)}, {count(server, ben)}")
    expect("ada@example.org, ben@example.org" in server.run("alias", "list"), "not listed")
    client = server.submission(ben)
    expect(client.mail("team@example.org")[0] == 550, "a member may send as the group")
    client.rset()
    client.sendmail(ben, ["all@example.org"], b"From: ben@example.org\r\nTo: all@example.org\r\n\r\nhello\r\n")
    client.quit()
    wait(lambda: (count(server, ada), count(server, ben)) == (before[0] + 2, before[1] + 2), "local delivery")
    server.run("alias", "add", "@example.com", "@example.org")
    server.run("alias", "add", "@example.org", "@example.com", codes=(1,))
    expect(lmtp.deliver(MESSAGE, "team@example.com", "ada+Sent@example.com", "nobody@example.com")
           == [250, 250, 550], "an alias for a domain")
    client = server.submission(ada)
    expect(client.mail("ada@example.com")[0] == 250, "the same user in an alias for a domain")
    client.quit()
    for name in ("all@example.org", "team@example.org", "@example.com"):
        server.run("alias", "remove", name)


def wait(condition, words):
    deadline = time.monotonic() + 30
    while not condition():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.1)


def test():
    with Server(any_user=False, settings=["auth.allow_plaintext_without_tls=loopback"]) as server:
        secret = os.path.join(server.notes, "secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write(PASSWORD + "\n")
        for user in ("ada@example.org", "ben@example.org"):
            server.run("account", "add", user, "--password-file", secret)
        lmtp = server.lmtp()
        expect(lmtp.deliver(MESSAGE, "anybody@example.org") == [550], "an unknown user is known")
        server.run("alias", "add", "@example.org", "ada@example.org")
        expect(lmtp.deliver(MESSAGE, "anybody@example.org", "some+Sent@example.org", "ben+Sent@example.org",
                            "ben@example.org", "anybody@example.com") == [250, 250, 250, 250, 550], "by LMTP")
        expect(count(server, "ada@example.org") == 1, "not what nobody else has")
        expect(count(server, "ben@example.org") == 1 and count(server, "ben@example.org", "Sent") == 1,
               "what somebody has went elsewhere")
        client = server.submission("ben@example.org")
        client.sendmail("ben@example.org", ["whoever@example.org"],
                        b"From: ben@example.org\r\nTo: whoever@example.org\r\n\r\nhello\r\n")
        client.quit()
        # The owner of the addresses may use them as a sender.
        client = server.submission("ada@example.org")
        expect(client.mail("sales@example.org")[0] == 250, "its owner may not use it")
        client.quit()
        client = server.submission("ben@example.org")
        expect(client.mail("sales@example.org")[0] == 550, "everybody may use it")
        client.quit()
        expect("@example.org" in server.run("alias", "list"), "it is not listed")
        server.run("alias", "remove", "@example.org")
        expect(lmtp.deliver(MESSAGE, "anybody@example.org") == [550], "it goes on")
        groups(server, lmtp)
        lmtp.close()
        server.check()


main(test)
