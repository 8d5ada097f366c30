#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build's compile_commands.json, several at a time.

    tidy.py BUILD_DIR [--jobs N] [--all | --changed BASE] [file ...]

A file that passed is not checked again until it, something it includes from src/, or .clang-tidy has
changed: what passed is remembered in BUILD_DIR/tidy. Exit code 1 when there were findings."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class Closure:
    """The bytes of a source and of everything it includes from src/, as one hash."""

    def __init__(self):
        self.texts = {}

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

    def hash(self, path):
        h = hashlib.sha256(self.text(os.path.join(ROOT, ".clang-tidy")).encode())
        for name in sorted(self.files(path)):
            h.update(f"{name}\0{self.text(name)}\0".encode())
        return h.hexdigest()


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
    with open(os.path.join(options.build, "compile_commands.json"), encoding="utf-8") as f:
        sources = sorted({entry["file"] for entry in json.load(f)})
    sources = [s for s in sources if s.startswith((ROOT + "/src/", ROOT + "/bench/"))]
    if options.files:
        wanted = {os.path.abspath(f) for f in options.files}
        return [s for s in sources if s in wanted]
    if options.changed:
        changed = changed_since(options.changed)
        if changed is not None:
            return [s for s in sources if closure.files(s) & changed]
    return sources


def run_one(build, source):
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", build, source], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    lines = [l for l in (done.stdout + done.stderr).splitlines()
             if l and not re.match(r"^\d+ warnings?( and \d+ errors?)? generated|^Suppressed|^Use -head", l)]
    return done.returncode, "\n".join(lines)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    p.add_argument("--changed", metavar="BASE", help="only what differs from this commit")
    p.add_argument("--all", action="store_true", help="also what passed before")
    p.add_argument("files", nargs="*")
    options = p.parse_intermixed_args()
    options.build = os.path.abspath(options.build)
    passed = os.path.join(options.build, "tidy")
    os.makedirs(passed, exist_ok=True)
    closure = Closure()
    todo = [(s, os.path.join(passed, closure.hash(s))) for s in choose(options, closure)]
    if not options.all:
        todo = [(s, mark) for s, mark in todo if not os.path.exists(mark)]
    print(f"clang-tidy: {len(todo)} files to check", flush=True)
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (source, mark), (code, text) in zip(todo, pool.map(
                lambda job: run_one(options.build, job[0]), todo)):
            if code == 0:
                with open(mark, "w", encoding="utf-8"):
                    pass
            else:
                failures += 1
                print(f"{os.path.relpath(source, ROOT)}:\n{text}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
