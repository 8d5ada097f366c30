#!/usr/bin/env python3
"""Aliases that lead to other servers: mail goes out through the relay with a return path of ours, reports find
the sender, and nothing is lost or goes in circles."""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402
from sink import Sink  # noqa: E402

ADA = "ada@example.org"
BOB = "bob@far.example"
JOE = "joe@sender.example"
MESSAGE = b"From: joe@sender.example\r\nBcc: x@y.example\r\nSubject: %s\r\n\r\nhello\r\n"


def wait(condition, words):
    deadline = time.monotonic() + 30
    while not condition():
        expect(time.monotonic() < deadline, words() if callable(words) else words)
        time.sleep(0.05)


def sent(sink, subject):
    return [m for m in sink.kept() if b"Subject: " + subject in m.octets]


def wait_for(sink, subject, number=1):
    wait(lambda: len(sent(sink, subject)) >= number, lambda: f"{subject} did not come: {sink.kept()}")
    return sent(sink, subject)


def count(server, user):
    client = server.imap(user)
    number = int(ok(client.select("INBOX"))[0])
    client.logout()
    return number


def aliases_are_made(server):
    run = server.run
    said = run("alias", "add", "info@example.org", BOB, ADA)
    expect(f"on other servers: {BOB}" in said, said)
    expect(re.search(rf"info@example.org +{BOB}, {ADA}", run("alias", "list")), run("alias", "list"))
    run("alias", "add", "all@example.org", "info@example.org", "eve@far.example")
    run("alias", "add", "@example.net", "info@example.org")
    run("alias", "add", "@example.com", "@example.org")
    for wrong in (
            ("x@example.org", "nobody@example.org"),     # Ours, and nobody has it.
            ("x@example.org", "nobody@example.com"),     # The same by way of a domain.
            ("x@example.org", "x@example.com"),          # Back to itself by way of a domain.
            ("bob@far.example", "all@example.org"),      # Back to itself: info leads there.
            ("@other.example", "bob@other.example"),     # Its own domain.
            ("x@example.org", "bob@localhost"),
            ("x@example.org", "a b@far.example"),
            ("x@example.org", ">bob@far.example"),
            ("many@example.org", "a@far.example", "b@far.example", "c@far.example", "d@far.example"),
            ("x@example.org", "all@example.org", "a@far.example", "b@far.example")):
        run("alias", "add", *wrong, codes=(1,))


def mail_goes_out(server, lmtp, sink):
    before = count(server, ADA)
    expect(lmtp.deliver(MESSAGE % b"first", "info@example.org", ADA, sender=JOE) == [250, 250], "by LMTP")
    expect(count(server, ADA) == before + 1, "the member here did not get it, or twice")
    message = wait_for(sink, b"first")[0]
    expect(message.recipients == [BOB], message.recipients)
    expect(re.fullmatch(r"SRS0=\w{6}=\w\w=sender\.example=joe@example\.org", message.sender), message.sender)
    expect(message.octets.startswith(b"X-Posthorn-Forwarded: info@example.org\r\nReceived: "), message.octets)
    expect(message.octets.endswith(MESSAGE % b"first"), "the message was changed")
    # What bounces at the next server comes back, and is sent on to the sender.
    report = b"From: <>\r\nSubject: bounce\r\n\r\nno\r\n"
    expect(lmtp.deliver(report, message.sender.lower(), sender="") == [250], "a report was refused")
    back = wait_for(sink, b"bounce")[0]
    expect((back.sender, back.recipients) == ("", [JOE]), f"{back.sender} {back.recipients}")
    forged = message.sender.replace("=joe@", "=jim@")
    expect(lmtp.deliver(report, forged, sender="") == [550], "a forged address was accepted")
    # By all ways at once; and what nobody else in a domain has.
    expect(lmtp.deliver(MESSAGE % b"ways", "all@example.com", "anybody@example.net", sender=JOE) == [250, 250],
           "by LMTP")
    wait(lambda: sorted(r for m in sent(sink, b"ways") for r in m.recipients) == [BOB, "eve@far.example"],
         lambda: f"{[m.recipients for m in sent(sink, b'ways')]}")
    # A sender here keeps the address.
    client = server.submission(ADA)
    client.sendmail(ADA, ["info@example.org"], b"From: ada@example.org\r\nSubject: own\r\n\r\nhello\r\n")
    client.quit()
    message = wait_for(sink, b"own")[0]
    expect((message.sender, message.recipients) == (ADA, [BOB]), f"{message.sender} {message.recipients}")


