#!/usr/bin/env python3
"""SOGo, driven by the requests that its web interface makes: Ann grants rights, Bob finds her folder, reads, flags,
moves and copies messages, and loses the rights. What SOGo says is compared with what imaplib sees.

Needs Debian's sogo, memcached and postgresql; skips without them. sogod insists on a configuration file that only its
own user may read, so this must be run as root, and sogod runs as that user."""

import http.cookiejar
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "harness"), os.path.join(HERE, "..", "interop")]
from posthorn import PASSWORD, Server, expect, main, need, ok, skip  # noqa: E402
from postgresql_test import Postgres  # noqa: E402
from sink import free_port  # noqa: E402

SOGOD = "/usr/sbin/sogod"
ANN, BOB = "ann@example.org", "bob@example.org"
SHARED = f"Other Users/{ANN}/Team"
USERS = "CREATE TABLE people (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text); " + " ".join(
    f"INSERT INTO people VALUES ('{who}', '{who}', '{PASSWORD}', '{name}', '{who}');"
    for who, name in ((ANN, "Ann"), (BOB, "Bob")))
# How SOGo writes names in paths.
ESCAPES = {"_": "_U_", ".": "_D_", "#": "_H_", "@": "_A_", "*": "_S_", ":": "_C_", ",": "_CO_", " ": "_SP_",
           "'": "_SQ_", "&": "_AM_", "+": "_P_"}


def quoted(value):
    return '"' + value.replace('"', '\\"') + '"'


