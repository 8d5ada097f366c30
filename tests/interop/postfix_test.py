#!/usr/bin/env python3
"""A Postfix of its own hands its mail over by LMTP on the unix socket and over TCP: one message for
several recipients, one of whom nobody knows."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok, skip  # noqa: E402


def configure(folder, transport):
    config = os.path.join(folder, "etc")
    for name in ("etc", "queue", "data"):
        os.makedirs(os.path.join(folder, name))
    os.chmod(folder, 0o755)
    owner = pwd.getpwnam("postfix")
    os.chown(os.path.join(folder, "data"), owner.pw_uid, owner.pw_gid)
    with open(os.path.join(config, "main.cf"), "w", encoding="utf-8") as f:
        f.write(f"""compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.example.net
mydestination =
virtual_mailbox_domains = example.org
virtual_transport = {transport}
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtputf8_enable = no
lmtp_tls_security_level = none
bounce_queue_lifetime = 0
notify_classes =
""")
    with open(os.path.join(config, "master.cf"), "w", encoding="utf-8") as f:
        f.write("""pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")
    return config


def read_log(folder):
    try:
        with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def deliver(server, transport, name):
    folder = tempfile.mkdtemp(prefix="posthorn-postfix-")
    config = configure(folder, transport)
    postfix = ["postfix", "-c", config]
    users = [f"{name}{n}@example.org" for n in range(3)]
    boxes = [server.imap(user) for user in users]  # Makes the accounts.
    try:
        started = subprocess.run([*postfix, "start"], check=False, capture_output=True, text=True,
                                 timeout=60)
        expect(started.returncode == 0, f"postfix: {started.stdout}{started.stderr}")
        for n in range(5):
            subprocess.run(["sendmail", "-i", "-C", config, "-f", "sender@example.net", *users,
                            "no+body@nowhere.example.org"],
                           input=f"Subject: letter {n}\n\n.\n..\nhere\n", check=True, text=True,
                           timeout=60, env={**os.environ, "MAIL_CONFIG": config})
        deadline = time.monotonic() + 60
        while read_log(folder).count("status=sent") < 15 and time.monotonic() < deadline:
            time.sleep(0.2)
        log = read_log(folder)
        expect(log.count("status=sent") >= 15, f"Postfix's log:\n{log[-4000:]}")
        for imap in boxes:
            expect(ok(imap.select("INBOX"))[0] == b"5", "five letters expected")
            text = ok(imap.fetch("1", "(BODY.PEEK[])"))[0][1]
            expect(b"Return-Path: <sender@example.net>\r\n" in text, "Return-Path")
            expect(b"\r\n\r\n.\r\n..\r\nhere\r\n" in text, f"the text is not as sent: {text}")
            imap.logout()
    finally:
        subprocess.run([*postfix, "stop"], check=False, capture_output=True, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def test():
    if os.geteuid() != 0:
        skip("Postfix starts as root only")
    if not shutil.which("postfix") or not shutil.which("sendmail"):
        skip("postfix is not installed")
    sockets = tempfile.mkdtemp(prefix="posthorn-lmtp-")
    os.chmod(sockets, 0o755)
    socket = os.path.join(sockets, "lmtp.sock")
    with Server(engine="memory", arguments=["--lmtp-socket", socket]) as server:
        os.chmod(socket, 0o666)  # In production: a group both are in.
        deliver(server, f"lmtp:unix:{socket}", "unix")
        deliver(server, f"lmtp:inet:127.0.0.1:{server.lmtp_port}", "tcp")
    shutil.rmtree(sockets, ignore_errors=True)


if __name__ == "__main__":
    main(test)
