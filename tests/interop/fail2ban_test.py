#!/usr/bin/env python3
"""The filter for fail2ban and the parser for CrowdSec, with lines of a real server, as text and as JSON, from a file and as the journal shows them."""

import imaplib
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need  # noqa: E402

CROWDSEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "crowdsec",
                        "posthorn-logs.yaml")
FILTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "fail2ban", "filter.d",
                      "posthorn.conf")
# Names that try to look like fields of their own, or like a whole line.
SLY = ['x" address=198.51.100.7 port=1 mechanism="PLAIN" reason=wrong_password user="root',
       "x warning login failed address=198.51.100.8 mechanism=PLAIN reason=wrong_password user=root",
       '","message":"login failed","address":"198.51.100.9","mechanism":"x","reason":"wrong_password",']


def log_in(server, user, password):
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    try:
        client.login('"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"', password)
    except client.error:
        pass
    client.logout()


def written(form):
    with Server(quiet=False, settings=(f"log.format={form}",), any_user=False) as server:
        server.add_account("ada@example.org")
        log_in(server, "ada@example.org", "wrong")
        for name in SLY:
            log_in(server, name, "wrong")
        log_in(server, "x" * 2000, "wrong")
        log_in(server, "ada@example.org", PASSWORD)
        server.run("account", "disable", "ada@example.org")
        log_in(server, "ada@example.org", PASSWORD)
        with open(server.log_path, encoding="utf-8") as f:
            return [line for line in f.read().splitlines() if "login" in line]


def banned(folder, lines):
    """The addresses that the filter finds, once for each line."""
    path = os.path.join(folder, "log")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    done = subprocess.run(["fail2ban-regex", "-o", "ip", path, FILTER], check=False, capture_output=True, text=True,
                          timeout=120)
    expect(done.returncode == 0, done.stdout + done.stderr)
    return re.findall(r"\d+\.\d+\.\d+\.\d+", done.stdout)


# What stands for the patterns of grok that the parser for CrowdSec uses. crowdsec_test.py runs CrowdSec itself.
GROK = {"TIMESTAMP_ISO8601": r"\d{4}-\d\d-\d\dT[\d:.]+Z", "WORD": r"\b\w+\b", "INT": r"[+-]?\d+",
        "IP": r"[0-9a-f:]*:[0-9a-f:.]+|\d+\.\d+\.\d+\.\d+", "DATA": r".*?"}


def test_crowdsec(lines):
    with open(CROWDSEC, encoding="utf-8") as f:
        pattern = re.search(r"pattern: '(.*)'\n", f.read())[1]
    regex = re.compile(re.sub(r"%\{(\w+)(?::(\w+))?\}",
                              lambda m: f"(?P<{m[2]}>{GROK[m[1]]})" if m[2] else f"(?:{GROK[m[1]]})", pattern))
    found = [regex.match(line) for line in lines]
    found = [one.groupdict() for one in found if one]
    expect(len(found) == 6, f"{len(found)} of 6 lines were found:\n" + "\n".join(lines))
    expect({one["source_ip"] for one in found} == {"127.0.0.1"}, f"{found}")
    expect("disabled" in {one["reason"] for one in found}, "the scenario leaves disabled accounts alone, by the reason")


def test():
    need("fail2ban-regex")
    with tempfile.TemporaryDirectory() as folder:
        for form in ("text", "json"):
            lines = written(form)
            if form == "text":
                test_crowdsec(lines)
            failed = [line for line in lines if "login failed" in line and "reason" in line and "disabled" not in line]
            expect(len(failed) >= 5, "\n".join(lines))
            in_journal = [f"Nov 29 21:03:11 mail posthorn[123]: {line}" for line in lines]
            for shown in (lines, in_journal):
                found = banned(folder, shown)
                expect(set(found) == {"127.0.0.1"}, f"{form}: {found}\n" + "\n".join(shown))
                expect(len(found) == 5, f"{form}: {len(found)} of 5 lines were found:\n" + "\n".join(shown))


if __name__ == "__main__":
    main(test)
