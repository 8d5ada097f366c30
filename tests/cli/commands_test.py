#!/usr/bin/env python3
"""The commands of `posthorn`, with a server running and without one."""

import json
import mailbox
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Failure, Server, expect, main, ok, program  # noqa: E402


def run(*arguments, code=0, stdin=""):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True,
                          input=stdin, timeout=120)
    expect(done.returncode == code,
           f"posthorn {' '.join(arguments)}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def test_help():
    expect("demo" in run("--help"), "--help")
    for command in ("init", "serve", "demo", "account", "alias", "mailbox", "queue", "import", "export",
                    "check", "doctor", "dns", "mta", "undelete", "index", "config", "who", "kick", "trace", "backup",
                    "restore", "status", "salvage"):
        said = run(command, "--help")
        expect("Example" in said or "serve" == command, f"{command} --help has no example")
    expect(run("version").startswith("posthorn "), "version")
    run("nonsense", code=106)
    expect("imap_prot" in run("--set", "listen.imap_prot=x", "config", "check", code=1), "a typo")
    expect('message_size = "5MB"  # command line' in
           run("--set", "limits.message_size=5MB", "config", "show"), "config show")


def test_libraries():
    """What takes long to load is loaded when it is needed."""
    linked = subprocess.run([program()], check=True, capture_output=True, text=True, timeout=60,
                            env={**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}).stdout
    expect("librocksdb" in linked, linked)
    expect("librados" not in linked and "libceph" not in linked, linked)


def test_dns():
    on = ("--set", "hostname=mail.example.org", "--set", "listen.https=*:443", "dns")
    zone = run(*on, "example.org")
    records = [line.split(None, 3) for line in zone.splitlines() if not line.startswith(";")]
    expect(["_imaps._tcp.example.org.", "IN", "SRV", "0 1 993 mail.example.org."] in records, zone)
    as_json = [json.loads(line) for line in run(*on, "example.org", "--json").splitlines()]
    expect([[r["name"], "IN", r["type"], r["data"]] for r in as_json] == records, as_json)
    expect("xn--bcher-kva.example" in run(*on, "b\u00fccher.example"), "a name in another script")
    run(*on, "not a domain", code=1)
    expect("hostname" in run("--set", "hostname=web1", "dns", "example.org", code=1), "no host name")
    expect("autoconfig." not in run("--set", "hostname=mail.example.org", "dns", "example.org"),
           "autoconfig is promised and not served")


def test_init(folder):
    data, config = os.path.join(folder, "other", "mail"), os.path.join(folder, "etc", "posthorn.toml")
    run("--config", config, "--data-dir", os.path.join(data, ".", ""), "--set", "listen.imap=*:1143",
        "init", "--hostname", "mail.example.org")
    on = ("--config", config)
    shown = run(*on, "config", "show")
    for line in (f'data_dir = "{data}/"', 'hostname = "mail.example.org"', 'imap = ["*:1143"]'):
        expect(f"{line}  # {config}:" in shown, f"{line} was not written down: {shown}")
    high = ("--config", os.path.join(folder, "etc", "high.toml"), "--data-dir", data)
    run(*high, "--set", "listen.imaps=*:2993", "init", "--high-ports", "--hostname", "localhost")
    ports = re.findall(r'":?[^"]*:(\d+)"', run(*high, "config", "show"))
    expect("1143" in ports and "2993" in ports and all(int(p) > 1023 for p in ports), ports)
    # Again: it works on the data that the file names.
    run(*on, "init", "--account", "dan@example.org", "--password-file", "-", stdin="secret\n")
    expect("dan@example.org" in run(*on, "account", "list"), "init again")
    # Nothing else makes a store where none is.
    nowhere = os.path.join(folder, "nowhere")
    for command in (("check",), ("account", "list"), ("queue", "list")):
        said = run("--data-dir", nowhere, *command, code=1)
        expect("there is no store in" in said and not os.path.exists(nowhere), said)
    said = run("--config", "/dev/null/posthorn.toml", "init", code=1)
    expect("/dev/null" in said and "--config FILE" in said, said)


def offline(folder):
    data, config = os.path.join(folder, "mail"), os.path.join(folder, "posthorn.toml")
    run("--config", config, "--data-dir", data, "init", "--account", "Ada@Example.org",
        "--password-file", "-", stdin="first\n")
    on = ("--config", config)
    run(*on, "config", "check")
    run(*on, "account", "add", "bob@example.org", stdin="second\n")
    run(*on, "account", "add", "bob@example.org", code=1, stdin="second\n")
    run(*on, "account", "add", "carol@example.org", "--no-password", "--max-size", "1MB")
    run(*on, "alias", "add", "postmaster@example.org", "ada@example.org")
    run(*on, "alias", "add", "x@example.org", "nobody@example.org", code=1)
    expect("postmaster@example.org" in run(*on, "alias", "list"), "alias list")
    run(*on, "account", "send-as", "add", "ada@example.org", "Team@Example.org")
    run(*on, "account", "send-as", "add", "ada@example.org", "@example.com")
    run(*on, "account", "send-as", "add", "ada@example.org", "nonsense", code=1)
    run(*on, "account", "send-as", "remove", "ada@example.org", "@example.com")
    expect(run(*on, "account", "send-as", "list", "ada@example.org") == "team@example.org\n", "send-as")
    run(*on, "account", "sent-copy", "ada@example.org", "off")
    run(*on, "account", "sent-copy", "ada@example.org", "maybe", code=105)
    listed = [json.loads(line) for line in run(*on, "account", "list", "--json").splitlines()]
    expect([a["name"] for a in listed] == ["ada@example.org", "bob@example.org", "carol@example.org"],
           f"account list: {listed}")
    expect(listed[2]["max_bytes"] in (1000000, 1048576) and not listed[2]["has_password"], "quota")
    run(*on, "account", "remove", "bob@example.org", code=1)
    run(*on, "account", "remove", "bob@example.org", "--yes")
    expect("bob" not in run(*on, "account", "list"), "remove")
    report = json.loads(run(*on, "check", "--json"))
    expect(report["accounts"] >= 2 and report["findings"] == [], f"check: {report}")
    return config


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Serving:
    """`posthorn serve` on a configuration."""

    def __init__(self, config, folder):
        self.ready = os.path.join(folder, "ready")
        notify = os.path.join(folder, "notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(notify)
        self.manager.settimeout(30)
        self.process = subprocess.Popen(
            [program(), "--config", config, "--set", f"listen.imap=127.0.0.1:{free_port()}", "--set",
             f"listen.imaps=127.0.0.1:{free_port()}", "--set", "listen.submission=", "--set",
             f"listen.submissions=127.0.0.1:{free_port()}", "--set", "listen.pop3=", "--set",
             f"listen.pop3s=127.0.0.1:{free_port()}", "--set",
             "auth.allow_plaintext_without_tls=loopback", "serve", "--ready-file", self.ready],
            env={**os.environ, "NOTIFY_SOCKET": notify}, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        expect(self.manager.recv(100) == b"READY=1", "READY=1 was not said")
        with open(self.ready, encoding="utf-8") as f:
            self.imap_port = json.load(f)["imap"]

    imap = Server.imap

    def hear(self, wanted):
        while (said := self.manager.recv(100)) != wanted:
            expect(said, "the service manager heard nothing")


def online(config, folder):
    on = ("--config", config)
    serving = Serving(config, folder)
    try:
        serving.imap("ada@example.org", "first").logout()
        run(*on, "account", "passwd", "ada@example.org", stdin="third\n")
        try:
            serving.imap("ada@example.org", "first")
            raise Failure("the old password still works")
        except serving_errors():
            pass
        serving.imap("Ada@Example.ORG", "third").logout()
        run(*on, "account", "disable", "ada@example.org")
        try:
            serving.imap("ada@example.org", "third")
            raise Failure("a disabled account logs in")
        except serving_errors():
            pass
        run(*on, "account", "enable", "ada@example.org")
        serving.imap("ada@example.org", "third").logout()
        run(*on, "account", "add", "dora@example.org", stdin="fourth\n")
        serving.imap("dora@example.org", "fourth").logout()
        serving.process.send_signal(signal.SIGHUP)
        serving.hear(b"READY=1")
        run(*on, "check", "--deep")
    finally:
        serving.process.terminate()
        serving.hear(b"STOPPING=1")
        code = serving.process.wait(60)
    expect(code == 0, f"serve ended with {code}")


def serving_errors():
    import imaplib  # pylint: disable=import-outside-toplevel
    return imaplib.IMAP4.error


def make_maildir(path, count):
    box = mailbox.Maildir(path)
    for n in range(count):
        message = mailbox.MaildirMessage(f"Subject: number {n}\n\ntext {n}\n{'x' * 500}\n")
        message.set_date(1_700_000_000 + n)
        message.set_flags("S" if n % 2 else "F")
        message.set_subdir("cur")
        box.add(message)
    work = box.add_folder("Work.Plans")
    work.add("Subject: plan\n\nFrom here\n")


def strip_recent(lines):
    """Recent is a session's, not a message's."""
    return [re.sub(rb" ?\\Recent", b"", x) if isinstance(x, bytes) else x for x in lines]


def test_import_and_export(folder):
    count = 500
    maildir = os.path.join(folder, "Maildir")
    make_maildir(maildir, count)
    user = "moved@example.org"
    with Server(folder=os.path.join(folder, "moving")) as server:
        imap = server.imap(user)
        # Broken off, more than once, and run again.
        for patience in (0.02, 0.05, 0.1):
            job = subprocess.Popen([program(), "--data-dir", server.folder, "import", user, maildir],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(patience)
            job.kill()
            job.wait()
        server.run("import", user, maildir)
        expect(ok(imap.select("INBOX"))[0] == str(count).encode(), "INBOX after importing")
        expect(ok(imap.select("Work/Plans"))[0] == b"1", "the folder after importing")
        ok(imap.select("INBOX"))
        expect(len(ok(imap.search(None, "SEEN"))[0].split()) == count // 2, "flags")
        said = ok(imap.fetch("7", "(INTERNALDATE BODY.PEEK[])"))[0]
        expect(b"14-Nov-2023 22:13:26 +0000" in said[0], f"INTERNALDATE: {said[0]}")
        expect(said[1].startswith(b"Subject: number 6\r\n\r\ntext 6\r\n"), f"octets: {said[1][:60]}")
        out, boxes = os.path.join(folder, "out"), os.path.join(folder, "boxes")
        server.run("export", user, out)
        server.run("export", user, boxes, "--format", "mbox")
        server.run("export", user, out, codes=(1,))
        expect(len(mailbox.mbox(os.path.join(boxes, "INBOX.mbox"))) == count, "export to mbox")
        for target, source in (("again@example.org", [out]),
                               ("mbox@example.org", [os.path.join(boxes, "INBOX.mbox")])):
            copy = server.imap(target)
            server.run("import", target, *source)
            ok(copy.select("INBOX"))
            for items in ("(FLAGS INTERNALDATE)", "(BODY.PEEK[])"):
                original, copied = (strip_recent(ok(c.fetch("1:*", items))) for c in (imap, copy))
                differ = [pair for pair in zip(original, copied) if pair[0] != pair[1]]
                expect(original == copied, f"{items} of {target} differ: {differ[:2]}")
            copy.logout()
        imap.logout()
    # And without a server.
    run("--data-dir", server.folder, "import", "again@example.org", maildir, "--under", "Old")
    run("--data-dir", server.folder, "check", "--deep")


def test_undelete():
    with Server() as server, server.imap("ada@example.org") as imap:
        for n in range(3):
            ok(imap.append("INBOX", "(\\Flagged)", None,
                           f"Message-ID: <{n}@x>\r\nSubject: number {n}\r\n\r\ntext\r\n".encode()))
        ok(imap.create("Lists"))
        ok(imap.append("Lists", None, None, b"Subject: in a list\r\n\r\ntext\r\n"))
        ok(imap.select("INBOX"))
        ok(imap.store("1:2", "+FLAGS", "(\\Deleted)"))
        ok(imap.expunge())
        ok(imap.delete("Lists"))
        on = ("--data-dir", server.folder, "undelete", "ada@example.org")
        said = run(*on, "--dry-run")
        expect("2 INBOX\n" in said and "1 Lists (created)\n" in said, said)
        ok(imap.noop())
        expect(len(ok(imap.search(None, "ALL"))[0].split()) == 1, "a dry run changed something")
        expect("1 INBOX\n" in run(*on, "--message-id", "<1@x>"), "by Message-ID")
        said = json.loads(run(*on, "--json"))
        expect(said["places"] == [{"mailbox": "INBOX", "messages": 1, "created": False},
                                  {"mailbox": "Lists", "messages": 1, "created": True}], said)
        ok(imap.noop())
        expect(len(ok(imap.search(None, "FLAGGED UNDELETED"))[0].split()) == 3, "flags")
        expect(ok(imap.select("Lists"))[0] == b"1", "the deleted mailbox")
        expect("no mailbox Never" in run(*on, "--mailbox", "Never", code=1), "a mailbox that never was")
        run(*on, "--since", "yesterday", code=1)
        server.check()


def test_removed_account():
    with Server() as server:
        on = ("--data-dir", server.folder)
        run(*on, "account", "add", "eve@example.org", "--password-file", "-", stdin="secret\n")
        run(*on, "alias", "add", "e@example.org", "eve@example.org")
        with server.imap("eve@example.org", "secret") as imap:
            ok(imap.append("INBOX", None, None, b"Subject: kept\r\n\r\ntext\r\n"))
        run(*on, "account", "remove", "eve@example.org", "--yes")
        expect("eve@example.org" in run(*on, "account", "list", "--removed"), "the list")
        expect("account undelete" in run(*on, "undelete", "eve@example.org", code=1), "a hint")
        run(*on, "account", "undelete", "eve@example.org")
        expect("eve@example.org" in run(*on, "account", "list"), "the account is back")
        expect("e@example.org" in run(*on, "alias", "list"), "its alias is back")
        with server.imap("eve@example.org", "secret") as imap:
            expect(ok(imap.select("INBOX"))[0] == b"1", "its mail is back")
        run(*on, "account", "undelete", "eve@example.org", code=1)
        run(*on, "account", "undelete", "never@example.org", code=1)
        server.check()


def test_as_of():
    with Server() as server, server.imap("ada@example.org") as imap, server.imap("ada@example.org") as other:
        for n in range(3):
            ok(imap.append("INBOX", "(\\Flagged)", None, f"Subject: number {n}\r\n\r\ntext\r\n".encode()))
        ok(imap.create("Lists"))
        ok(imap.append("Lists", None, None, b"Subject: in a list\r\n\r\ntext\r\n"))
        ok(other.select("INBOX"))
        time.sleep(1.1)
        then = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        time.sleep(1.1)
        ok(imap.select("INBOX"))
        ok(imap.store("1", "FLAGS", "(\\Seen)"))
        ok(imap.store("2", "+FLAGS", "(\\Deleted)"))
        ok(imap.expunge())
        ok(imap.copy("2", "Archive"))
        ok(imap.rename("Lists", "Other"))
        ok(imap.append("INBOX", None, None, b"Subject: new\r\n\r\ntext\r\n"))
        on = ("--data-dir", server.folder, "restore", "ada@example.org", "--as-of")
        said = run(*on, then, "--dry-run")
        for line in ("Archive: 1 taken out\n", "INBOX: 1 back, 1 with other flags\n", "Lists: renamed from Other\n"):
            expect(line in said, said)
        expect("Archive: 1 taken out\n" in run(*on, then), "the dry run changed something")
        expect("nothing is different" in run(*on, then), "again")
        # Another session is told as of any change: the message that is back is a new one.
        ok(other.noop())
        expect(len(ok(other.search(None, "ALL"))[0].split()) == 4, "the other session")
        expect(len(ok(other.search(None, "FLAGGED UNSEEN"))[0].split()) == 3, "flags")
        expect(ok(imap.select("Lists"))[0] == b"1", "the name")
        expect("history does not reach" in run(*on, "400d", code=1) or "did not exist" in run(*on, "400d", code=1),
               "too early")
        expect("neither a time" in run(*on, "yesterday", code=1), "no time")
        run(*on, "2026-02-30", code=1)
        run(*on, then, "--mailbox", "INBOX", code=1)
        server.check()


def test():
    test_help()
    test_libraries()
    test_undelete()
    test_removed_account()
    test_as_of()
    test_dns()
    with tempfile.TemporaryDirectory(prefix="posthorn-cli-") as folder:
        test_init(folder)
        online(offline(folder), folder)
        test_import_and_export(folder)


if __name__ == "__main__":
    main(test)
