#!/usr/bin/env python3
"""Makes written/NAME.tar.xz with the program $POSTHORN: an installation, and a record of what is in it."""

import email.message
import json
import os
import re
import smtplib
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from installation import ADA, BEN, CAROL, PASSWORDS, Installation, offline_facts, online_facts  # noqa: E402
from posthorn import expect, trusting  # noqa: E402

HASH = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
CONFIG = """# An operator's file, with keys from most sections.
data_dir = "/var/lib/posthorn"
hostname = "mail.example.org"
domains = ["example.org"]

[listen]
imap = ["127.0.0.1:143"]
imaps = []
pop3 = ["127.0.0.1:110"]
pop3s = []
submission = ["127.0.0.1:587"]
submissions = []
lmtp = ["127.0.0.1:24"]
lmtp_socket = ""

[limits]
message_size = "50MB"
per_user = 40

[storage]
piece_sharing = "server"
journal_horizon = "60d"

[auth]
allow_plaintext_without_tls = "loopback"
upgrade_hashes = false

[sharing]
groups = ["sales=ben@example.org carol@example.org"]

[relay]
host = "127.0.0.1"
port = 1
tls = "none"
retry_first = "1d"
retry_longest = "1d"

[quota]
default_size = "1GB"
"""


def message(subject, body, **headers):
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = "Grace <grace@example.net>", ADA, subject
    made["Date"] = "Mon, 30 Nov 2026 10:00:00 +0100"
    made["Message-ID"] = f"<{re.sub('[^a-z0-9]+', '-', subject.lower())}@example.net>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made


def octets(made):
    return made.as_bytes(policy=made.policy.clone(linesep="\r\n", max_line_length=78))


def fill_accounts(at):
    for user in (ADA, CAROL):
        at.run("account", "add", user, stdin=PASSWORDS[user] + "\n")
    at.run("account", "import", "-", stdin=f"{BEN}:{{SHA512-CRYPT}}{HASH}\n")
    at.run("account", "add", "dora@example.org", "--no-password", "--max-size", "5MB")
    at.run("account", "disable", "dora@example.org")
    at.run("alias", "add", "team@example.org", ADA, BEN)
    at.run("account", "send-as", "add", ADA, "press@example.org")
    at.run("account", "act-as", "add", CAROL, "example.org")
    return at.run("account", "app-password", "add", ADA, "phone").split()[0]


def fill_mail(at):
    ada = at.imap(ADA)
    plain = octets(message("Plain", "Some text with a needle in it.\n"))
    answer = octets(message("Re: Plain", "An answer.\n", In_Reply_To="<plain@example.net>", References="<plain@example.net>"))
    other = message("Grüße", "Größere Freude: äöü €\n")
    other.add_attachment(bytes(range(256)) * 8, maintype="application", subtype="octet-stream", filename="a.bin")
    long = octets(message("Long", "The same line many times, and a NEEDLE.\n" * 7000))
    ada.append("INBOX", plain, "\\Seen $Important", "30-Nov-2026 10:00:00 +0100")
    ada.append("INBOX", answer, "\\Answered \\Flagged project-x")
    ada.append("INBOX", octets(other), "\\Draft")
    ada.append("INBOX", long)
    for name in ("Work", "Work/Plans", "&AMQ-rger"):
        ada.command(f"CREATE {name}")
    ada.command("CREATE Sketches")
    ada.command("SUBSCRIBE INBOX")
    ada.command("SUBSCRIBE Work/Plans")
    ada.command("SELECT INBOX")
    ada.command("UID COPY 1:2 Work/Plans")
    ada.command("UID MOVE 3 &AMQ-rger")
    ada.append("INBOX", octets(message("Gone", "Soon expunged.\n")), "\\Deleted")
    ada.command("EXPUNGE")
    ada.command("UID STORE 2 +FLAGS (\\Seen)")
    ada.command("UNSELECT")
    # Enough that they are packed into pages, and that filters for SEARCH are made.
    many = b"APPEND Archive"
    for n in range(600):
        text = octets(message(f"Number {n}", f"Text {n} {'needle' if n % 50 == 0 else 'straw'}.\n"))
        many += b" (\\Seen)" * (n % 2) + b" {%d+}\r\n" % len(text) + text
    ada.command(many)
    ada.command("SELECT Archive")
    ada.command("UID STORE 100:110 +FLAGS (\\Deleted)")
    ada.command("UID EXPUNGE 100:105")
    ada.command("UNSELECT")
    ada.command('SETMETADATA INBOX (/private/comment "mine" /shared/comment "for all")')
    ada.command('SETMETADATA "" (/private/filters/values/urgent "FLAGGED UNSEEN")')
    ada.command("SETACL Work/Plans ben@example.org lrsw")
    ada.command("SETACL Work anyone lr", ok=False)
    ada.close()
    at.run("mailbox", "share", ADA, "Work", "group:sales", "--rights", "lr")


def fill_from_outside(at):
    lmtp = at.lmtp()
    expect(lmtp.deliver(octets(message("To both", "One text for two people.\n" * 300)), ADA, BEN) == [250, 250], "LMTP")
    expect(lmtp.deliver(octets(message("To team", "By an alias.\n")), "team@example.org") == [250], "LMTP to an alias")
    lmtp.close()
    # A user of a shared mailbox has flags of his own.
    ben = at.imap(BEN)
    ben.command('SELECT "Other Users/ada@example.org/Work/Plans"')
    ben.command("UID STORE 2 +FLAGS (\\Seen)")
    ben.close()
    smtp = smtplib.SMTP("127.0.0.1", at.ports["submission"], timeout=60)
    smtp.starttls(context=trusting())
    smtp.login(CAROL, PASSWORDS[CAROL])
    smtp.sendmail(CAROL, ["else@example.com", "more@example.com"], octets(message("Outbound", "Waits for the relay.\n")).replace(
        b"Grace <grace@example.net>", CAROL.encode()))
    smtp.quit()


def make(name, folder):
    at = Installation(folder)
    with open(os.path.join(folder, "posthorn.toml"), "w", encoding="utf-8") as f:
        f.write(CONFIG)
    at.run("init")
    app_password = fill_accounts(at)
    at.start()
    try:
        fill_mail(at)
        fill_from_outside(at)
        time.sleep(5)  # The store packs and makes filters.
        record = {"name": name, "app_password": app_password, "online": online_facts(at)}
    finally:
        at.stop()
    record["offline"] = offline_facts(at)
    at.run("check", "--deep")
    with open(os.path.join(folder, "record.json"), "w", encoding="utf-8") as f:
        json.dump(record, f, indent=1, sort_keys=True, ensure_ascii=True)
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "written", name + ".tar.xz")
    os.makedirs(os.path.dirname(out), exist_ok=True)

    def plain_entry(entry):
        # The certificate is made again where it is missing; sockets are no data.
        if os.path.basename(entry.name) in ("cert.pem", "key.pem", "log", "ready.json") or not (entry.isfile() or entry.isdir()):
            return None
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry
    with tarfile.open(out, "x:xz") as tar:
        for part in ("posthorn.toml", "record.json", "data"):
            tar.add(os.path.join(folder, part), arcname=part, filter=plain_entry)
    print(f"{out}: {os.path.getsize(out)} octets")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="posthorn-") as where:
        make(sys.argv[1], where)
