#!/usr/bin/env python3
"""Teams: what members see and may do, that nobody logs in as one, delivery, sending as a team, and the end of a membership."""

import base64
import imaplib
import os
import re
import smtplib
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok, trusting  # noqa: E402
from scram import Scram  # noqa: E402

ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"
TEAM = "support@example.org"
SPACE = f"Shared Folders/{TEAM}"
SETTINGS = ["auth.allow_plaintext_without_tls=loopback", "auth.master_separator=*"]


def quoted(name):
    return f'"{name}"'


def listed(imap, command="list"):
    """The names that there are, without levels."""
    lines = ok(getattr(imap, command)('""', "*"))
    return {re.search(r'"/" (?:"([^"]*)"|(\S+))$', line.decode()).group(1, 2) for line in lines
            if line and b"\\Noselect" not in line}


def names(imap, command="list"):
    return {a or b for a, b in listed(imap, command)}


def subjects(imap, mailbox):
    count = ok(imap.select(quoted(mailbox), readonly=True))[0]
    data = ok(imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")) if count != b"0" else []
    ok(imap.unselect())
    return [part[1].decode().strip().removeprefix("Subject: ") for part in data if isinstance(part, tuple)]


def header(imap, mailbox, field):
    """That of the last message."""
    count = ok(imap.select(quoted(mailbox), readonly=True))[0].decode()
    data = ok(imap.fetch(count, f"(BODY.PEEK[HEADER.FIELDS ({field})])"))
    ok(imap.unselect())
    return data[0][1].decode().strip()


def eventually(what, words):
    """Sent mail is delivered a moment later."""
    deadline = time.monotonic() + 20
    while not what():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.05)


def letter(subject, sender=TEAM, more=""):
    return f"From: {sender}\r\nTo: {EVE}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.org>\r\n{more}\r\nx\r\n"


def send(server, user, text, sender=TEAM, to=EVE):
    """The reply code."""
    client = server.submission(user)
    try:
        client.sendmail(sender, [to], text)
        return 250
    except smtplib.SMTPSenderRefused as e:
        return e.smtp_code
    except smtplib.SMTPDataError as e:
        return e.smtp_code
    finally:
        client.close()


def nobody_logs_in(server):
    def refused(log_in):
        client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        try:
            log_in(client)
        except imaplib.IMAP4.error:
            client.logout()
            return True
        return False

    def by_scram(client):
        exchange, steps = Scram(TEAM), []

        def answer(challenge):
            steps.append(challenge)
            first = [exchange.first, lambda: exchange.final(base64.b64encode(challenge).decode()), lambda: ""]
            return base64.b64decode(first[len(steps) - 1]())
        client.authenticate("SCRAM-SHA-256", answer)
    run = server.run
    expect(refused(lambda c: c.login(TEAM, PASSWORD)), "LOGIN as the team")
    expect(refused(lambda c: c.authenticate("PLAIN", lambda _: f"\0{TEAM}\0{PASSWORD}".encode())), "PLAIN as the team")
    expect(refused(by_scram), "SCRAM as the team")
    run("account", "act-as", "add", ADA, "example.org")
    expect(not refused(lambda c: c.login(f'"{BOB}*{ADA}"', PASSWORD)), "nobody can act as Bob")
    expect(refused(lambda c: c.login(f'"{TEAM}*{ADA}"', PASSWORD)), "Ada acts as the team")
    expect(refused(lambda c: c.authenticate("PLAIN", lambda _: f"{TEAM}\0{ADA}\0{PASSWORD}".encode())), "the same by PLAIN")
    password = os.path.join(server.folder, "password")
    with open(password, "w", encoding="utf-8") as f:
        f.write(PASSWORD + "\n")
    for command in (["passwd", TEAM, "--password-file", password], ["app-password", "add", TEAM, "phone"],
                    ["act-as", "add", TEAM, "example.org"], ["set", TEAM, "--main-password", "everywhere"]):
        run("account", *command, codes=(1, 3))
    expect(refused(lambda c: c.login(TEAM, PASSWORD)), "LOGIN as the team, afterwards")
    expect(re.search(rf"{re.escape(TEAM)} .* team\n", run("account", "list")), "the list of accounts does not say it")


