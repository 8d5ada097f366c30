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
        expect(re.fullmatch(r'admin do=account\.disable uid=\d+ outcome=ok about="ada@example\.org"',
                            line(r"admin do=account\.disable")), "admin")
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
    test_text()
    test_json()


if __name__ == "__main__":
    main(test)
