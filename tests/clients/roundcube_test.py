#!/usr/bin/env python3
"""Roundcube with its acl plug-in, driven over HTTP: Ann grants rights, Bob finds the folder subscribed, reads,
flags and moves messages, and loses the rights. What Roundcube says is compared with what imaplib sees.

Needs Debian's roundcube-core, roundcube-plugins, roundcube-sqlite3 and php-cli; skips without them."""

import glob
import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok, skip  # noqa: E402

ROUNDCUBE = "/usr/share/roundcube"
DEFAULTS = "/etc/roundcube/defaults.inc.php"
ANN, BOB = "ann@example.org", "bob@example.org"
SHARED = f"Other Users/{ANN}/Team"
CONFIG = """<?php
$config['db_dsnw'] = 'sqlite:///FOLDER/db.sqlite?mode=0600';
$config['imap_host'] = '127.0.0.1:PORT';
$config['smtp_host'] = '127.0.0.1:1';
$config['des_key'] = 'twenty-four-octets-of-it';
$config['plugins'] = ['acl'];
$config['log_driver'] = 'file';
$config['log_dir'] = 'FOLDER';
$config['temp_dir'] = 'FOLDER';
$config['imap_debug'] = true;
$config['enable_installer'] = false;
$config['auto_create_user'] = true;
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Roundcube:
    """PHP's own web server with Roundcube, for one IMAP server."""

    def __init__(self, folder, imap_port):
        self.folder = folder
        with open(os.path.join(folder, "config.inc.php"), "w", encoding="utf-8") as f:
            f.write(CONFIG.replace("FOLDER", folder).replace("PORT", str(imap_port)))
        os.symlink(DEFAULTS, os.path.join(folder, "defaults.inc.php"))
        self.url = f"http://127.0.0.1:{free_port()}/"
        with open(os.path.join(folder, "php.log"), "wb") as log:
            self.process = subprocess.Popen(
                ["php", "-d", "display_errors=0", "-S", self.url[7:-1], "-t", ROUNDCUBE],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "ROUNDCUBE_CONFIG_DIR": folder})
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url, timeout=60).close()
                return
            except urllib.error.HTTPError as e:
                expect(False, f"Roundcube does not work: {e}\n{self.logs()}")
            except OSError:
                time.sleep(0.1)
        expect(False, f"PHP does not listen\n{self.logs()}")

    def logs(self):
        said = ""
        for path in glob.glob(os.path.join(self.folder, "*.log")):
            with open(path, encoding="utf-8", errors="replace") as f:
                said += f"--- {os.path.basename(path)}\n{f.read()[-3000:]}"
        return said

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        self.process.wait(30)
        if kind is not None:
            print(self.logs(), file=sys.stderr)


class User:
    """Somebody's browser."""

    def __init__(self, roundcube, name):
        self.url = roundcube.url
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open
        token = re.search(r'name="_token" value="([^"]+)"', self.get(_task="login")).group(1)
        page = self.fetch("?_task=login", {"_task": "login", "_action": "login", "_timezone": "UTC", "_url": "",
                                           "_user": name, "_pass": PASSWORD, "_token": token})
        found = re.search(r'"request_token":"([^"]+)"', page)
        expect(found and '"task":"mail"' in page, f"{name} is not logged in: {page[:2000]}")
        self.token = found.group(1)

    def fetch(self, path, form=None, **headers):
        data = urllib.parse.urlencode(form).encode() if form else None
        with self.open(urllib.request.Request(self.url + path, data, headers), timeout=120) as answer:
            return answer.read().decode()

    def get(self, **query):
        return self.fetch("?" + urllib.parse.urlencode(query))

    def ask(self, task, action, post=True, **form):
        """A request as Roundcube's script makes it; what the script is told to do, and the variables it gets."""
        query = urllib.parse.urlencode({"_task": task, "_action": action, **({} if post else form)})
        said = json.loads(self.fetch("?" + query, {**form, "_remote": "1"} if post else None,
                                     **{"X-Roundcube-Request": self.token, "X-Requested-With": "XMLHttpRequest"})
                          if post else self.fetch("?" + query + "&_remote=1",
                                                  **{"X-Roundcube-Request": self.token}))
        return said.get("exec", ""), said.get("env", {})

    def acl(self, act, **form):
        done, _ = self.ask("settings", "plugin.acl", _act=act, _mbox="Team", **form)
        return done

    def folders(self):
        """The folders that the page shows."""
        page = self.get(_task="mail", _mbox="INBOX")
        return json.loads(re.search(r'"mailboxes":(\{.*?\}\}|\[\])', page).group(1)) or {}


def deliver(server, count):
    ann = server.imap(ANN)
    ok(ann.create("Team"))
    for i in range(1, count + 1):
        ok(ann.append("Team", None, None, f"From: x@example.org\r\nSubject: letter {i}\r\n\r\nbody {i}\r\n".encode()))
    return ann


def flags(imap, box):
    ok(imap.select(f'"{box}"', readonly=True))
    return b" ".join(part if isinstance(part, bytes) else b"" for part in ok(imap.fetch("1:*", "(FLAGS)"))).decode()