class Sogo:
    """sogod with memcached and PostgreSQL, for one IMAP server. What it is told here comes before its file."""

    def __init__(self, folder, imap_port, database):
        self.user = {"user": "sogo", "group": "sogo", "extra_groups": []}
        self.log_path = os.path.join(folder, "sogo.log")
        memory, port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/SOGo/"
        base = f"postgresql://mail@127.0.0.1:{database.port}/postgres/"
        source = {"type": "sql", "id": "people", "viewURL": base + "people", "canAuthenticate": "YES",
                  "isAddressBook": "YES", "userPasswordAlgorithm": "none", "displayName": "People"}
        settings = {
            "WOPort": f"127.0.0.1:{port}", "WOWorkersCount": "2", "WOUseWatchDog": "NO", "WONoDetach": "YES",
            "WOLogFile": "-", "WOPidFile": os.path.join(folder, "sogo.pid"),
            "SOGoMemcachedHost": f"127.0.0.1:{memory}", "SOGoTimeZone": "UTC", "SOGoMailDomain": "example.org",
            "SOGoIMAPServer": f"imap://127.0.0.1:{imap_port}", "SOGoIMAPAclConformsToIMAPExt": "YES",
            "SOGoMailingMechanism": "smtp", "SOGoSMTPServer": "smtp://127.0.0.1:1", "SOGoForceExternalLoginWithEmail":
            "NO", "SOGoOtherUsersFolderName": "Other Users", "SOGoSharedFolderName": "Shared Folders",
            "ImapDebugEnabled": "YES",
            "SOGoUserSources": "({" + " ".join(f"{k} = {quoted(v)};" for k, v in source.items()) + "})",
        }
        for key, table in (("SOGoProfileURL", "profiles"), ("OCSFolderInfoURL", "folders"),
                           ("OCSSessionsFolderURL", "sessions"), ("OCSEMailAlarmsFolderURL", "alarms")):
            settings[key] = base + table
        with open(self.log_path, "wb") as log:
            common = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": folder, **self.user}
            self.memory = subprocess.Popen(["memcached", "-l", "127.0.0.1", "-p", str(memory), "-U", "0"], **common)
            self.process = subprocess.Popen(
                [SOGOD, *(w for k, v in settings.items() for w in ("-" + k, v))],
                env={**os.environ, "HOME": folder}, **common)
        for _ in range(150):
            try:
                urllib.request.urlopen(self.url, timeout=60).close()
                return
            except urllib.error.HTTPError as e:
                expect(e.code < 500, f"SOGo does not work: {e}\n{self.log()}")
                return
            except OSError:
                time.sleep(0.2)
        expect(False, f"sogod does not answer\n{self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()[-8000:]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for process in (self.process, self.memory):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if kind is not None:
            print(self.log(), file=sys.stderr)


def path_of(box):
    """The folder's part of a path: each level with "folder" before it."""
    return "/".join("folder" + "".join(ESCAPES.get(c, c) for c in level) for level in box.split("/"))


class User:
    """Somebody's browser."""

    def __init__(self, sogo, name):
        self.sogo, self.name = sogo, name
        self.jar = http.cookiejar.CookieJar()
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar)).open
        code, said = self.send(sogo.url + "connect", {"userName": name, "password": PASSWORD})
        expect(code == 200, f"{name} cannot log in: {code} {said[:500]}")
        self.mail = f"{sogo.url}so/{urllib.parse.quote(name)}/Mail/0"

    def send(self, url, form=None):
        headers = {"Content-Type": "application/json;charset=utf-8", "Accept": "application/json"}
        for cookie in self.jar:
            if cookie.name == "XSRF-TOKEN":
                headers["X-XSRF-TOKEN"] = cookie.value
        data = None if form is None else json.dumps(form).encode()
        try:
            with self.open(urllib.request.Request(url, data, headers), timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(errors="replace")

    def ask(self, where, form=None):
        code, said = self.send(f"{self.mail}/{where}", form)
        expect(200 <= code < 300, f"{where}: {code} {said[:1000]}")
        return json.loads(said) if said.strip() else {}

    def folders(self):
        """The paths of all folders that are shown."""
        found = []

        def walk(boxes):
            for box in boxes:
                found.append(box["path"].lstrip("/"))
                walk(box.get("children", []))
        walk(self.ask("view")["mailboxes"])
        return found

    def uids(self, box):
        listed = self.ask(f"{path_of(box)}/view", {"sortingAttributes": {"sort": "arrival", "asc": 1, "match": "AND"}})
        return [uid if isinstance(uid, int) else uid[0] for uid in listed["uids"] if uid and uid != ["uid"]]


def flags(imap, box):
    ok(imap.select(f'"{box}"', readonly=True))
    return b" ".join(part if isinstance(part, bytes) else b"" for part in ok(imap.fetch("1:*", "(FLAGS)"))).decode()


def rights_of(imap, who):
    """The letters that GETACL tells of somebody."""
    words = ok(imap.getacl("Team"))[0].decode().split()
    return words[words.index(who) + 1] if who in words else None


def share(ann, browser):
    team = path_of("Team")
    browser.ask(f"{team}/addUserInAcls?uid={urllib.parse.quote(BOB)}")
    rights = browser.ask(f"{team}/userRights?uid={urllib.parse.quote(BOB)}")
    wanted = ("userCanViewFolder", "userCanReadMails", "userCanMarkMailsRead", "userCanWriteMails",
              "userCanInsertMails", "userCanMarkMailsDeleted", "userCanExpungeFolder", "userCanEraseMails")
    given = {right: int(right in wanted) for right in {*rights, *wanted}}
    browser.ask(f"{team}/saveUserRights", [{"uid": BOB, "userClass": "normal-user", "rights": given}])
    users = browser.ask(f"{team}/acls")["users"]
    expect(BOB in json.dumps(users), f"Bob is not listed: {users}")
    letters = rights_of(ann, BOB) or ""
    expect(all(letter in letters for letter in "lrswite"), f"GETACL after SOGo's SETACL: {letters}")
    expect(not any(letter in letters for letter in "akx"), f"more was granted than was asked for: {letters}")


def use(server, ann, browser):
    known = browser.folders()
    expect(SHARED in known, f"the shared folder is not shown: {known}")
    team = path_of(SHARED)
    expect(sorted(browser.uids(SHARED)) == [1, 2, 3], f"the list: {browser.uids(SHARED)}")
    shown = browser.ask(f"{team}/1/view")
    expect("body 1" in json.dumps(shown), f"the message is not shown: {str(shown)[:500]}")
    browser.ask(f"{team}/2/markMessageFlagged")
    bob = server.imap(BOB)
    expect(flags(bob, SHARED).count("\\Seen") == 1, f"Bob has read one: {flags(bob, SHARED)}")
    expect("\\Seen" not in flags(ann, "Team"), f"Ann has read none: {flags(ann, 'Team')}")
    expect(flags(ann, "Team").count("\\Flagged") == 1, f"the flag is for all: {flags(ann, 'Team')}")
    browser.ask(f"{team}/moveMessages", {"uids": [3], "folder": "/0/folderINBOX"})
    expect(b"MESSAGES 1" in ok(bob.status("INBOX", "(MESSAGES)"))[0], "the message has arrived")
    expect(b"MESSAGES 2" in ok(ann.status("Team", "(MESSAGES)"))[0], "and has left")
    browser.ask(f"{path_of('INBOX')}/copyMessages", {"uids": [1], "folder": "/0/" + team})
    expect(b"MESSAGES 3" in ok(ann.status("Team", "(MESSAGES)"))[0], "the copy is there")


def test():
    need("memcached")
    if not os.path.exists(SOGOD):
        skip("sogod is not installed")
    if os.geteuid() != 0:
        skip("sogod can only be started by root")
    with Server() as server, tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        ann = server.imap(ANN)
        server.imap(BOB).logout()  # Nobody can grant something to an account that is not there.
        ok(ann.create("Team"))
        for i in range(1, 4):
            ok(ann.append("Team", None, None,
                          f"From: x@example.org\r\nSubject: letter {i}\r\n\r\nbody {i}\r\n".encode()))
        os.chmod(folder, 0o777)
        database = Postgres(data)
        database.start()
        try:
            database.sql(USERS)
            with Sogo(folder, server.imap_port, database) as sogo:
                share(ann, User(sogo, ANN))
                bob = User(sogo, BOB)
                # The levels above are opened like folders; they have no messages.
                for level in ("Other Users", f"Other Users/{ANN}"):
                    bob.send(f"{bob.mail}/{path_of(level)}/view", {})
                use(server, ann, bob)
                ok(ann.deleteacl("Team", BOB))
                expect(SHARED not in User(sogo, BOB).folders(), "the folder is still shown")
                expect(bob.uids("INBOX") == [1], "Bob's own INBOX")
        finally:
            database.stop()


if __name__ == "__main__":
    main(test)
