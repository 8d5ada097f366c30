"""The same course for every kind of directory: what somebody sees who logs in, and who sends mail, while it works and
while it is down."""

import base64
import imaplib
import poplib
import smtplib
import socket
import time

from posthorn import expect, trusting

SECRET = "correct horse"
CHANGED = "battery staple"
# What every directory of these tests has. Bob never logs in before mail comes for him.
ANN, BOB, OFF, EVE = "ann@example.org", "bob@example.org", "off@example.org", "eve@example.org"
ALIAS = "sales@example.org"  # Leads to ann.
BAD = "bad@example.org"      # Cannot be used.
NOBODY = "nobody@example.org"
MESSAGE = b"From: x@example.com\r\nSubject: hello\r\n\r\nhello\r\n"
ARGUMENTS = ("--auth-socket", "auth.sock", "--map-socket", "map.sock", "--policy-socket", "policy.sock")


def settings(kind, **keys):
    """For Server: a directory called work, which is asked each time."""
    keys = {"kind": kind, "cache_time": "0s", "negative_cache_time": "0s", "timeout": "3s", **keys}
    return ["domains=example.org", "directories=internal,work", "auth.throttle.free_guesses=50"] + \
        [f"directory.work.{key}={value}" for key, value in keys.items()]


def imap(server, user, password=SECRET):
    """OK, or the response code of the refusal."""
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    try:
        # The library quotes the password only.
        client.login(f'"{user}"', password)
        client.logout()
        return "OK"
    except imaplib.IMAP4.error as refusal:
        return str(refusal).split("[", 1)[1].split("]", 1)[0] if "[" in str(refusal) else str(refusal)


def pop3(server, user, password=SECRET):
    client = poplib.POP3("127.0.0.1", server.pop3_port, timeout=60)
    try:
        client.user(user)
        client.pass_(password)
        client.quit()
        return "OK"
    except poplib.error_proto as refusal:
        return str(refusal).split("[", 1)[1].split("]", 1)[0]


def submission(server, user, password=SECRET):
    client = smtplib.SMTP("127.0.0.1", server.submission_port, timeout=60)
    client.starttls(context=trusting())
    try:
        client.login(user, password)
        client.quit()
        return 235
    except smtplib.SMTPAuthenticationError as refusal:
        return refusal.smtp_code


def lmtp(server, recipient):
    client = server.lmtp()
    code = client.deliver(MESSAGE, recipient)[0]
    client.close()
    return code


def unix(server, name):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(f"{server.folder}/{name}.sock")
    return client


def auth(server, user, password=SECRET):
    """OK, FAIL, or FAIL temp: what an MTA is told."""
    with unix(server, "auth") as client, client.makefile("rb") as file:
        response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        client.sendall(f"VERSION\t1\t2\nCPID\t1\nAUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp={response}\n".encode())
        for line in file:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] in ("OK", "FAIL"):
                return words[0] + (" temp" if "temp" in words else "")
    return "hung up"


def look_up(server, table, key):
    """OK and a value, NOTFOUND, or TEMP."""
    request = f"{table} {key}".encode()
    with unix(server, "map") as client, client.makefile("rb") as file:
        client.sendall(b"%d:%s," % (len(request), request))
        length = b""
        while not length.endswith(b":"):
            length += file.read(1)
        said = file.read(int(length[:-1])).decode()
    return said if said.startswith("OK ") else said.split(" ", 1)[0]


def policy(server, recipient):
    """The first word of the action."""
    with unix(server, "policy") as client, client.makefile("rb") as file:
        client.sendall(f"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=x@example.com\n"
                       f"recipient={recipient}\n\n".encode())
        return file.readline().decode().strip().removeprefix("action=").split(" ", 1)[0]


def expect_all(what, found, wanted):
    expect(found == wanted, f"{what}: {found} instead of {wanted}")


