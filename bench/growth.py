#!/usr/bin/env python3
"""What an operation of Posthorn costs when there is more of everything: messages in the mailbox,
accounts, sessions.

usage: bench/growth.py --load build/release/bench/posthorn_load --posthorn build/.../posthorn
Prints tables and writes them, charts and numbers into --out. An operation that should not depend on
the size and grows nearly as fast as it is marked, and makes the exit status 1.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import charts
import rows
import servers

# Name of the operation: its title and whether it has to look at every message.
OF_MESSAGES = {
    "op-noop": ("NOOP", False),
    "op-select": ("SELECT, open already", False),
    "op-status": ("STATUS", False),
    "op-body": ("FETCH of one body", False),
    "op-newest": ("FETCH of the 50 newest", False),
    "op-append": ("APPEND of one", False),
    "op-store": ("STORE of one flag", False),
    "op-copy": ("COPY of one", False),
    "op-search-unseen": ("SEARCH UNSEEN", True),
    "op-fetch-flags": ("FETCH 1:* FLAGS", True),
    "open-vast": ("the first after a restart, with FETCH 1:* FLAGS", True),
}
OF_ACCOUNTS = {
    "op-login": ("connect and LOGIN", False),
    "op-deliver": ("LMTP delivery", False),
    "op-append": ("APPEND of one", False),
    "start": ("stop and start of the server", False),
    "memory": ("memory of the server, MiB", False),
}
OF_SESSIONS = {
    "op-noop": ("NOOP", False),
    "op-status": ("STATUS", False),
    "op-login": ("connect and LOGIN", False),
    "op-append": ("APPEND of one", False),
    "op-deliver": ("LMTP delivery", False),
    "idle-append": ("APPEND to EXISTS", False),
}

# From here on it counts as growth in proportion; timing is not exact enough for closer.
STEEP = 0.6
# Growth by less than this from the smallest to the largest size is noise.
NOISE = 4


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--load", required=True, help="the load generator")
    p.add_argument("--posthorn", required=True, help="the server program")
    p.add_argument("--max-messages", type=int, default=1000000)
    p.add_argument("--max-accounts", type=int, default=100000)
    p.add_argument("--max-sessions", type=int, default=10000)
    p.add_argument("--count", type=int, default=200, help="of each operation at most")
    p.add_argument("--seconds", type=float, default=3, help="for each operation at most")
    p.add_argument("--fill-seconds", type=float, default=180, help="for each filling at most")
    p.add_argument("--dir", help="where the server keeps its data; removed at the end")
    p.add_argument("--out", default="build/bench-results", help="where the results go")
    p.add_argument("--seed", type=int, default=int(time.time()))
    return p.parse_args()


def sizes(first, step, most):
    out = []
    while first <= most:
        out.append(first)
        first *= step
    return out


def command_line(args, server, command, options):
    line = [args.load, "--imap", str(server.imap), "--imaps", str(server.imaps),
            "--lmtp", str(server.lmtp), "--server-pid", str(server.pid),
            "--password", servers.PASSWORD, "--seed", str(args.seed), command]
    for name, value in options.items():
        line += [f"--{name}", str(value)]
    return line


def load(args, server, command, **options):
    """One run of the load generator; None (and a word on stderr) when it failed."""
    options = {"count": args.count, "seconds": args.seconds, **options}
    try:
        done = subprocess.run(command_line(args, server, command, options), capture_output=True,
                              text=True, timeout=options["seconds"] * 2 + 120)
    except subprocess.TimeoutExpired:
        print(f"  {command}: no end", file=sys.stderr)
        return None
    if done.returncode != 0:
        print(f"  {command}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def note(found, operation, size, result):
    """What was measured of an operation at this size: its value, and the processor time that the
    server spent on it, which is judged where there is one: the time of a sync is the disk's."""
    if result is None:
        return
    cpu = result.get("server_cpu_us", 0) / 1e3
    found.setdefault(operation, []).append([size, result["value"], cpu])
    print(f"  {size:>9,} {operation:18} {result['value']:.4g} {result['unit']}"
          f"  cpu {cpu:.4g} ms", flush=True)


def judged(curve):
    """[(size, cost)]"""
    by_cpu = all(cpu > 0 for _, _, cpu in curve)
    return [(size, cpu if by_cpu else value) for size, value, cpu in curve]


def over_messages(args, server):
    """One mailbox of each size, for a user of its own."""
    found = {}
    for i, size in enumerate(sizes(1000, 10, args.max_messages)):
        user = rows.VAST_USER + i
        if load(args, server, "fill-vast", user=user, count=size,
                seconds=args.fill_seconds) is None:
            break
        server.restart()
        note(found, "open-vast", size, load(args, server, "open-vast", user=user, count=size))
        for operation in OF_MESSAGES:
            if operation != "open-vast":
                note(found, operation, size, load(args, server, operation, user=user))
    return found


def memory(server):
    total = 0
    for pid in server.processes():
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total / 1024