def a_refusal_is_reported(server, lmtp, sink):
    sink.replies[BOB] = "550 5.1.1 there is no bob"
    expect(lmtp.deliver(MESSAGE % b"lost", "info@example.org", sender=JOE) == [250], "by LMTP")
    wait(lambda: [m for m in sink.kept() if m.recipients == [JOE] and b"there is no bob" in m.octets],
         "no report was sent")
    report = [m for m in sink.kept() if b"there is no bob" in m.octets][0]
    expect(report.sender == "", report.sender)
    expect(b"Original-Recipient: rfc822;info@example.org" in report.octets.replace(b"; ", b";"), report.octets)
    number = len(sink.kept())
    expect(lmtp.deliver(MESSAGE % b"unreported", "info@example.org", sender="") == [250], "by LMTP")
    # The member here gets it; to whom would a report go?
    wait(lambda: server.run("queue", "list") == "", "it stays in the queue")
    expect(len(sink.kept()) == number, "a report was answered")
    # A sender here gets the report into INBOX.
    before = count(server, ADA)
    client = server.submission(ADA)
    client.sendmail(ADA, ["info@example.org"], b"From: ada@example.org\r\nSubject: own loss\r\n\r\nhello\r\n")
    client.quit()
    wait(lambda: count(server, ADA) == before + 2, lambda: f"{count(server, ADA) - before} messages")
    del sink.replies[BOB]


def circles_end(lmtp, sink):
    expect(lmtp.deliver(MESSAGE % b"circle", "info@example.org", sender=JOE) == [250], "by LMTP")
    octets = wait_for(sink, b"circle")[0].octets
    # The server of bob sends it back.
    expect(lmtp.deliver(octets, "info@example.org", sender=JOE) == [554], "it goes in circles")
    expect(lmtp.deliver(octets, ADA, sender=JOE) == [250], "others do not get it any more")


def keys_rotate(server, lmtp, sink):
    expect(lmtp.deliver(MESSAGE % b"old key", "info@example.org", sender=JOE) == [250], "by LMTP")
    old = wait_for(sink, b"old key")[0].sender
    server.run("alias", "rotate-key")
    expect(lmtp.deliver(MESSAGE % b"new key", "info@example.org", sender=JOE) == [250], "by LMTP")
    new = wait_for(sink, b"new key")[0].sender
    expect(old != new, "the key did not change")
    report = b"Subject: report\r\n\r\nno\r\n"
    expect(lmtp.deliver(report, old, new, sender="") == [250, 250], "an old key is refused")
    server.run("alias", "rotate-key", "--forget-old")
    expect(lmtp.deliver(report, old, new, sender="") == [550, 550], "forgotten keys are accepted")


def the_account_is_the_servers(server):
    name = "forwarding@posthorn.invalid"
    expect("disabled" in [l for l in server.run("account", "list").splitlines() if l.startswith(name)][0],
           "it is not disabled")
    for command in (("remove", name, "--yes"), ("enable", name)):
        server.run("account", *command, codes=(1,))
    server.run("alias", "add", name, ADA, codes=(1,))


def limits_pass(server, lmtp, sink):
    server.run("alias", "add", "busy@example.org", "busy@far.example")
    codes = []
    while len(codes) < 10 and (not codes or codes[-1] == 250):
        codes += lmtp.deliver(MESSAGE % b"busy", "busy@example.org", sender=JOE)
    expect(codes == [250, 250, 250, 250, 250, 450], codes)
    wait_for(sink, b"busy", 5)


def test():
    with Sink() as sink:
        settings = ["auth.allow_plaintext_without_tls=loopback", "domains=example.org",
                    "forwarding.max_addresses=3", "relay.tls=none", "relay.retry_first=1s"]
        relay = ["relay.host=127.0.0.1", f"relay.port={sink.port}"]
        with Server(any_user=False, settings=settings + relay + ["forwarding.recipients_per_hour=0"]) as server:
            secret = os.path.join(server.notes, "secret")
            with open(secret, "w", encoding="utf-8") as f:
                f.write(PASSWORD + "\n")
            server.run("account", "add", ADA, "--password-file", secret)
            lmtp = server.lmtp()
            aliases_are_made(server)
            mail_goes_out(server, lmtp, sink)
            a_refusal_is_reported(server, lmtp, sink)
            circles_end(lmtp, sink)
            keys_rotate(server, lmtp, sink)
            the_account_is_the_servers(server)
            lmtp.close()
            restarts(server, settings, relay, sink)
            server.check()


def restarts(server, settings, relay, sink):
    def start(with_settings):
        server.stop()
        server.settings = [word for setting in with_settings for word in ("--set", setting)]
        server.start()
        return server.lmtp()
    # The relay is taken away.
    lmtp = start(settings)
    expect(lmtp.deliver(MESSAGE % b"away", "info@example.org", ADA, sender=JOE) == [451, 250], "without a relay")
    server.run("alias", "add", "x@example.org", BOB, codes=(1,))
    server.run("alias", "add", "x@example.org", "info@example.org", codes=(1,))
    lmtp.close()
    # What was accepted survives a crash. The relay is at a port where nobody listens.
    lmtp = start(settings + ["relay.host=127.0.0.1", "relay.port=1"])
    expect(lmtp.deliver(MESSAGE % b"patient", "info@example.org", sender=JOE) == [250], "by LMTP")
    server.kill()
    server.start()
    expect("SRS0=" in server.run("queue", "list"), "it is not in the queue any more")
    number = server.run("queue", "list").split()[0]
    expect(BOB in server.run("queue", "show", number), server.run("queue", "show", number))
    lmtp = start(settings + relay + ["forwarding.recipients_per_hour=5"])
    server.run("queue", "retry", "--all")
    wait_for(sink, b"patient")
    limits_pass(server, lmtp, sink)
    lmtp.close()


main(test)