def works(server):
    """Everybody gets what is theirs."""
    expect_all("imap", imap(server, ANN), "OK")
    expect_all("imap, a wrong password", imap(server, ANN, "wrong"), "AUTHENTICATIONFAILED")
    expect_all("imap, nobody", imap(server, NOBODY), "AUTHENTICATIONFAILED")
    expect_all("pop3", pop3(server, ANN), "OK")
    expect_all("pop3, a wrong password", pop3(server, ANN, "wrong"), "AUTH")
    expect_all("submission", submission(server, ANN), 235)
    expect_all("submission, a wrong password", submission(server, ANN, "wrong"), 535)
    expect_all("auth socket", auth(server, ANN), "OK")
    expect_all("auth socket, a wrong password", auth(server, ANN, "wrong"), "FAIL")


def receives(server):
    """A directory that can tell who exists."""
    expect_all("lmtp", lmtp(server, BOB), 250)
    expect_all("lmtp, a detail", lmtp(server, "bob+lists@example.org"), 250)
    expect_all("lmtp, nobody", lmtp(server, NOBODY), 550)
    expect_all("lmtp, an alias", lmtp(server, ALIAS), 250)
    expect_all("mailboxes", look_up(server, "mailboxes", BOB), f"OK {BOB}")
    expect_all("mailboxes, nobody", look_up(server, "mailboxes", NOBODY), "NOTFOUND")
    expect_all("senders", look_up(server, "senders", ALIAS), f"OK {ANN}")
    expect_all("policy", policy(server, BOB), "DUNNO")
    expect_all("policy, nobody", policy(server, NOBODY), "550")
    # Disabled: known, and refused everywhere.
    expect_all("imap, disabled", imap(server, OFF), "NOPERM")
    expect_all("submission, disabled", submission(server, OFF), 535)
    expect_all("lmtp, disabled", lmtp(server, OFF), 550)
    expect_all("policy, disabled", policy(server, OFF), "550")
    # One bad entry is the trouble of one user.
    expect_all("imap, a bad entry", imap(server, BAD), "UNAVAILABLE")
    expect_all("lmtp, a bad entry", lmtp(server, BAD), 451)
    expect_all("imap", imap(server, ANN), "OK")


def is_disabled_at_once(server, disable, enable):
    """An app password is as dead as its user, who was disabled where the directory keeps that; and so is what is
    running with it, at the latest when somebody logs in as the user again."""
    app = server.run("account", "app-password", "add", ANN, "phone").strip()
    for way, right in ((imap, "OK"), (pop3, "OK"), (submission, 235), (auth, "OK")):
        expect_all(f"{way.__name__}, an app password", way(server, ANN, app), right)
    running = server.imap(ANN, app)
    disable()
    for way, wrong in ((imap, "NOPERM"), (pop3, "AUTH"), (submission, 535), (auth, "FAIL")):
        for password in (app, SECRET):
            expect_all(f"{way.__name__}, disabled", way(server, ANN, password), wrong)
    said = running.readline()
    expect(said.startswith(b"* BYE [UNAVAILABLE]"), f"the session goes on: {said}")
    enable()
    expect_all("imap, enabled again", imap(server, ANN, app), "OK")


def fails_temporarily(server, knows_users=True):
    """Nobody is told that a password is wrong, or that somebody does not exist."""
    for password in (SECRET, "wrong"):
        expect_all("imap, down", imap(server, ANN, password), "UNAVAILABLE")
        expect_all("pop3, down", pop3(server, ANN, password), "SYS/TEMP")
        expect_all("submission, down", submission(server, ANN, password), 454)
        expect_all("auth socket, down", auth(server, ANN, password), "FAIL temp")
    if knows_users:
        for recipient in (BOB, NOBODY, ALIAS):
            expect_all("lmtp, down", lmtp(server, recipient), 451)
            expect_all("mailboxes, down", look_up(server, "mailboxes", recipient), "TEMP")
            expect_all("policy, down", policy(server, recipient), "451")


def comes_back(server):
    deadline = time.monotonic() + 30
    while imap(server, ANN) == "UNAVAILABLE":
        expect(time.monotonic() < deadline, "the directory is not asked again")
        time.sleep(0.1)
