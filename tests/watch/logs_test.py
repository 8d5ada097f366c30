#!/usr/bin/env python3
"""Lines that programs read: logins, logouts and administration, as text and as JSON."""

import imaplib
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main  # noqa: E402

SLY = 'x" address=198.51.100.7 reason=wrong_password user="root'


def use(server):
    """Returns the number of a connection, as `who` says."""
    server.add_account("ada@example.org")
    client = server.imap("ada@example.org")
    client.append("INBOX", None, None, b"Subject: x\r\n\r\n" + b"y" * 5000 + b"\r\n")
    session = json.loads(server.run("who", "ada@example.org", "--json"))["session"]
    client.logout()
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    try:
        client.login('"' + SLY.replace('"', '\\"') + '"', "wrong")
    except client.error:
        pass
    client.logout()
    server.run("account", "disable", "ada@example.org")
    server.run("account", "enable", "nobody@example.org", codes=(1,))
    server.run("account", "list")
    return session


def test_one_id():
    """What comes of a connection has its number: from login or delivery to what is stored, also by way of the queue."""
    with Server(quiet=False, settings=("log.level=debug", "log.format=json"), any_user=False) as server:
        server.add_account("ada@example.org")
        client = server.imap("ada@example.org")
        client.append("INBOX", None, None, b"Subject: x\r\n\r\nx\r\n")
        imap = json.loads(server.run("who", "ada@example.org", "--json"))["session"]
        client.logout()
        lmtp = server.lmtp()
        expect(lmtp.deliver(b"Subject: y\r\n\r\ny\r\n", "ada@example.org") == [250], "delivery")
        lmtp.close()
        pop3 = server.pop3("ada@example.org")
        pop3.dele(1)
        pop3.quit()
        smtp = server.submission("ada@example.org")
        smtp.sendmail("ada@example.org", ["ada@example.org"], "From: ada@example.org\r\n\r\nz\r\n")
        smtp.quit()
        server.run("account", "send-as", "add", "ada@example.org", "team@example.org")
        events = [json.loads(line) for line in lines_of(server, "account.send_as") if line.startswith("{")]

        def sessions(message, **members):
            return [e.get("session") for e in events if e["message"] == message and
                    all(e.get(name) == member for name, member in members.items())]

        def changes(session, by):
            return len(sessions("change", session=session, by=by, outcome="committed"))
        expect(sessions("login", protocol="imap") == [imap], "login")
        expect(changes(imap, "user") == 1, "APPEND")
        [delivery] = sessions("delivered", protocol="lmtp", to="ada@example.org")
        expect(delivery and delivery != imap and changes(delivery, "delivery") == 1, "LMTP")
        [maildrop] = sessions("login", protocol="pop3")
        expect(changes(maildrop, "user") == 1, "QUIT of POP3")
        [queued] = [e for e in events if e["message"] == "queued"]
        expect(changes(queued["session"], "user") == 1, "submission")
        expect(sessions("tried", entry=queued["entry"], outcome="sent") == [queued["session"]], "the queue")
        expect(changes(queued["session"], "delivery") >= 1, "delivery from the queue")
        [act] = sessions("admin", do="account.send_as")
        expect(act and changes(act, "administrator") == 1, "administration")


def test_without_server():
    """What was done while no server ran is in the log of the next one, once."""
    with Server(quiet=False, any_user=False) as server:
        server.stop()
        server.run("account", "add", "ben@example.org", "--password-file", "/dev/null", codes=(1,))
        server.add_account("ben@example.org")
        for _ in range(2):
            server.start()
            server.stop()
        server.start()
        done = [line for line in lines_of(server, "admin do=") if " admin do=account.create " in line]
        expect(len(done) == 1 and re.search(r'uid=\d+ outcome=ok at=\d{10,} sudo_user="grace" about="ben@example\.org"$',
                                            done[0]), f"{done}")
        expect(PASSWORD not in "".join(done), "a secret")


def lines_of(server, wanted):
    deadline = time.monotonic() + 20
    while True:
        with open(server.log_path, encoding="utf-8") as f:
            lines = f.read().splitlines()
        if any(wanted in line for line in lines) or time.monotonic() > deadline:
            return lines
        time.sleep(0.05)


def test_text():
    with Server(quiet=False, any_user=False) as server:
        session = use(server)
        lines = lines_of(server, "do=account.enable")

        def line(beginning):
            found = [line.split(" ", 2)[2] for line in lines if re.match(r"\S+Z \w+ " + beginning, line)]
            expect(len(found) == 1, f"{beginning}: {found}\n" + "\n".join(lines))
            return found[0]
        expect(re.fullmatch(rf'login protocol=imap session={session} address=127\.0\.0\.1 port=\d+ '
                            r'mechanism="LOGIN command" account=[0-9a-f]{32} user="ada@example\.org"',
                            line("login protocol")), "login")
        out = re.fullmatch(rf'logout protocol=imap session={session} address=127\.0\.0\.1 port=\d+ in=(\d+) '
                           r'out=(\d+) seconds=\d+ user="ada@example\.org"', line("logout"))
        expect(out and 5000 < int(out[1]) < 6000 and 100 < int(out[2]) < 5000, f"logout: {line('logout')}")
        sly = SLY.replace('"', r"\x22")
        expect(re.search(rf'address=127\.0\.0\.1 port=\d+ mechanism="LOGIN command" reason=\w+ user="{re.escape(sly)}"$',
                         line("login failed")), line("login failed"))
        expect(re.fullmatch(r'admin do=account\.disable session=[0-9a-f]+ uid=\d+ outcome=ok '
                            r'sudo_user="grace" about="ada@example\.org"', line(r"admin do=account\.disable")), "admin")
        expect("outcome=not-found" in line(r"admin do=account\.enable") or
               "outcome=not_found" in line(r"admin do=account\.enable"), line(r"admin do=account\.enable"))
        expect(not any("account.list" in line for line in lines), "reading is logged")


def test_json():
    with Server(quiet=False, settings=("log.format=json",), any_user=False) as server:
        session = use(server)
        events = []
        for line in lines_of(server, "account.enable"):
            if line.startswith("{"):
                events.append(json.loads(line))
                expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", events[-1]["time"]), line)

        def event(message, **members):
            found = [e for e in events if e["message"] == message and
                     all(e.get(name) == member for name, member in members.items())]
            expect(len(found) == 1, f"{message}: {found}\n{events}")
            return found[0]
        login = event("login")
        expect(list(login) == ["time", "level", "message", "protocol", "session", "address", "port", "mechanism",
                               "account", "user"], list(login))
        expect(login["session"] == session and isinstance(login["port"], int), login)
        expect(event("login failed", level="warning")["user"] == SLY, "a name that looks like a field")
        expect(event("logout")["in"] > 5000, "logout")
        expect(event("admin", do="account.disable")["about"] == "ada@example.org", "admin")
        expect(PASSWORD not in json.dumps(events), "a secret")


def test():
    # As if an administrator ran the commands with sudo.
    os.environ["SUDO_USER"] = "grace"
    test_one_id()
    test_without_server()
    test_text()
    test_json()


if __name__ == "__main__":
    main(test)
