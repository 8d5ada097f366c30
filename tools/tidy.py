#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build's compile_commands.json, several at a time.

    tidy.py BUILD_DIR [--jobs N] [--deep] [--all | --changed BASE] [file ...]

A file that passed is not checked again until it, something it includes from src/, how it is compiled,
.clang-tidy or clang-tidy itself has changed: what passed is remembered in ~/.cache/posthorn-tidy, for all
clones. --deep adds the checks that cost more (.clang-tidy says which). Exit code 1 when there were findings.

Most of the time goes into the headers that a source includes, the standard library above all, since each check
looks at all of it. So sources that are compiled alike are checked several at once, as one translation unit that
includes them. Sources that do not compile there, because others in front of them give the same name to another
thing, are taken out and checked together. A unit that has findings is halved, down to the single source: only what
a source has alone is reported."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

DEEP = "bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-exception-escape," \
       "-bugprone-unchecked-optional-access,misc-unused-using-decls,clang-analyzer-core.*,clang-analyzer-cplusplus.*"
BATCH = 12  # Sources in one translation unit, at most; more would need more than 2 GB of memory.
KEPT_SECONDS = 60 * 24 * 3600  # What nobody asked for so long is forgotten.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

ERROR = re.compile(r"^(/\S+?):\d+:\d+: error: .*\[clang-diagnostic-error\]$", re.MULTILINE)


class Closure:
    """The bytes of a source and of everything it includes from src/, as one hash."""

    def __init__(self, checks):
        self.texts = {}
        version = subprocess.run(["clang-tidy-19", "--version"], capture_output=True, text=True, check=True).stdout
        self.tool = f"{version}\0{checks}\0{self.text(os.path.join(ROOT, '.clang-tidy'))}"

    def text(self, path):
        if path not in self.texts:
            try:
                with open(path, encoding="utf-8", errors="replace") as f:
                    self.texts[path] = f.read()
            except OSError:
                self.texts[path] = ""
        return self.texts[path]

    def files(self, path):
        found, todo = set(), [path]
        while todo:
            current = todo.pop()
            if current in found:
                continue
            found.add(current)
            for name in INCLUDE.findall(self.text(current)):
                included = os.path.join(ROOT, "src", name)
                if os.path.exists(included):
                    todo.append(included)
        return found

    def hash(self, path, command):
        """Of everything the outcome depends on, wherever the clone lies."""
        h = hashlib.sha256(f"{self.tool}\0{command.replace(ROOT, '')}\0".encode())
        for name in sorted(self.files(path)):
            h.update(f"{os.path.relpath(name, ROOT)}\0{self.text(name)}\0".encode())
        return h.hexdigest()


class Passed:
    """What passed, by hash; shared by all clones of this user."""

    def __init__(self):
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        self.folder = os.path.join(cache, "posthorn-tidy")
        os.makedirs(self.folder, exist_ok=True)
        for entry in os.scandir(self.folder):
            if entry.stat().st_mtime < time.time() - KEPT_SECONDS:
                os.remove(entry.path)

    def has(self, hash):
        try:
            os.utime(os.path.join(self.folder, hash))
            return True
        except OSError:
            return False

    def add(self, hash):
        with open(os.path.join(self.folder, hash), "w", encoding="utf-8"):
            pass


