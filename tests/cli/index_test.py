#!/usr/bin/env python3
"""Search filters: how much they cover, and making them again, with and without a running server."""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok, program  # noqa: E402

USER = "ada@demo.example"
COUNT = 800  # More than are packed at once.


def run(*arguments, code=0):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    expect(done.returncode == code,
           f"posthorn {' '.join(arguments)}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def status(server):
    return json.loads(run("--data-dir", server.folder, "index", "status", USER, "--json"))


def wait_for(server, words, condition):
    deadline = time.monotonic() + 60
    while not condition(said := status(server)):
        expect(time.monotonic() < deadline, f"{words}: {said}")
        time.sleep(0.1)
    return said


def find(client, text):
    return ok(client.search(None, "BODY", text))[0].split()


def write_mbox(folder):
    path = os.path.join(folder, "mail.mbox")
    with open(path, "w", encoding="ascii") as file:
        for n in range(COUNT):
            file.write(f"From sender@example.com Mon Nov 30 10:00:00 2026\nSubject: number {n}\n"
                       f"Message-ID: <{n}@example.com>\n\nThe word of this one is w{n:04}w.\n\n")
    return path


def check(server, folder):
    server.imap(USER).logout()  # Which makes the account.
    run("--data-dir", server.folder, "import", USER, write_mbox(folder), "--format", "mbox", "--mailbox", "Filed")
    with server.imap(USER) as client:
        ok(client.select("Filed"))
        before = wait_for(server, "no filters were made", lambda s: s["complete"] and s["covered"] > 0)
        expect(before["covered"] == before["groups"] and before["unusable"] == 0, before)
        expect(find(client, "w0007w") == [b"8"], "found with filters")
        expect("of 0 groups" not in run("--data-dir", server.folder, "index", "status"), "all accounts")
        said = run("--data-dir", server.folder, "index", "rebuild", USER)
        expect(f"{before['filters']} filters made again" in said, said)
        after = status(server)
        expect(after["complete"] and after["covered"] == before["groups"], after)
        # Nothing is missed while they are made.
        run("--data-dir", server.folder, "index", "rebuild", "--all", "--no-wait")
        for n in range(0, COUNT, 50):
            expect(find(client, f"w{n:04}w") == [str(n + 1).encode()], f"message {n} while filters are made")
        wait_for(server, "the filters were not made again", lambda s: s["complete"] and s["covered"] > 0)
    run("--data-dir", server.folder, "check", "--deep")
    run("--data-dir", server.folder, "index", "rebuild", code=1)
    run("--data-dir", server.folder, "index", "rebuild", USER, "--all", code=1)
    expect("nobody@demo.example" in run("--data-dir", server.folder, "index", "status", "nobody@demo.example",
                                        code=1), "an unknown account")
    server.stop()
    said = run("--data-dir", server.folder, "index", "rebuild", USER)
    expect("filters made again" in said, said)
    said = json.loads(run("--data-dir", server.folder, "index", "status", USER, "--json"))
    expect(said["complete"] and said["covered"] == before["groups"], f"without a server: {said}")


def test():
    with tempfile.TemporaryDirectory(prefix="posthorn-index-") as folder:
        server = Server(folder=os.path.join(folder, "data"))
        try:
            check(server, folder)
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()


if __name__ == "__main__":
    main(test)