def members_see_it(server, ada, bob, eve):
    boxes = {f"{SPACE}/{name}" for name in ("INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash")}
    for imap in (ada, bob):
        expect(boxes <= names(imap) and boxes <= names(imap, "lsub"), f"{names(imap)} {names(imap, 'lsub')}")
    expect(not any(name.startswith("Shared") for name in names(eve)), "Eve sees the team")
    missing = eve.select(quoted("Shared Folders/nobody@example.org/INBOX"))
    expect(eve.select(quoted(f"{SPACE}/INBOX")) == missing and missing[0] == "NO", "Eve is told that there is something")
    # A team is not found among people, nor a person among teams.
    expect(ada.select(quoted(f"Other Users/{TEAM}/INBOX")) == missing, "the team has a second name")
    lines = ok(ada.list('""', '"Shared Folders/%"'))
    expect(lines == [f'(\\Noselect \\HasChildren) "/" "{SPACE}"'.encode()], f"{lines}")
    expect(not any(b"\\Sent" in line or b"\\Trash" in line for line in ok(ada.list('""', quoted(SPACE + "/*")))),
           "clients would take the team's Sent for the user's")
    expect(b"lrswipkxte" in ok(bob.myrights(quoted(f"{SPACE}/INBOX")))[0], "Bob's rights")


def members_make_mailboxes(ada, bob, eve):
    box = f"{SPACE}/Projects"
    ok(ada.create(quoted(box)))
    ok(ada.create(quoted(box + "/New")))
    for name in (box, box + "/New"):
        expect(name in names(bob) and name in names(bob, "lsub"), f"Bob does not see {name}")
    ok(bob.unsubscribe(quoted(box + "/New")))
    ok(ada.create(quoted(f"{SPACE}/Other")))
    expect(box + "/New" not in names(bob, "lsub"), "what Bob unsubscribed came back")
    ok(bob.rename(quoted(f"{SPACE}/Other"), quoted(f"{SPACE}/Others")))
    expect({f"{SPACE}/Others"} <= names(ada) & names(ada, "lsub"), "Ada's subscription did not follow")
    ok(bob.delete(quoted(f"{SPACE}/Others")))
    kind, data = eve.create(quoted(f"{SPACE}/Hers"))
    expect(kind == "NO" and b"NOPERM" in data[0], f"Eve: {data}")


def delivery(server, ada, bob):
    lmtp = server.lmtp()

    def deliver(subject, *to):
        expect(lmtp.deliver(f"Subject: {subject}\r\n\r\nx\r\n".encode(), *to) == [250] * len(to), f"{subject} was refused")
    deliver("one", TEAM)
    deliver("two", "support+projects@example.org")
    expect(subjects(ada, f"{SPACE}/INBOX") == ["one"] == subjects(bob, f"{SPACE}/INBOX"), "to the team")
    expect(subjects(ada, f"{SPACE}/Projects") == ["two"], "to a folder of the team")
    expect(subjects(ada, "INBOX") == [] == subjects(bob, "INBOX"), "the members got copies")
    server.run("team", "set", TEAM, "--folder-mail", "restricted")
    deliver("three", "support+projects@example.org")
    server.run("mailbox", "share", TEAM, "Projects", "anyone", "--rights", "p")
    deliver("four", "support+projects@example.org", TEAM)
    server.run("mailbox", "share", TEAM, "Projects", "--rights", "p", "--", "-anyone")
    deliver("five", "support+projects@example.org")
    expect(subjects(ada, f"{SPACE}/Projects") == ["two", "four"], f"restricted: {subjects(ada, f'{SPACE}/Projects')}")
    expect(subjects(ada, f"{SPACE}/INBOX") == ["one", "three", "four", "five"], "what the folder did not take")
    # What Bob has read stays unread for Ada.
    ok(bob.select(quoted(f"{SPACE}/INBOX")))
    ok(bob.store("1", "+FLAGS", "(\\Seen)"))
    expect(b"UNSEEN 4" in ok(ada.status(quoted(f"{SPACE}/INBOX"), "(UNSEEN)"))[0], "Bob read it for Ada")
    ok(bob.unselect())
    lmtp.close()