def changed_since(base):
    """Absolute paths that differ from the commit, new ones included; None when git cannot say."""
    try:
        merge_base = subprocess.run(["git", "merge-base", base, "HEAD"], cwd=ROOT, check=True,
                                    capture_output=True, text=True).stdout.strip()
        told = subprocess.run(["git", "diff", "--name-only", merge_base], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout
        new = subprocess.run(["git", "ls-files", "--others", "--exclude-standard"], cwd=ROOT,
                             check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return {os.path.join(ROOT, name) for name in (told + new).splitlines()}


def choose(options, closure):
    """The sources to look at, with how each is compiled."""
    with open(os.path.join(options.build, "compile_commands.json"), encoding="utf-8") as f:
        commands = {entry["file"]: entry["command"] for entry in json.load(f)}
    own = tuple(os.path.join(ROOT, folder, "") for folder in ("src", "bench", "tests"))
    sources = wanted_of(options, closure, sorted(s for s in commands if s.startswith(own)))
    return [(s, commands[s]) for s in sources]


def wanted_of(options, closure, sources):
    if options.files:
        wanted = {os.path.abspath(f) for f in options.files}
        return [s for s in sources if s in wanted]
    if options.changed:
        changed = changed_since(options.changed)
        if changed is not None:
            return [s for s in sources if closure.files(s) & changed]
    return sources


def lint(build, checks, source):
    """The exit code and the findings of one translation unit."""
    done = subprocess.run(["clang-tidy-19", "--quiet", f"--checks={checks}", f"--config-file={ROOT}/.clang-tidy",
                           "-p", build, source], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [l for l in (done.stdout + done.stderr).splitlines()
             if l and not re.match(r"^\d+ warnings?( and \d+ errors?)? generated|^Suppressed|^Use -head", l)]
    return done.returncode, "\n".join(lines)


class Batches:
    """Checks sources, several in one translation unit. Thread-safe."""

    def __init__(self, build, checks):
        self.build, self.checks = build, checks
        self.folder = tempfile.TemporaryDirectory(prefix="posthorn-tidy-")

    def together(self, jobs):
        """The exit code and the findings for sources that are compiled alike, as one translation unit."""
        own = tempfile.mkdtemp(dir=self.folder.name)
        unit = os.path.join(own, "batch.cc")
        with open(unit, "w", encoding="utf-8") as f:
            for source, _ in jobs:
                f.write(f'#include "{source}"  // NOLINT(bugprone-suspicious-include)\n')
        source, command = jobs[0]
        with open(os.path.join(own, "compile_commands.json"), "w", encoding="utf-8") as f:
            json.dump([{"directory": self.build, "file": unit, "command": command.replace(source, unit)}], f)
        return lint(own, self.checks, unit)

    def findings(self, jobs):
        """What each source has to hear: pairs of the source and its findings, which are empty if it passed."""
        if len(jobs) == 1:
            source = jobs[0][0]
            code, text = lint(self.build, self.checks, source)
            return [(source, text or "clang-tidy failed and printed nothing" if code else "")]
        code, text = self.together(jobs)
        if code == 0:
            return [(source, "") for source, _ in jobs]
        apart = set(ERROR.findall(text))
        one = [job for job in jobs if job[0] in apart]
        other = [job for job in jobs if job[0] not in apart]
        if not one or not other:
            half = len(jobs) // 2
            one, other = jobs[:half], jobs[half:]
        return self.findings(other) + self.findings(one)


def batches_of(jobs):
    """Jobs that are compiled alike, in lists of at most BATCH, of equal length."""
    alike = {}
    for source, command in jobs:
        how = re.sub(r" -o \S+", "", command.replace(source, ""))
        alike.setdefault(how, []).append((source, command))
    for group in alike.values():
        count = -(-len(group) // BATCH)
        for i in range(count):
            yield group[len(group) * i // count:len(group) * (i + 1) // count]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    p.add_argument("--deep", action="store_true", help="with the checks that cost more")
    p.add_argument("--changed", metavar="BASE", help="only what differs from this commit")
    p.add_argument("--all", action="store_true", help="also what passed before")
    p.add_argument("files", nargs="*")
    options = p.parse_intermixed_args()
    options.build = os.path.abspath(options.build)
    checks = DEEP if options.deep else ""
    closure = Closure(checks)
    passed = Passed()
    chosen = choose(options, closure)
    hashes = {s: closure.hash(s, command) for s, command in chosen}
    todo = [(s, command) for s, command in chosen if options.all or not passed.has(hashes[s])]
    print(f"clang-tidy: {len(todo)} files to check", flush=True)
    failures = 0
    batches = Batches(options.build, checks)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(batches.findings, batch) for batch in batches_of(todo)]
        for done in concurrent.futures.as_completed(running):
            for source, text in done.result():
                if not text:
                    passed.add(hashes[source])
                else:
                    failures += 1
                    print(f"{os.path.relpath(source, ROOT)}:\n{text}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