def share(ann, browser):
    page = browser.get(_task="settings", _action="edit-folder", _mbox="Team")
    expect("acltable" in page, f"there is no Sharing tab: {page[-3000:]}")
    done = browser.acl("save", _user=BOB, _acl="lrswite", _old="")
    expect("acl_update" in done and "confirmation" in done, f"granting: {done}")
    expect(f"{BOB} lrswite".encode() in ok(ann.getacl("Team"))[0], "GETACL after Roundcube's SETACL")
    # Without the domain, which Roundcube takes from the owner's entry of GETACL.
    done = browser.acl("save", _user="eve", _acl="lr", _old="")
    expect("eve@example.org" in done, f"completing a name: {done}")
    done = browser.acl("delete", _user="eve@example.org")
    expect("acl_remove_row" in done and b"eve" not in ok(ann.getacl("Team"))[0], f"removing: {done}")
    done = browser.acl("save", _user=BOB, _acl="lrswit", _old=BOB)
    # "d" is what "t" and "e" were before RFC 4314.
    expect("acl_update" in done and ok(ann.getacl("Team"))[0].endswith(f"{BOB} lrswitd".encode()), f"changing: {done}")
    browser.acl("save", _user=BOB, _acl="lrswite", _old=BOB)


def use(server, ann, browser):
    known = browser.folders()
    expect(SHARED in known, f"the shared folder is not shown: {list(known)}")
    done, env = browser.ask("mail", "list", post=False, _mbox=SHARED, _refresh="1")
    expect(env.get("messagecount") == 3 and "letter 2" in done, f"the list: {env} {done[:1500]}")
    page = browser.get(_task="mail", _action="show", _mbox=SHARED, _uid="1", _safe="1")
    expect("body 1" in page, "the message is not shown")
    done, _ = browser.ask("mail", "mark", _mbox=SHARED, _uid="2", _flag="flagged")
    expect("error" not in done, f"flagging: {done}")
    bob = server.imap(BOB)
    expect(flags(bob, SHARED).count("\\Seen") == 1, f"Bob has read one: {flags(bob, SHARED)}")
    expect("\\Seen" not in flags(ann, "Team"), f"Ann has read none: {flags(ann, 'Team')}")
    expect(flags(ann, "Team").count("\\Flagged") == 1, "the flag is for all")
    done, _ = browser.ask("mail", "move", _mbox=SHARED, _uid="3", _target_mbox="INBOX")
    expect("error" not in done, f"moving: {done}")
    expect(b"MESSAGES 1" in ok(bob.status("INBOX", "(MESSAGES)"))[0], "the message has arrived")
    expect(b"MESSAGES 2" in ok(ann.status("Team", "(MESSAGES)"))[0], "and has left")
    done, _ = browser.ask("mail", "copy", _mbox="INBOX", _uid="1", _target_mbox=SHARED)
    expect("error" not in done, f"copying: {done}")
    expect(b"MESSAGES 3" in ok(ann.status("Team", "(MESSAGES)"))[0], "the copy is there")


def flags_of_ones_own(server, ann, browser):
    """With the annotation of docs/sharing.md, what Roundcube flags is Bob's alone."""
    ann.xatom("SETMETADATA", "Team", '(/shared/vendor/posthorn/privateflags "true")')
    before = flags(ann, "Team").count("\\Flagged")
    done, _ = browser.ask("mail", "mark", _mbox=SHARED, _uid="1", _flag="flagged")
    expect("error" not in done, f"flagging: {done}")
    bob = server.imap(BOB)
    if f"{BOB}" not in ok(ann.getacl("Team"))[0].decode():
        return
    expect(flags(bob, SHARED).count("\\Flagged") == before + 1, f"Bob's: {flags(bob, SHARED)}")
    expect(flags(ann, "Team").count("\\Flagged") == before, f"Ann's: {flags(ann, 'Team')}")
    done, env = browser.ask("mail", "search", post=False, _mbox=SHARED, _q="", _filter="FLAGGED", _scope="base")
    expect(env.get("messagecount") == before + 1, f"searching: {env} {done[:500]}")


def test():
    need("php")
    if not os.path.exists(f"{ROUNDCUBE}/plugins/acl/acl.php") or not os.access(DEFAULTS, os.R_OK):
        skip("roundcube-core and roundcube-plugins are not installed")
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        ann = deliver(server, 3)
        server.imap(BOB).logout()  # Nobody can grant something to an account that is not there.
        with Roundcube(folder, server.imap_port) as roundcube:
            share(ann, User(roundcube, ANN))
            bob = User(roundcube, BOB)
            use(server, ann, bob)
            flags_of_ones_own(server, ann, bob)
            ok(ann.deleteacl("Team", BOB))
            done, env = bob.ask("mail", "list", post=False, _mbox=SHARED, _refresh="1")
            expect("letter" not in done, f"after the rights were taken: {env} {done[:1500]}")
            expect(SHARED not in bob.folders(), "the folder is still shown")
            mine, _ = bob.ask("mail", "list", post=False, _mbox="INBOX", _refresh="1")
            expect("letter 3" in mine, f"Bob's own INBOX: {mine[:1500]}")


if __name__ == "__main__":
    main(test)
