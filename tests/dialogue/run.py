#!/usr/bin/env python3
"""Plays dialogue files (*.dlg) against a real server over a socket. See README.md.

    run.py [options] [file or folder ...]

Exit code: 0 when every dialogue passed or was skipped, 1 when one failed, 2 when the server did not
start or nothing was run.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from dialogue import Player, Skipped  # noqa: E402

PORTS = ("imap", "imaps", "pop3", "pop3s", "submission", "submissions", "lmtp")
DEFAULT_SERVER = ("{root}/build/release/src/cli/posthorn demo --engine memory --empty"
                  " --any-user {password} --imap 127.0.0.1:0 --imaps 127.0.0.1:0"
                  " --lmtp 127.0.0.1:0 --ready-file {ready} --quiet")


class Server:
    """A server process of our own, stopped at the end; or one that runs already."""

    def __init__(self, options):
        self.process, self.log = None, None
        self.folder = tempfile.TemporaryDirectory(prefix="dialogue-")
        if options.ready:
            self.addresses = read_ready(options.ready)
            return
        ready = os.path.join(self.folder.name, "ready.json")
        command = [part.format(root=os.path.dirname(os.path.dirname(HERE)), ready=ready,
                               password=options.password) for part in shlex.split(options.server)]
        self.log = open(os.path.join(self.folder.name, "log"), "w+", encoding="utf-8",
                        errors="replace")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.addresses = read_ready(ready)
                return
            except (OSError, ValueError):
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.log_text()
                self.stop()
                raise RuntimeError(f"the server did not start: {shlex.join(command)}\n{text}")
            time.sleep(0.02)

    def alive(self):
        return self.process is None or self.process.poll() is None

    def log_text(self):
        if not self.log:
            return ""
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-4000:]

    def stop(self):
        """Returns the exit code of a server of ours; 0 stands for one that was told to end."""
        code = 0
        if self.process:
            ended = self.process.poll()
            if ended is None:
                self.process.terminate()
                try:
                    ended = self.process.wait(20)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    ended = "hung at the end and was killed"
            code = 0 if ended in (0, -15) else ended
        if self.log:
            self.log.close()
        self.folder.cleanup()
        return code


def read_ready(path):
    """{"imap": port, "imaps": port, "lmtp": port, "lmtp_socket": path} to addresses."""
    with open(path, encoding="utf-8") as f:
        said = json.load(f)
    host = said.get("host", "127.0.0.1")
    addresses = {name: (host, said[name]) for name in PORTS if said.get(name)}
    if "lmtp" not in addresses and said.get("lmtp_socket"):
        addresses["lmtp"] = said["lmtp_socket"]
    return addresses


def files_of(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                yield from (os.path.join(folder, n) for n in sorted(names) if n.endswith(".dlg"))
        else:
            yield path


def parse_arguments(arguments):
    p = argparse.ArgumentParser(description="Plays dialogues against a mail server.")
    p.add_argument("paths", nargs="*", default=[HERE], help="dialogue files or folders")
    p.add_argument("--server", default=DEFAULT_SERVER,
                   help="command; {root}, {ready} and {password} are filled in")
    p.add_argument("--ready", help="ready file of a server that runs already")
    p.add_argument("--password", default="secret")
    p.add_argument("--user-template", default="{name}.{n}@example.org",
                   help="a fresh user for each dialogue, of {name} and {n}")
    p.add_argument("--timeout", type=float, default=5.0, help="seconds an expected line may take")
    p.add_argument("--one-byte", action="store_true", help="send octet by octet")
    p.add_argument("--slow-reader", action="store_true", help="read little at a time, slowly")
    p.add_argument("--jobs", type=int, default=4)
    p.add_argument("--repeat", type=int, default=1, help="play everything so many times")
    p.add_argument("--only", default="", help="only files whose path contains this")
    p.add_argument("--verbose", action="store_true", help="also name what passed")
    return p.parse_args(arguments)


def play(path, number, server, options):
    """(outcome, words) with outcome passed, skipped or failed."""
    name = os.path.splitext(os.path.basename(path))[0].replace("_", "-").lower()
    user = options.user_template.format(name=name, n=number)
    try:
        words = Player(path, user, server.addresses, options).play()
    except Skipped as e:
        return "skipped", f"no {e}"
    except Exception:  # pylint: disable=broad-except
        return "failed", f"{path}: the runner itself failed\n{traceback.format_exc()}"
    return ("failed", words) if words else ("passed", "")


def main(arguments):
    options = parse_arguments(arguments)
    files = [f for f in files_of(options.paths) if options.only in f] * options.repeat
    if not files:
        print("no dialogues found", file=sys.stderr)
        return 2
    try:
        server = Server(options)
    except (RuntimeError, OSError) as e:
        print(e, file=sys.stderr)
        return 2
    counts = {"passed": 0, "skipped": 0, "failed": 0}
    start, numbers = time.monotonic(), itertools.count(os.getpid() % 1000 * 1000)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [(f, pool.submit(play, f, next(numbers), server, options)) for f in files]
        for path, run in runs:
            outcome, words = run.result()
            counts[outcome] += 1
            if outcome != "passed" or options.verbose:
                print(f"{outcome.upper()} {os.path.relpath(path)} {words}", flush=True)
    died = not server.alive()
    log = server.log_text()
    code = server.stop()
    print(", ".join(f"{n} {what}" for what, n in counts.items()),
          f"in {time.monotonic() - start:.1f} s")
    if died or code:
        print(f"the server {'died' if died else 'ended badly'} ({code}); its last words:\n{log}")
        return 1
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
