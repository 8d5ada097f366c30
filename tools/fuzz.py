#!/usr/bin/env python3
"""Runs the fuzzers of a build, each for some time on a copy of its corpus, and sums up what they did.

usage: tools/fuzz.py BUILD [--seconds N] [--only NAME,...] [--out DIR]

Prints one line for each fuzzer: executions, covered edges, inputs in the corpus before and after. What a fuzzer
finds is kept in DIR, with its log. Exit code 1 if one of them found something.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COVERED = re.compile(r"^#\d+\s+\w+\s+cov: (\d+)", re.MULTILINE)
EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def find(build, only):
    programs = sorted(p for p in pathlib.Path(build).rglob("*_fuzz") if p.is_file() and os.access(p, os.X_OK))
    found = {p.name: p for p in programs}
    if unknown := only - set(found):
        sys.exit(f"not built in {build}: {', '.join(sorted(unknown))}")
    if not found:
        sys.exit(f"there are no fuzzers in {build}; build it with `cmake --preset fuzz`")
    return [found[name] for name in sorted(only or found)]


def fuzz(program, seconds, out):
    """Runs one fuzzer; returns its line of the table, and whether it found something."""
    name = program.name
    folder = out / name
    corpus = folder / "corpus"
    shutil.rmtree(folder, ignore_errors=True)
    known = ROOT / "tests" / "fuzz" / "corpus" / name
    if known.is_dir():
        shutil.copytree(known, corpus)
    else:
        corpus.mkdir(parents=True)
    before = len(list(corpus.iterdir()))
    command = [program.resolve(), corpus, f"-max_total_time={seconds}", "-print_final_stats=1", "-rss_limit_mb=3000",
               f"-artifact_prefix={folder}/"]
    if name.startswith("imap_"):
        command.append(f"-dict={ROOT / 'tests' / 'fuzz' / 'imap.dict'}")
    log = folder / "log"
    with open(log, "wb") as file:
        # Longer than asked: a fuzzer that hangs is a find, too.
        try:
            code = subprocess.run(command, stdout=file, stderr=file, timeout=seconds + 300, check=False).returncode
        except subprocess.TimeoutExpired:
            code = -1
    said = log.read_text(errors="replace")
    covered = COVERED.findall(said)
    executed = EXECUTED.search(said)
    after = len(list(corpus.iterdir()))
    line = (f"{name:32} {int(executed[1]) if executed else 0:>12,} executions {covered[-1] if covered else '?':>7} edges "
            f"{before:>5} to {after:>5} inputs")
    if code != 0:
        line += f"  FOUND SOMETHING: see {log}"
    return line, executed, code != 0


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("build")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--only", default="")
    options.add_argument("--out", default="build/fuzz-results")
    args = options.parse_args()
    finds = total = 0
    for program in find(args.build, {name for name in args.only.split(",") if name}):
        line, executed, found = fuzz(program, args.seconds, pathlib.Path(args.out).resolve())
        print(line, flush=True)
        total += int(executed[1]) if executed else 0
        finds += found
    print(f"{total:,} executions; {finds} fuzzers found something")
    sys.exit(1 if finds else 0)


if __name__ == "__main__":
    main()
