#!/usr/bin/env python3
"""Clients that send mail, over both ports: what they send is filed once, and what must not go does not."""

import os
import re
import smtplib
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok, trusting  # noqa: E402

ADA, BEA = "ada@example.org", "bea@example.org"


def letter(token, extra="", body="Hello.\r\n..dot\r\n"):
    return (f"From: Ada <{ADA}>\r\nTo: {BEA}\r\n{extra}Message-ID: <{token}@example.org>\r\n"
            f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nSubject: {token}\r\n\r\n{body}")


def sent(imap):
    """Subjects in Sent, with flags, in order."""
    ok(imap.select("Sent", readonly=True))
    found = []
    for part in ok(imap.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER])")):
        if isinstance(part, tuple):
            found.append((re.search(rb"^Subject: (\S+)\r$", part[1], re.M).group(1).decode(),
                          part[0].decode(), part[1].decode()))
    return found


def expect_once(server, *tokens):
    imap = server.imap(ADA)
    there = sent(imap)
    expect([subject for subject, _, _ in there] == list(tokens), f"Sent holds {there}")
    for _, flags, header in there:
        expect("\\Seen" in flags, f"not seen: {flags}")
        expect("Received:" not in header, f"the copy has transport's fields: {header}")
    imap.logout()


def refused(client, code, enhanced, sender, recipients, message):
    try:
        client.sendmail(sender, recipients, message)
    except smtplib.SMTPRecipientsRefused as e:
        said = next(iter(e.recipients.values()))
    except smtplib.SMTPResponseException as e:
        said = (e.smtp_code, e.smtp_error)
    else:
        raise AssertionError("it was taken")
    expect(said[0] == code and said[1].startswith(enhanced.encode()), f"{said}")
    client.rset()


def test_smtplib(server):
    watching = server.imap(ADA)
    ok(watching.select("Sent"))
    client = server.submission(ADA)
    for keyword in ("pipelining", "8bitmime", "binarymime", "chunking", "smtputf8", "size",
                    "enhancedstatuscodes", "dsn", "limits", "futurerelease"):
        expect(client.has_extn(keyword), f"{keyword} is not offered")
    client.ehlo()
    expect(not client.has_extn("auth"), "AUTH is offered to who has logged in")
    client.sendmail(ADA, [BEA, ADA], letter("one", "Bcc: hidden@example.org\r\n"))
    ok(watching.noop())
    expect(watching.untagged_responses.get("EXISTS", [b"0"])[-1] == b"1", "another session is not told")
    refused(client, 550, "5.7.1", BEA, [ADA], letter("x"))
    refused(client, 550, "5.7.1", ADA, ["who@example.com"], letter("x"))
    refused(client, 554, "5.6.0", ADA, [BEA], "From: a b c\r\n\r\ntext\r\n")
    refused(client, 550, "5.7.1", ADA, [BEA], f"From: {BEA}\r\n\r\ntext\r\n")
    client.quit()
    with smtplib.SMTP_SSL("127.0.0.1", server.submissions_port, context=trusting()) as client:
        client.login(ADA, PASSWORD)
        client.sendmail(ADA, [BEA], letter("two"))
    expect_once(server, "one", "two")
    expect("Bcc: hidden" in sent(watching)[0][2], "the sender's copy lost its Bcc")
    appended_and_sent(server, watching)


def append_uid(imap, message, flags="(\\Flagged)"):
    ok(imap.append("Sent", flags, None, message.encode()))
    return imap.untagged_responses["APPENDUID"][-1].split()[1].decode()


def appended_and_sent(server, imap):
    """What a client sends and files itself is there once, whichever comes first."""
    client = server.submission(ADA)
    client.sendmail(ADA, [BEA], letter("three"))
    uid = append_uid(imap, letter("three", "Bcc: hidden@example.org\r\n", "Hello.\r\n..dot\r\n"))
    flags = ok(imap.uid("FETCH", uid, "(FLAGS)"))[0].decode()
    expect("\\Seen" in flags and "\\Flagged" in flags, f"flags are not merged: {flags}")
    append_uid(imap, letter("four"))
    client.sendmail(ADA, [BEA], letter("four"))
    append_uid(imap, letter("three", body="Another text.\r\n"), "(\\Seen)")
    expect_once(server, "one", "two", "three", "four", "three")


def test_raw(server):
    """Octets that no library sends."""
    with socket.create_connection(("127.0.0.1", server.submission_port), timeout=60) as s:
        s.sendall(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<ada@example.org>\r\n")
        said = b""
        while octets := s.recv(4096):
            said += octets
        expect(b"\r\n503 5.5.1 " in said and b"250 2.1.0" not in said, f"injected: {said}")
    client = server.submission(ADA)
    for end in (b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"):
        client.putcmd("mail", f"FROM:<{ADA}>")
        client.getreply()
        client.putcmd("rcpt", f"TO:<{BEA}>")
        client.getreply()
        client.putcmd("data")
        client.getreply()
        client.send(letter("smuggled").encode() + end + b"MAIL FROM:<x@example.org>\r\n.\r\n")
        code, words = client.getreply()
        expect(code == 554, f"{end!r} was taken: {code} {words}")
        expect(client.noop()[0] == 250, "out of step")
    client.putcmd("mail", f"FROM:<{ADA}>")
    client.putcmd("rcpt", f"TO:<{BEA}>")
    client.putcmd("data")
    client.send(letter("vanished").encode())
    client.sock.close()
    expect_once(server)


def run(*arguments, text=""):
    done = subprocess.run(arguments, input=text.encode(), check=False, capture_output=True, timeout=60)
    expect(done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")


def test_curl(server):
    need("curl")
    for token, url in (("plain", f"smtp://127.0.0.1:{server.submission_port}"),
                       ("implicit", f"smtps://127.0.0.1:{server.submissions_port}")):
        run("curl", "--silent", "--show-error", "--ssl-reqd", "--insecure", "--user",
            f"{ADA}:{PASSWORD}", "--mail-from", ADA, "--mail-rcpt", BEA, "--mail-rcpt", ADA,
            "--upload-file", "-", url, text=letter(token))
    expect_once(server, "plain", "implicit")


def test_msmtp(server):
    need("msmtp")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        for name, port, starttls in (("plain", server.submission_port, "on"),
                                     ("implicit", server.submissions_port, "off")):
            f.write(f"account {name}\nhost 127.0.0.1\nport {port}\ntls on\ntls_certcheck off\n"
                    f"tls_starttls {starttls}\nauth on\nuser {ADA}\npassword {PASSWORD}\nfrom {ADA}\n")
        f.flush()
        for name in ("plain", "implicit"):
            run("msmtp", "--file", f.name, "--account", name, BEA,
                text=letter(name).replace("\r\n", "\n"))
    expect_once(server, "plain", "implicit")


def test_swaks(server):
    need("swaks")
    with tempfile.NamedTemporaryFile("w", newline="") as f:
        f.write(letter("swaks"))
        f.flush()
        run("swaks", "--server", f"127.0.0.1:{server.submission_port}", "--tls", "--auth", "PLAIN",
            "--auth-user", ADA, "--auth-password", PASSWORD, "--from", ADA, "--to", f"{BEA},{ADA}",
            "--pipeline", "--data", f"@{f.name}")
    expect_once(server, "swaks")


def test():
    wanted = sys.argv[1:] or ["smtplib", "raw", "curl", "msmtp", "swaks"]
    for name in wanted + (["raw"] if wanted == ["smtplib"] else []):
        with Server() as server:
            globals()[f"test_{name}"](server)
            server.check()


if __name__ == "__main__":
    main(test)
