#!/usr/bin/env python3
"""/metrics: what is counted, and that it is Prometheus' text form."""

import imaplib
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main  # noqa: E402

SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')
HERE = os.path.dirname(os.path.abspath(__file__))


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        expect(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers)
        text = answer.read().decode()
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif not line.startswith("#"):
            found = SAMPLE.match(line)
            expect(found, f"not a sample: {line}")
            name, labels, value = found.groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            expect(family in types or name in types, f"no type: {line}")
            key = (name, tuple(sorted(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or ""))))
            expect(key not in samples, f"twice: {line}")
            samples[key] = float(value)
    return samples, types


def value(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))), 0)


def used_names(path):
    with open(path, encoding="utf-8") as f:
        return set(re.findall(r"posthorn_[a-z_]+", f.read()))


def test():
    # A directory that nobody asks.
    directory = ("directories=internal,work", "directory.work.kind=sqlite", "directory.work.domains=elsewhere.example",
                 "directory.work.file=/nonexistent", "directory.work.user_query=SELECT 1")
    with Server(arguments=("--metrics", "127.0.0.1:0"), settings=directory) as server:
        with open(os.path.join(server.notes, "ready.json"), encoding="utf-8") as f:
            ready = json.load(f)
        port = ready["metrics"]
        expect(port, "the ready file names the listener")
        before, _ = scrape(port)

        client = server.imap("ada@example.org")
        client.append("INBOX", None, None, b"Subject: x\r\n\r\ny\r\n")
        client.select("INBOX")
        client.noop()
        client.noop()
        try:
            client.select("nowhere")
        except client.error:
            pass
        imaplib.Commands["NONSENSE"] = ("AUTH", "SELECTED")
        try:
            client.xatom("NONSENSE")
        except client.error:
            pass
        try:
            server.imap("ada@example.org", "wrong")
        except client.error:
            pass
        sender = server.submission("ada@example.org")
        sender.sendmail("ada@example.org", ["ben@example.org"], b"From: ada@example.org\r\n\r\nx\r\n")
        pop = server.pop3("ben@example.org")
        pop.stat()
        expect(server.lmtp().deliver(b"Subject: y\r\n\r\nz\r\n", "ada@example.org") == [250], "a delivery")

        after, types = scrape(port)
        grown = lambda name, **labels: value(after, name, **labels) - value(before, name, **labels)  # noqa: E731
        command = lambda protocol, name, outcome="ok": grown(  # noqa: E731
            "posthorn_commands_total", protocol=protocol, command=name, outcome=outcome)
        expect(command("imap", "NOOP") == 2, "two NOOPs")
        expect(command("imap", "APPEND") == 1, "an APPEND")
        expect(command("imap", "SELECT") == 1 and command("imap", "SELECT", "refused") == 1, "SELECT")
        expect(command("imap", "unknown", "refused") == 1, f"what is no command: {command('imap', 'unknown', 'refused')}")
        expect(command("imap", "LOGIN", "refused") == 1, "a wrong password is the client's fault")
        expect(command("submission", "DATA") == 1 and command("lmtp", "DATA") == 1, "DATA")
        expect(command("pop3", "STAT") == 1, "STAT")
        expect(grown("posthorn_command_seconds_count", protocol="imap", command="NOOP") == 2, "times")
        expect(grown("posthorn_logins_total", protocol="imap", outcome="success", reason="") == 1, "logins")
        expect(grown("posthorn_logins_total", protocol="imap", outcome="failure", reason="wrong_password") == 1,
               "failed logins")
        expect(value(after, "posthorn_sessions") == 3, "sessions")
        expect(value(after, "posthorn_connections", protocol="imap") >= 1, "connections")
        expect(grown("posthorn_commit_seconds_count") >= 3, "commits")
        expect(grown("posthorn_sync_seconds_count") >= 1, "syncs")
        expect(value(after, "posthorn_store_bytes") > 0 and value(after, "posthorn_disk_free_bytes") > 0, "sizes")
        expect(value(after, "posthorn_certificate_expiry_days") > 3000, "a certificate of ten years")
        for key, count in after.items():
            if key[0].endswith("_bucket") and ("le", "+Inf") in key[1]:
                labels = tuple(label for label in key[1] if label[0] != "le")
                expect(after[(key[0].replace("_bucket", "_count"), labels)] == count, key)

        deadline = time.monotonic() + 20
        while value(scrape(port)[0], "posthorn_queue_messages") and time.monotonic() < deadline:
            time.sleep(0.1)
        expect(value(scrape(port)[0], "posthorn_queue_messages") == 0, "the queue is empty again")

        for path in ("/", "/health", "/metrics/x"):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60)
                expect(False, f"{path} is served")
            except urllib.error.HTTPError as error:
                expect(error.code == 404, error)
        for other in ("https", "imap"):
            expect(other in ready, other)

        # The rules and the dashboard use what there is.
        packaging = os.path.join(HERE, "..", "..", "packaging")
        for path in ("prometheus/posthorn.rules.yml", "grafana/posthorn.json", "../docs/monitoring.md"):
            for name in used_names(os.path.join(packaging, path)):
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                expect(name in types or family in types, f"{path}: {name} does not exist")
        client.logout()
        pop.quit()
        sender.quit()


if __name__ == "__main__":
    main(test)
