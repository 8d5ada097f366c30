#!/usr/bin/env python3
"""Python's imaplib against the server: a mailbox's life, in clear, under STARTTLS and under TLS."""

import imaplib
import os
import re
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

MESSAGE = (b"From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
           b"Date: Mon, 23 Nov 2026 03:51:33 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n")


def live(imap):
    ok(imap.create("Work"))
    ok(imap.create("Work/Plans"))
    names = [line.decode().rsplit(" ", 1)[1] for line in ok(imap.list())]
    expect("Work/Plans" in names or '"Work/Plans"' in names, f"LIST has no Work/Plans: {names}")
    for n in range(3):
        ok(imap.append("Work", "(\\Seen)" if n == 0 else None,
                       imaplib.Time2Internaldate(time.time()), MESSAGE.replace(b"<1@", b"<%d@" % n)))
    expect(ok(imap.select("Work"))[0] == b"3", "EXISTS is not 3")
    expect(ok(imap.search(None, "UNSEEN"))[0] == b"2 3", "SEARCH UNSEEN")
    found = ok(imap.search("UTF-8", "SUBJECT", '"Gr\\374"'.encode().decode("unicode_escape").encode("utf-8")))
    expect(found[0] == b"1 2 3", f"SEARCH SUBJECT: {found}")
    data = ok(imap.fetch("2", "(RFC822)"))
    expect(data[0][1] == MESSAGE, "FETCH RFC822")
    expect(b"\\Seen" in ok(imap.fetch("2", "(FLAGS)"))[0], "RFC822 sets \\Seen")
    ok(imap.store("3", "+FLAGS", "(\\Deleted $Label1)"))
    expect(ok(imap.expunge()) == [b"3"], "EXPUNGE")
    copied = ok(imap.uid("COPY", "1", "Work/Plans"))
    status = ok(imap.status("Work/Plans", "(MESSAGES UIDNEXT)"))[0]
    expect(b"MESSAGES 1" in status, f"STATUS after COPY: {status} {copied}")
    ok(imap.uid("MOVE", "2", "INBOX"))
    expect(ok(imap.select("INBOX"))[0] == b"1", "MOVE")
    ordered = ok(imap.sort("(REVERSE DATE)", "UTF-8", "ALL"))
    expect(ordered[0] == b"1", f"SORT: {ordered}")
    threads = ok(imap.thread("REFERENCES", "UTF-8", "ALL"))
    expect(threads[0] == b"(1)", f"THREAD: {threads}")
    ok(imap.close())
    ok(imap.rename("Work", "Done"))
    expect(re.search(rb"Done/Plans", b"\n".join(ok(imap.list('""', "Done/%")))), "RENAME of a tree")
    ok(imap.delete("Done/Plans"))
    ok(imap.delete("Done"))
    imap.logout()


def parts_of_delivered_mail(server):
    """What the delivery puts in front of a message moves none of its parts."""
    letter = (b"Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
              b"--b\r\nContent-Type: text/plain\r\n\r\none\r\n"
              b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntwo\r\n"
              b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\ndGhyZWU=\r\n--b--\r\n")
    plain = b"Subject: plain\r\nContent-Type: text/plain\r\n\r\nall of it\r\n"
    lmtp = server.lmtp()
    expect([lmtp.deliver(octets, "parts@example.org") for octets in (letter, plain)]
           == [[250], [250]], "a delivery was refused")
    lmtp.close()
    imap = server.imap("parts@example.org")
    ok(imap.select("INBOX"))
    for number, section, text in (
            ("1", "BODY.PEEK[1]", b"one"), ("1", "BODY.PEEK[1.MIME]", b"Content-Type: text/plain\r\n\r\n"),
            ("1", "BODY.PEEK[2]", b"Subject: inner\r\n\r\ntwo"),
            ("1", "BODY.PEEK[2.HEADER]", b"Subject: inner\r\n\r\n"),
            ("1", "BODY.PEEK[2.TEXT]", b"two"), ("1", "BODY.PEEK[3]", b"dGhyZWU="),
            ("1", "BINARY.PEEK[3]", b"three"), ("1", "BODY.PEEK[3]<2.3>", b"hyZ"),
            ("2", "BODY.PEEK[1]", b"all of it\r\n"), ("2", "BODY.PEEK[TEXT]", b"all of it\r\n")):
        got = ok(imap.fetch(number, f"({section})"))[0][1]
        expect(got == text, f"{section}: {got}")
    imap.logout()


def test():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with Server(engine="memory") as server:
        live(server.imap("clear@example.org"))
        parts_of_delivered_mail(server)
        imap = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        imap.starttls(context)
        imap.login("starttls@example.org", PASSWORD)
        live(imap)
        imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=context, timeout=60)
        imap.authenticate("PLAIN", lambda _: f"\0tls@example.org\0{PASSWORD}".encode())
        live(imap)
        imap = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        server.run("account", "add", "real@example.org", "--password-file", "/dev/null", codes=(1,))
        try:
            imap.login("clear@example.org", "wrong")
            expect(False, "a wrong password got in")
        except imaplib.IMAP4.error as e:
            expect("AUTHENTICATIONFAILED" in str(e), f"a wrong password: {e}")


if __name__ == "__main__":
    main(test)
