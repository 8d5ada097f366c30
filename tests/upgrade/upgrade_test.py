#!/usr/bin/env python3
"""Opens what older versions have written, and compares it with what they have recorded (docs/upgrading.md)."""

import glob
import json
import os
import re
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from installation import ADA, BEN, CAROL, Imap, Installation, offline_facts, online_facts  # noqa: E402
from posthorn import expect, main  # noqa: E402

WRITTEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "written")


def compare(recorded, found, path):
    """Everything that is recorded is there and the same; a later version may show more."""
    if isinstance(recorded, dict):
        expect(isinstance(found, dict), f"{path}: {found}")
        for key, value in recorded.items():
            expect(key in found, f"{path}: {key} is missing")
            compare(value, found[key], f"{path}/{key}")
    elif isinstance(recorded, list):
        expect(isinstance(found, list) and len(found) == len(recorded), f"{path}: {recorded}, not {found}")
        for n, value in enumerate(recorded):
            compare(value, found[n], f"{path}[{n}]")
    else:
        expect(recorded == found, f"{path}: {recorded!r} was recorded, {found!r} is there")


def go_on(at, before):
    """The data can be changed: numbers go on where they were."""
    inbox = before[ADA]["mailboxes"]["INBOX"]
    uid_next = int(re.search(r"UIDNEXT (\d+)", inbox["status"])[1])
    modseq = int(re.search(r"HIGHESTMODSEQ (\d+)", inbox["status"])[1])
    ada = at.imap(ADA)
    done = ada.append("INBOX", b"Subject: new\r\n\r\nx\r\n")
    expect(f" {uid_next}]" in done[-1].decode(), f"UIDNEXT was {uid_next}: {done}")
    ada.command("SELECT INBOX")
    ada.command("UID STORE 1 +FLAGS (new-keyword)")
    [line] = [line for line in ada.command("UID FETCH 1 (FLAGS MODSEQ)") if b" FETCH (" in line]
    expect(b"new-keyword" in line and b"$Important" in line, f"{line}")
    expect(int(re.search(rb"MODSEQ \((\d+)\)", line)[1]) > modseq, f"HIGHESTMODSEQ was {modseq}: {line}")
    ada.command("UID STORE 2 +FLAGS (\\Deleted)")
    ada.command("EXPUNGE")
    ada.command("UNSELECT")
    ada.command("RENAME Work Projects")
    ada.close()
    lmtp = at.lmtp()
    expect(lmtp.deliver(b"Subject: later\r\n\r\nx\r\n", ADA, BEN) == [250, 250], "delivery")
    lmtp.close()


def compare_after(recorded, at):
    """What was not changed is as it was, also after another start."""
    after = online_facts(at)
    archive = recorded[ADA]["mailboxes"]["Archive"]
    compare(archive, after[ADA]["mailboxes"]["Archive"], "after/Archive")
    plans = recorded[ADA]["mailboxes"]["Work/Plans"]
    found = after[ADA]["mailboxes"]["Projects/Plans"]
    compare(plans["messages"], found["messages"], "after/Plans")
    expect(plans["status"] == found["status"], f"{plans['status']}, not {found['status']}")


def test_one(path):
    with tempfile.TemporaryDirectory(prefix="posthorn-") as folder:
        with tarfile.open(path) as tar:
            tar.extractall(folder)
        with open(os.path.join(folder, "record.json"), encoding="utf-8") as f:
            record = json.load(f)
        at = Installation(folder)
        expect(at.run("config", "check") == "The configuration is valid.\n", "the configuration")
        compare(record["offline"], offline_facts(at), "offline")
        at.run("check", "--deep")
        at.start()
        try:
            compare(record["online"], online_facts(at), "online")
            Imap(at.ports["imap"], ADA, record["app_password"]).close()
            at.imap(CAROL).close()
            go_on(at, record["online"])
            at.run("check", "--deep")
            at.stop()
            at.start()
            compare_after(record["online"], at)
        finally:
            at.stop()
        at.run("check", "--deep")


def test():
    archives = sorted(glob.glob(os.path.join(WRITTEN, "*.tar.xz")))
    expect(archives, f"there is nothing in {WRITTEN}")
    for path in archives:
        print(os.path.basename(path))
        test_one(path)


if __name__ == "__main__":
    main(test)
