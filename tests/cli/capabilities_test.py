#!/usr/bin/env python3
"""Every capability in every state: what is advertised is accepted, and what is not is refused. Before and after TLS, after the
login, after ENABLE and COMPRESS, and with each capability switched off for the account (posthorn account capabilities)."""

import base64
import json
import os
import re
import socket
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, trusting  # noqa: E402

ADA, BEN = "ada@example.org", "ben@example.org"
MESSAGE = "Subject: x\r\n\r\ny\r\n"
LITERAL = f"{{{len(MESSAGE)}+}}\r\n{MESSAGE}"
EXTRA = ["imap.extra_capabilities=UNAUTHENTICATE,UIDONLY"]


class Client:
    """A connection to the IMAP port that says what it is told to."""

    def __init__(self, port, user=None, password=PASSWORD, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        if tls:
            self.socket = trusting().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        self.number = 0
        self.greeting = self.line()
        if user:
            expect("\r\nTAG OK" in "\r\n" + self.say(f"LOGIN {user} {password}"), f"no login as {user}")

    def line(self):
        line = self.file.readline()
        expect(line, "the connection was closed")
        return line.decode()

    def send(self, text):
        self.socket.sendall(text.encode())

    def say(self, command, stop_at_plus=False):
        """The whole answer; with `stop_at_plus`, up to a continuation."""
        self.number += 1
        tag = f"t{self.number}"
        self.send(f"{tag} {command}\r\n")
        lines = []
        while True:
            lines.append(self.line())
            if stop_at_plus and lines[-1].startswith("+"):
                return "".join(lines)
            if lines[-1].startswith(tag + " "):
                return "".join(lines).replace(tag + " ", "TAG ")

    def start_tls(self):
        expect("TAG OK" in self.say("STARTTLS"), "STARTTLS was refused")
        self.socket = trusting().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def capabilities(self):
        names = re.search(r"\* CAPABILITY ([^\r]*)\r\n", self.say("CAPABILITY"))[1].split(" ")
        return {re.sub(r"^APPENDLIMIT=\d+$", "APPENDLIMIT", name) for name in names}

    def close(self):
        self.file.close()
        self.socket.close()


def verdict(answer, refused="TAG BAD"):
    """Whether it was accepted; anything but OK and a refusal is a failure."""
    last = answer.splitlines()[-1]
    expect(last.startswith("TAG OK") or last.startswith(refused), f"neither accepted nor refused: {answer}")
    return last.startswith("TAG OK")


def said(command, refused="TAG BAD"):
    return lambda client: verdict(client.say(command), refused)


def shown(command, words):
    """What is only seen in an answer."""
    def probe(client):
        answer = client.say(command)
        return answer.splitlines()[-1].startswith("TAG OK") and words in answer
    return probe


def enabled(name):
    def probe(client):
        answer = client.say(f"ENABLE {name}")
        return verdict(answer) and re.search(rf"\* ENABLED( \S+)* {re.escape(name)}\b", answer) is not None
    return probe


def idle(client):
    if not client.say("IDLE", stop_at_plus=True).startswith("+"):
        return False
    client.send("DONE\r\n")
    while not client.line().startswith("t"):
        pass
    return True


def unselect(client):
    done = verdict(client.say("UNSELECT"))
    client.say("SELECT INBOX")
    return done


def create_for_a_use(client):
    done = verdict(client.say("CREATE ForUse (USE (\\Important))"))
    client.say("DELETE ForUse")
    return done


def watched(command):
    """A search that stays up to date."""
    def probe(client):
        client.say("SELECT INBOX")
        return verdict(client.say(command))
    return probe


def without_bad_url(client):
    return verdict(client.say('APPEND Drafts CATENATE (URL "/INBOX/;UID=1/;PARTIAL=0.5")'), ("TAG NO [BADURL", "TAG BAD"))


# With a mailbox selected that has two messages. What changes the session has a connection of its own.
PROBES = {
    "IMAP4rev1": said("NOOP"),
    "LITERAL+": said("NOOP"),
    "ENABLE": said("ENABLE FOO"),
    "ID": said("ID NIL"),
    "IDLE": idle,
    "NAMESPACE": said("NAMESPACE"),
    "UNSELECT": unselect,
    "UIDPLUS": said("UID EXPUNGE 999"),
    "MOVE": said("UID MOVE 999 INBOX"),
    "CHILDREN": shown('LIST "" INBOX', "Children"),
    "LIST-EXTENDED": said('LIST (SUBSCRIBED) "" *'),
    "LIST-STATUS": said('LIST "" INBOX RETURN (STATUS (MESSAGES))'),
    "SPECIAL-USE": shown('LIST "" Sent', "\\Sent"),
    "CREATE-SPECIAL-USE": create_for_a_use,
    "STATUS=SIZE": said("STATUS Sent (SIZE)"),
    "ESEARCH": said("SEARCH RETURN (COUNT) ALL"),
    "SEARCHRES": said("SEARCH RETURN (SAVE) ALL"),
    "BINARY": said("FETCH 1 BINARY.SIZE[1]"),
    "MULTIAPPEND": said(f"APPEND Drafts {LITERAL[:-2]}\r\n {LITERAL}"),
    "REPLACE": said(f"REPLACE 2 INBOX {LITERAL}"),
    "CATENATE": said(f"APPEND Drafts CATENATE (TEXT {LITERAL})"),
    "URL-PARTIAL": without_bad_url,
    "CONDSTORE": said("STATUS Sent (HIGHESTMODSEQ)"),
    "WITHIN": said("SEARCH OLDER 5"),
    "SORT": said("SORT (DATE) UTF-8 ALL"),
    "SORT=DISPLAY": said("SORT (DISPLAYFROM) UTF-8 ALL"),
    "ESORT": said("SORT RETURN (COUNT) (DATE) UTF-8 ALL"),
    "THREAD=ORDEREDSUBJECT": said("THREAD ORDEREDSUBJECT UTF-8 ALL"),
    "THREAD=REFERENCES": said("THREAD REFERENCES UTF-8 ALL"),
    "THREAD=REFS": said("THREAD REFS UTF-8 ALL"),
    "QUOTA": said('GETQUOTA ""'),
    "QUOTA=RES-STORAGE": shown('GETQUOTA ""', "STORAGE"),
    "QUOTA=RES-MESSAGE": shown('GETQUOTA ""', "MESSAGE"),
    "QUOTA=RES-MAILBOX": shown('GETQUOTA ""', "MAILBOX"),
    "ACL": said("GETACL INBOX"),
    "RIGHTS=texk": shown("MYRIGHTS INBOX", "tea"),
    "LIST-MYRIGHTS": said('LIST "" INBOX RETURN (MYRIGHTS)'),
    "METADATA": said("GETMETADATA INBOX /private/comment"),
    "LIST-METADATA": said('LIST "" INBOX RETURN (METADATA (/private/comment))'),
    "MULTISEARCH": said("ESEARCH IN (personal) RETURN (COUNT) ALL"),
    "FILTERS": said("SEARCH FILTER mine", ("TAG NO", "TAG BAD")),
    "NOTIFY": said("NOTIFY NONE"),
    "PARTIAL": said("SEARCH RETURN (PARTIAL 1:5) ALL"),
    "I18NLEVEL=2": said("COMPARATOR"),
    "UIDBATCHES": said("UIDBATCHES 500"),
    "SAVEDATE": said("FETCH 1 SAVEDATE"),
    "PREVIEW": said("FETCH 1 PREVIEW"),
    "OBJECTID": said("FETCH 1 EMAILID"),
    "APPENDLIMIT": said("STATUS Sent (APPENDLIMIT)"),
}
ALONE = {
    "IMAP4rev2": enabled("IMAP4rev2"),
    "QRESYNC": enabled("QRESYNC"),
    "UTF8=ACCEPT": enabled("UTF8=ACCEPT"),
    "UIDONLY": enabled("UIDONLY"),
    "UNAUTHENTICATE": said("UNAUTHENTICATE"),
    "CONTEXT=SEARCH": watched("SEARCH RETURN (UPDATE COUNT) UNSEEN"),
    "CONTEXT=SORT": watched("SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL"),
    "COMPRESS=DEFLATE": said("COMPRESS DEFLATE"),
}
# Seen after ten seconds of work only; progress_test.cc has it.
UNSEEN = {"INPROGRESS"}
# Those that cannot be switched off for one account.
FIXED = {"IMAP4rev1", "LITERAL+", "RIGHTS=texk", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE", "QUOTA=RES-MAILBOX"}
# What goes together with others.
ALSO = {
    "ENABLE": {"IMAP4rev2", "QRESYNC", "UTF8=ACCEPT", "UIDONLY"},
    "CONDSTORE": {"QRESYNC"},
    "CATENATE": {"URL-PARTIAL"},
    "ESEARCH": {"SEARCHRES", "PARTIAL", "ESORT", "MULTISEARCH", "CONTEXT=SEARCH", "CONTEXT=SORT"},
    "PARTIAL": {"CONTEXT=SEARCH", "CONTEXT=SORT"},
    "CONTEXT=SEARCH": {"CONTEXT=SORT"},
    "SORT": {"ESORT", "SORT=DISPLAY", "CONTEXT=SORT"},
    "ESORT": {"CONTEXT=SORT"},
    "LIST-EXTENDED": {"LIST-STATUS", "LIST-MYRIGHTS", "LIST-METADATA"},
    "ACL": {"RIGHTS=texk", "LIST-MYRIGHTS"},
    "METADATA": {"LIST-METADATA", "FILTERS"},
    "SPECIAL-USE": {"CREATE-SPECIAL-USE"},
    "QUOTA": {"QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE", "QUOTA=RES-MAILBOX"},
}
MECHANISMS = ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "EXTERNAL"]
# Named before the login too, since clients look for them (RFC 5161 §3.1, RFC 2177 §3), and of use only after it.
LATER = {"IMAP4rev2", "ENABLE", "IDLE"}


class Manager:
    """Requests to the admin socket."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(server.folder, "admin.sock"))
        self.file = self.socket.makefile("rb")

    def ask(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(self.file.readline())

    def mask(self, *names, user=ADA):
        return self.ask(do="account.capabilities", name=user, reset=True, without=list(names))


def judge(server, gone, words, first=()):
    """All of them, of which `gone` is not offered. `first` are commands to begin with."""
    client = Client(server.imap_port, ADA)
    for command in first:
        client.say(command)
    client.say("SELECT INBOX")
    known = set(PROBES) | set(ALONE) | UNSEEN
    expect(client.capabilities() == known - gone, f"{words}: {client.capabilities() ^ (known - gone)} differ")
    for name, probe in PROBES.items():
        expect(probe(client) == (name not in gone), f"{words}: {name} should be {'refused' if name in gone else 'accepted'}")
    client.close()
    for name, probe in ALONE.items():
        client = Client(server.imap_port, ADA)
        expect(probe(client) == (name not in gone), f"{words}: {name} should be {'refused' if name in gone else 'accepted'}")
        client.close()


def before_login(server, tls):
    client = Client(server.imap_port)
    if tls:
        client.start_tls()
    offered = client.capabilities()
    words = f"before the login, {'with' if tls else 'without'} TLS"
    always = {"IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ENABLE", "ID", "IDLE"}
    expect({name for name in offered if not name.startswith("AUTH=")} == always | ({"STARTTLS"} if not tls else set()),
           f"{words}: {offered}")
    for mechanism in MECHANISMS:
        # A connection ends after a few failed logins.
        one = Client(server.imap_port)
        if tls:
            one.start_tls()
        answer = one.say(f"AUTHENTICATE {mechanism}", stop_at_plus=True)
        expect(answer.startswith("+") == (f"AUTH={mechanism}" in offered), f"{words}: {mechanism}: {answer}")
        one.close()
    expect(verdict(client.say("ID NIL")), f"{words}: ID was refused")
    expect(("STARTTLS" in offered) == (not tls), f"{words}: STARTTLS")
    if tls:
        expect(not verdict(client.say("STARTTLS")), "STARTTLS a second time")
    client.close()
    for name, probe in {**PROBES, **ALONE}.items():
        if name in ("IMAP4rev1", "LITERAL+", "ID"):
            continue
        client = Client(server.imap_port)
        expect(name not in offered or name in LATER, f"{words}: {name} is offered")
        expect(not probe(client), f"{words}: {name} was accepted")
        client.close()
    client = Client(server.imap_port)
    initial = base64.b64encode(f"\0{ADA}\0{PASSWORD}".encode()).decode()
    expect(verdict(client.say(f"AUTHENTICATE PLAIN {initial}")), f"{words}: no initial response")
    expect(not verdict(client.say("STARTTLS")), "STARTTLS after the login")
    expect(not verdict(client.say(f"AUTHENTICATE PLAIN {initial}")), "AUTHENTICATE after the login")
    client.close()


def passwords_refused():
    with Server(settings=["auth.allow_plaintext_without_tls=never"]) as server:
        client = Client(server.imap_port)
        offered = client.capabilities()
        expect({"LOGINDISABLED", "STARTTLS"} <= offered and "AUTH=PLAIN" not in offered, f"{offered}")
        expect("TAG NO" in client.say(f"LOGIN {ADA} {PASSWORD}"), "LOGIN, although it is disabled")
        client.start_tls()
        offered = client.capabilities()
        expect("LOGINDISABLED" not in offered and "AUTH=PLAIN" in offered, f"{offered}")
        expect(verdict(client.say(f"LOGIN {ADA} {PASSWORD}")), "LOGIN under TLS")
        client.close()


def after_compress(server):
    client = Client(server.imap_port, ADA)
    expect(verdict(client.say("COMPRESS DEFLATE")), "COMPRESS")
    pack, unpack = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)

    def say(command):
        client.socket.sendall(pack.compress(f"z {command}\r\n".encode()) + pack.flush(zlib.Z_SYNC_FLUSH))
        answer = b""
        while not re.search(rb"(^|\r\n)z [^\r]*\r\n$", answer):
            answer += unpack.decompress(client.socket.recv(65536))
        return answer.decode()
    expect("COMPRESS" not in say("CAPABILITY"), "COMPRESS is offered a second time")
    expect("z NO [COMPRESSIONACTIVE]" in say("COMPRESS DEFLATE"), "COMPRESS is accepted a second time")
    client.close()


def masks(server, manager):
    everything = (set(PROBES) | set(ALONE) | UNSEEN) - FIXED
    for name in sorted(everything):
        answer = manager.mask(name.lower())
        also = ALSO.get(name, set())
        expect(answer == {"without": [name], "also": answer.get("also")} and set(answer["also"]) == also, f"{name}: {answer}")
        judge(server, {name} | also, f"without {name}")
    for name in FIXED | {"STARTTLS", "AUTH=PLAIN", "SASL-IR", "LOGINDISABLED"}:
        expect("error" in manager.mask(name), f"{name} can be switched off")
    manager.mask()
    judge(server, set(), "with everything again")


def with_enable(server, manager):
    """What is a part of IMAP4rev2 is there for whoever enabled that."""
    manager.mask("MOVE", "CONDSTORE")
    client = Client(server.imap_port, ADA)
    expect("ENABLED IMAP4rev2\r\n" in client.say("ENABLE IMAP4rev2 CONDSTORE QRESYNC"), "ENABLE")
    client.say("SELECT INBOX")
    expect("MOVE" not in client.capabilities(), "MOVE is offered")
    expect(PROBES["MOVE"](client) and not PROBES["CONDSTORE"](client), "after ENABLE IMAP4rev2")
    client.close()
    manager.mask()
    judge(server, set(), "after ENABLE", ["ENABLE IMAP4rev2 QRESYNC UTF8=ACCEPT METADATA"])


def sessions(server, manager):
    """Sessions that have begun keep what they were offered; another account has all."""
    running = Client(server.imap_port, ADA)
    manager.mask("IDLE")
    expect("IDLE" in running.capabilities() and idle(running), "a session that has begun lost IDLE")
    ben = Client(server.imap_port, BEN)
    expect("IDLE" in ben.capabilities() and idle(ben), "another account lost IDLE")
    later = Client(server.imap_port, ADA)
    expect("IDLE" not in later.capabilities(), "a session that began later has IDLE")
    expect(verdict(later.say("UNAUTHENTICATE")), "UNAUTHENTICATE")
    expect("IDLE" in later.capabilities(), "IDLE stayed switched off after the login was forgotten")
    expect("TAG OK" in later.say(f"LOGIN {BEN} {PASSWORD}") and idle(later), "the next user has no IDLE")
    for client in (running, ben, later):
        client.close()
    manager.mask()


def commands(server):
    run = server.run
    expect(run("account", "capabilities", ADA) == "", "something is switched off")
    expect(run("account", "capabilities", ADA, "--without", "condstore", "--without", "IDLE") ==
           "CONDSTORE\nIDLE\nQRESYNC (stands on one of the others)\n", "not what is switched off")
    expect("without CONDSTORE,IDLE" in run("account", "list"), "the list does not say it")
    expect('"without":["CONDSTORE","IDLE"]' in run("account", "list", "--json"), "nor in JSON")
    password = run("account", "app-password", "add", ADA, "phone").strip()
    run("account", "capabilities", ADA, "--app-password", "phone", "--without", "MOVE")
    expect("without MOVE" in run("account", "app-password", "list", ADA), "the list of app passwords does not say it")
    client = Client(server.imaps_port, ADA, password, tls=True)
    expect(not {"CONDSTORE", "IDLE", "QRESYNC", "MOVE"} & client.capabilities(), f"{client.capabilities()}")
    client.close()
    client = Client(server.imap_port, ADA)
    expect("MOVE" in client.capabilities() and "IDLE" not in client.capabilities(), f"{client.capabilities()}")
    client.close()
    expect(run("account", "capabilities", ADA, "--reset") == "", "--reset leaves something")
    expect(run("account", "capabilities", ADA, "--app-password", "phone") == "MOVE\n", "--reset of the account took more")
    for arguments in (["--without", "QRSYNC"], ["--without", "STARTTLS"], ["--app-password", "none"]):
        run("account", "capabilities", ADA, *arguments, codes=(1, 3))
    run("account", "capabilities", "nobody-there@example.org", codes=(1, 3))
    expect(run("account", "capabilities", ADA) == "", "a refused command changed something")


def test():
    passwords_refused()
    with Server(settings=[*EXTRA, "quota.default_messages=4000", "quota.default_size=1GiB"]) as server:
        client = Client(server.imap_port, ADA)
        for _ in range(2):
            expect(verdict(client.say(f"APPEND INBOX {LITERAL}")), "APPEND")
        expect(verdict(client.say('SETMETADATA "" (/private/filters/values/mine "ALL")')), "SETMETADATA")
        client.close()
        before_login(server, tls=False)
        before_login(server, tls=True)
        judge(server, set(), "after the login")
        after_compress(server)
        manager = Manager(server)
        with_enable(server, manager)
        sessions(server, manager)
        masks(server, manager)
        commands(server)
    with Server() as server:
        client = Client(server.imap_port, ADA)
        expect(not {"UNAUTHENTICATE", "UIDONLY"} & client.capabilities(), "offered without being asked for")
        expect(not ALONE["UIDONLY"](client) and not ALONE["UNAUTHENTICATE"](client), "accepted without being offered")
        client.close()


main(test)