def sending(server, ada, bob, eve):
    sent = f"{SPACE}/Sent"
    expect(send(server, BOB, letter("as-team")) == 250, "Bob may not send as the team")
    expect(subjects(ada, sent) == ["as-team"] and subjects(bob, "Sent") == [], "the copy is not in the team's Sent only")
    for imap in (ada, bob):
        expect(b"UNSEEN 0" in ok(imap.status(quoted(sent), "(UNSEEN)"))[0], "the copy is unread")
    eventually(lambda: subjects(eve, "INBOX") == ["as-team"], "Eve did not get it")
    expect("Sender" not in header(eve, "INBOX", "SENDER"), "there is a Sender")
    # A client that lost the connection sends it again, and files it itself.
    expect(send(server, BOB, letter("as-team")) == 250, "the second time")
    expect(subjects(ada, sent) == ["as-team"], "the second try made a second copy")
    answer = ok(bob.append(quoted(sent), "(\\Seen)", None, letter("as-team").encode()))
    expect(b"APPENDUID" in answer[0] and answer[0].split()[2].startswith(b"1]"), f"{answer}")
    expect(subjects(ada, sent) == ["as-team"], "the client's copy was filed as well")
    # The client may also come first.
    ok(bob.append(quoted(sent), "(\\Seen)", None, letter("early").encode()))
    expect(send(server, BOB, letter("early")) == 250 and subjects(ada, sent) == ["as-team", "early"], "two copies")
    # Every address of the team, and no other.
    server.run("alias", "add", "help@example.org", TEAM)
    expect(send(server, BOB, letter("alias", "help@example.org"), "help@example.org") == 250, "an alias of the team")
    expect(subjects(ada, sent) == ["as-team", "early", "alias"], "the copy of what was sent from an alias")
    expect(send(server, EVE, letter("forged")) == 550, "Eve sends as the team")
    expect(send(server, EVE, letter("forged"), sender=EVE) == 550, "Eve writes as the team")
    expect(send(server, BOB, letter("mixed", f"{TEAM}, {EVE}"), sender=BOB) == 550, "one author is not Bob's")
    # Both want a copy.
    server.run("team", "set", TEAM, "--sent-copy", "both")
    expect(send(server, BOB, letter("both")) == 250, "both")
    expect(subjects(bob, "Sent") == ["both"] and subjects(ada, sent)[-1] == "both", "not two copies")
    server.run("team", "set", TEAM, "--sent-copy", "team")
    expect(send(server, BOB, letter("own", BOB), sender=BOB) == 250 and subjects(bob, "Sent") == ["both", "own"], "own mail")
    # A client may have removed the mailbox.
    ok(ada.delete(quoted(sent)))
    expect(send(server, BOB, letter("anew")) == 250 and subjects(bob, sent) == ["anew"], "no new Sent")
    expect(sent in names(ada, "lsub"), "the new Sent is not subscribed")


def on_behalf(server, ada, eve):
    server.run("team", "member", "add", TEAM, BOB, "--sending", "on-behalf")
    expect(send(server, BOB, letter("for-the-team")) == 250, "on behalf")
    eventually(lambda: subjects(eve, "INBOX")[-1] == "for-the-team", "Eve did not get it")
    expect(header(eve, "INBOX", "SENDER") == f"Sender: {BOB}", f"{header(eve, 'INBOX', 'SENDER')}")
    expect(header(ada, f"{SPACE}/Sent", "SENDER") == f"Sender: {BOB}", "the copy differs")
    expect(send(server, BOB, letter("said", more=f"Sender: {BOB}\r\n"), sender=BOB) == 250, "with a Sender of his own")
    for wrong in (TEAM, EVE, f"{BOB}, {TEAM}"):
        expect(send(server, BOB, letter("wrong", more=f"Sender: {wrong}\r\n")) == 550, f"Sender {wrong}")
    server.run("team", "member", "add", TEAM, BOB, "--rights", "reader", "--sending", "none")
    expect(send(server, BOB, letter("none")) == 550, "a reader sends as the team")