def over_accounts(args, server):
    """The accounts of a smaller size are among those of the next."""
    found = {}
    for size in sizes(10, 100 if args.max_accounts >= 1000 else 10, args.max_accounts):
        # Those that are there get one message more.
        made = load(args, server, "fill-accounts", count=size, seconds=args.fill_seconds)
        if made is None or made["n"] < size:
            print(f"  {size:,} accounts were not made in time", file=sys.stderr)
            break
        begun = time.monotonic()
        server.restart()
        note(found, "start", size, {"value": (time.monotonic() - begun) * 1e3, "unit": "ms"})
        for operation in ("op-login", "op-deliver", "op-append"):
            note(found, operation, size, load(args, server, operation, accounts=size))
        note(found, "memory", size, {"value": memory(server), "unit": "MiB"})
    return found


def over_sessions(args, server):
    found = {}
    for size in sizes(10, 10, args.max_sessions):
        held = subprocess.Popen(
            command_line(args, server, "idle-hold", {"count": size, "seconds": args.fill_seconds}),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            ready = held.stdout.readline().split()
            if len(ready) != 2 or int(ready[1]) < size:
                print(f"  not {size:,} sessions: {' '.join(ready) or 'none'}", file=sys.stderr)
                break
            for operation in OF_SESSIONS:
                note(found, operation, size, load(args, server, operation))
        finally:
            held.communicate("")
    return found


def exponent(curve):
    """The power of the size with which the cost grows, fitted by least squares to the logarithms; of
    the upper half alone if that is steeper, as a constant part hides growth below."""

    def slope(points):
        xs = [math.log(size) for size, _ in points]
        ys = [math.log(max(value, 1e-6)) for _, value in points]
        middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
        across = sum((x - middle_x) ** 2 for x in xs)
        return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys)) / across

    if len(curve) < 2:
        return None
    upper = curve[-max(2, (len(curve) + 1) // 2):]
    return max(slope(curve), slope(upper))


def judge(curve, has_to_grow):
    """The words for the table, and whether it is bad."""
    power = exponent(curve)
    if power is None:
        return "one size only", False
    grown = curve[-1][1] / max(curve[0][1], 1e-6)
    if has_to_grow:
        return ("reads all: in proportion" if power <= 1.2 else "WORSE THAN IN PROPORTION",
                power > 1.2 and grown > NOISE)
    bad = power > STEEP and grown > NOISE
    return ("GROWS IN PROPORTION" if bad else "does not follow the size", bad)


def table(title, operations, found):
    """Markdown, and whether a row is bad."""
    columns = sorted({point[0] for curve in found.values() for point in curve})
    if not columns:
        return f"{title}: nothing was measured.\n", False
    lines = [f"| {title} | " + " | ".join(f"{size:,}" for size in columns)
             + " | exponent | verdict |", "|---|" + "---|" * (len(columns) + 2)]
    any_bad = False
    for operation, (words, has_to_grow) in operations.items():
        curve = found.get(operation)
        if not curve:
            continue
        cells = {size: f"{value:,.3g} ({cpu:,.3g})" if cpu else f"{value:,.3g}"
                 for size, value, cpu in curve}
        cells = [cells.get(size, "-") for size in columns]
        costs = judged(curve)
        verdict, bad = judge(costs, has_to_grow)
        any_bad |= bad
        power = exponent(costs)
        lines.append(f"| {words} | {' | '.join(cells)} | "
                     f"{'-' if power is None else f'{power:.2f}'} | {verdict} |")
    return "\n".join(lines) + "\n", any_bad


DIMENSIONS = (
    types.SimpleNamespace(name="messages", title="messages in the mailbox", run=over_messages,
                          operations=OF_MESSAGES),
    types.SimpleNamespace(name="accounts", title="accounts", run=over_accounts,
                          operations=OF_ACCOUNTS),
    types.SimpleNamespace(name="sessions", title="sessions in IDLE", run=over_sessions,
                          operations=OF_SESSIONS),
)


def main():
    args = arguments()
    servers.raise_file_limit()
    os.makedirs(args.out, exist_ok=True)
    result, tables, any_bad = {}, [], False
    for dimension in DIMENSIONS:
        print(dimension.title, flush=True)
        folder = tempfile.mkdtemp(prefix="posthorn-growth-", dir=args.dir)
        server = servers.Posthorn(folder, args.posthorn)
        try:
            server.start()
            found = dimension.run(args, server)
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)
        words, bad = table(dimension.title, dimension.operations, found)
        tables.append(words)
        any_bad |= bad
        result[dimension.name] = found
        curves = {dimension.operations[name][0]: judged(curve) for name, curve in found.items()}
        with open(os.path.join(args.out, f"growth-{dimension.name}.svg"), "w",
                  encoding="utf-8") as f:
            f.write(charts.growth(f"Processor time of the server against {dimension.title}", "ms", curves))
    with open(os.path.join(args.out, "growth.json"), "w", encoding="utf-8") as f:
        json.dump({"seed": args.seed, **result}, f, indent=1)
    text = ("Medians in milliseconds unless said otherwise, and in parentheses the processor time of "
            "the server, to which the exponent belongs.\n\n" + "\n".join(tables))
    with open(os.path.join(args.out, "growth.md"), "w", encoding="utf-8") as f:
        f.write(text)
    print("\n" + text)
    sys.exit(1 if any_bad else 0)


if __name__ == "__main__":
    main()
