#!/usr/bin/env python3
"""An alias for all addresses of a domain that nobody else has."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

MESSAGE = b"From: x@example.net\r\nSubject: hello\r\n\r\nhello\r\n"


def count(server, user, mailbox="INBOX"):
    client = server.imap(user)
    number = int(ok(client.select(mailbox))[0])
    client.logout()
    return number


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
        expect(count(server, "ada@example.org") == 2, "not what nobody else has")
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
        lmtp.close()
        server.check()


main(test)