def quota(server, ada, bob):
    """It is the team's; when there is no room for the copy, the sender keeps it."""
    server.run("team", "add", "small@example.org", "--member", BOB, "--max-messages", "2")
    lmtp = server.lmtp()
    for code in (250, 250, 552):
        expect(lmtp.deliver(b"Subject: x\r\n\r\nx\r\n", "small@example.org") == [code], f"not {code}")
    lmtp.close()
    before = len(subjects(bob, "Sent"))
    expect(send(server, BOB, letter("full", "small@example.org"), "small@example.org") == 250, "sending with a full team")
    expect(subjects(bob, "Sent")[before:] == ["full"], "no copy at all")
    expect("small@example.org" in server.run("team", "list"), "not in the list of teams")
    server.run("team", "remove", "small@example.org", codes=(1,))
    server.run("team", "remove", "small@example.org", "--yes")
    expect("small@" not in "".join(names(bob)) and "small@" not in server.run("team", "list"), "it is still there")
    server.run("team", "remove", ADA, "--yes", codes=(1, 3))


def end_of_membership(server, ada, bob):
    ok(bob.select(quoted(f"{SPACE}/INBOX")))
    idle = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=20)
    idle.login(BOB, PASSWORD)
    ok(idle.select(quoted(f"{SPACE}/INBOX")))
    idle.send(b"i IDLE\r\n")
    expect(idle.readline().startswith(b"+"), "IDLE")
    server.run("team", "member", "remove", TEAM, BOB)
    expect(idle.readline().startswith(b"* BYE [NONEXISTENT]"), "Bob still watches the mailbox")
    try:
        kind, data = bob.fetch("1", "(FLAGS)")
        expect(kind != "OK", f"Bob still reads: {data}")
    except imaplib.IMAP4.abort:
        pass
    bob = server.imap(BOB)
    expect(not any(name.startswith("Shared") for name in names(bob)), "Bob sees the team")
    expect(send(server, BOB, letter("late")) == 550, "Bob sends as the team")
    expect(BOB not in server.run("team", "show", TEAM), "Bob is shown as a member")
    server.run("team", "member", "remove", TEAM, BOB, codes=(1, 3))
    server.run("team", "member", "add", TEAM, BOB)
    expect(f"{SPACE}/INBOX" in names(bob, "lsub"), "Bob is a member again, and not subscribed")
    # An account that is removed is no member any more, nor is its successor.
    server.run("account", "remove", BOB, "--yes")
    expect(BOB not in server.run("team", "show", TEAM), "a removed account is a member")
    server.add_account(BOB)
    expect(not any(name.startswith("Shared") for name in names(server.imap(BOB))), "the successor sees the team")
    expect(ADA in server.run("team", "show", TEAM), "Ada is gone too")


def bad_input(server):
    run = server.run
    run("team", "add", "bad/name@example.org", codes=(1, 3))
    run("team", "add", TEAM, codes=(1, 3))
    run("team", "add", "second@example.org", "--member", "not.there@nowhere.example", codes=(1, 3))
    expect("second@" not in run("team", "list"), "created although a member is missing")
    run("team", "member", "add", TEAM, TEAM, codes=(1, 3))
    run("team", "member", "add", TEAM, EVE, "--rights", "q", codes=(1, 3))
    run("team", "member", "add", ADA, EVE, codes=(1, 3))
    run("team", "set", TEAM, codes=(1, 3))


def test():
    with Server(settings=SETTINGS, any_user=False) as server:
        for user in (ADA, BOB, EVE):
            server.add_account(user)
        server.run("team", "add", TEAM, "--member", ADA, "--member", BOB)
        nobody_logs_in(server)
        ada, bob, eve = server.imap(ADA), server.imap(BOB), server.imap(EVE)
        members_see_it(server, ada, bob, eve)
        members_make_mailboxes(ada, bob, eve)
        delivery(server, ada, bob)
        sending(server, ada, bob, eve)
        on_behalf(server, ada, eve)
        quota(server, ada, bob)
        bad_input(server)
        server.stop()
        server.start()
        ada, bob = server.imap(ADA), server.imap(BOB)
        expect(f"{SPACE}/INBOX" in names(ada) and "restricted" in server.run("team", "show", TEAM), "forgotten by a restart")
        end_of_membership(server, ada, bob)
        server.check()


main(test)
