#!/usr/bin/env python3
"""Posthorn and Dovecot, side by side: the same work on the same machine, in turns.

usage: bench/run.py --load build/release/bench/posthorn_load --posthorn build/.../posthorn [--quick]
Prints a table, and writes it with a chart and all numbers into --out.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import charts
import report
import rows
import servers

MEDIANS = ("value", "p50", "p99", "n", "octets", "wall_ms", "server_cpu_us", "client_cpu_us",
           "first_ms")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--load", required=True, help="the load generator")
    p.add_argument("--posthorn", required=True, help="the server program")
    p.add_argument("--quick", action="store_true", help="a small mailbox, one turn: minutes")
    p.add_argument("--messages", type=int, help="in the large mailbox; default 50000, quick 4000")
    p.add_argument("--vast", type=int,
                   help="messages in the mailbox filled by COPY; default 1000000, quick 20000")
    p.add_argument("--turns", type=int, help="how often each row is measured; default 3, quick 1")
    p.add_argument("--rows", default="", help="only these, separated by commas; see --list")
    p.add_argument("--without", default="", help="servers to leave out: dovecot,dovecot-tuned")
    p.add_argument("--budget", type=float, default=0, help="seconds after which no row is begun")
    p.add_argument("--dir", help="where the servers keep their data; removed at the end")
    p.add_argument("--out", default="build/bench-results", help="where the results go")
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--list", action="store_true", help="name the rows and do nothing")
    args = p.parse_args()
    args.messages = args.messages or (4000 if args.quick else 50000)
    args.vast = args.vast or (20000 if args.quick else 1000000)
    args.turns = args.turns or (1 if args.quick else 3)
    return args


def load(args, server, row, seed, command, options):
    """One run of the load generator; None (and a word on stderr) when it failed."""
    line = [args.load, "--imap", str(server.imap), "--imaps", str(server.imaps),
            "--lmtp", str(server.lmtp), "--server-pid", str(server.pid),
            "--password", servers.PASSWORD, "--seed", str(seed), command]
    for name, value in options.items():
        line += [f"--{name}", str(value)]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=row.timeout)
    except subprocess.TimeoutExpired:
        print(f"  {server.name} {row.name}: no end after {row.timeout} s", file=sys.stderr)
        return None
    if done.returncode != 0:
        print(f"  {server.name} {row.name}: {done.stderr.strip()}", file=sys.stderr)
        return None
    if done.stderr:
        print(f"  {server.name} {row.name}: {done.stderr.strip()}", file=sys.stderr)
    return json.loads(done.stdout)


def settle(server):
    """Starts the server anew, so that what it had only logged is where it stays. What that start
    has caused to be written, beyond what one without any news does."""
    server.restart()
    time.sleep(0.7)
    if server.usual_start is None:
        server.restart()
        time.sleep(0.7)
        server.usual_start = server.written_octets()
    return server.written_octets() - server.usual_start


def stored(args, server, row, seed):
    """The load, with what lies on disk before and after it and what was written for it, up to its
    final place."""
    settle(server)
    disk, written = server.disk_octets(), server.written_octets()
    result = load(args, server, row, seed, row.command, row.options(args))
    if result is None:
        return None
    caused = server.written_octets() - written + settle(server)
    moved = result["octets"] or result["n"]
    result["disk_ratio"] = (server.disk_octets() - disk) / moved
    result["written_ratio"] = caused / moved
    return result


def derived(row, found):
    """A row whose numbers are another's, looked at from another side."""
    results = {server: [dict(r) for r in results]
               for server, results in found.get(row.of or row.name, {}).items()}
    for result in (r for rs in results.values() for r in rs):
        result.update(value=result[row.measure], unit=row.unit)
    return results


def measure(args, server, row, seed):
    if row.restart:
        server.restart()
    if not row.measure:
        result = load(args, server, row, seed, row.command, row.options(args))
    else:
        result = stored(args, server, row, seed)
    if result is not None and not row.measure:
        print(f"  {row.name:20} {server.name:14} {result['value']:>10.4g} {result['unit']}"
              f"  p99 {result['p99']:.4g}  cpu {result['server_cpu_us']:.0f} us"
              f"  client {result['client_cpu_us']:.0f} us", flush=True)
    return result


def measure_row(args, tested, row, place):
    """name of server -> results of all turns."""
    results = {}
    able = [s for s in tested if s.name in row.among(args)]
    if row.prepare:
        options = {**row.options(args), **row.prepare_options}
        able = [s for s in able if load(args, s, row, args.seed, row.prepare, options) is not None]
    for turn in range(1 if row.once else args.turns):
        # Rows that read need the seed the mailbox was filled with; those that write bring new
        # content each time, so that equal octets flatter nobody.
        seed = args.seed if row.same_seed else args.seed * 1000 + turn * 50 + place
        for server in able if turn % 2 == 0 else able[::-1]:
            result = measure(args, server, row, seed)
            if result is not None:
                results.setdefault(server.name, []).append(result)
    complain_if_unequal(row, results)
    return results


def chosen(args):
    """The names of the rows to measure, with those that others need."""
    known = {row.name: row for row in rows.rows(args)}
    wanted = {name for name in args.rows.split(",") if name} or set(known)
    if wanted - set(known):
        raise SystemExit(f"no such rows: {', '.join(sorted(wanted - set(known)))}; see --list")
    needed = {known[name].of for name in wanted if known[name].of}
    if any(known[name].whole_mailbox for name in wanted):
        needed.add("multiappend")
    return wanted | needed


def run(args, tested):
    """Measures every row on every server, in turns; name of row -> name of server -> results."""
    found = {}
    begun = time.monotonic()
    wanted = chosen(args)
    # What is measured on the disk comes first: servers go on moving about what others left there.
    for place, row in sorted(enumerate(rows.rows(args)), key=lambda entry: not entry[1].measure):
        if row.name not in wanted or (args.quick and not row.in_quick):
            continue
        if args.budget and time.monotonic() - begun > args.budget:
            print(f"out of time before {row.name}", file=sys.stderr)
            break
        if not row.of:
            found[row.name] = measure_row(args, tested, row, place)
        if row.measure:
            found[row.name] = derived(row, found)
            for server, results in found[row.name].items():
                print(f"  {row.name:20} {server:14} {results[0]['value']:>10.4g} {row.unit}",
                      flush=True)
    print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    return found


def complain_if_unequal(row, results):
    if not row.compared:
        return
    checked = {name: {r["checked"] for r in rs} for name, rs in results.items()}
    if len(set().union(*checked.values())) > 1:
        print(f"  {row.name}: the servers answered differently: {checked}", file=sys.stderr)


def summary(found):
    """Medians over the turns."""
    out = {}
    for name, by_server in found.items():
        out[name] = {}
        for server, results in by_server.items():
            middle = {k: statistics.median(r[k] for r in results) for k in MEDIANS}
            out[name][server] = {"unit": results[0]["unit"], "turns": len(results), **middle}
    return out


def limits(args, folder):
    """What the machine can do at best, on the file system the servers are on."""
    done = subprocess.run([args.load, "limits", "--dir", folder], capture_output=True, text=True,
                          timeout=60, check=True)
    return json.loads(done.stdout)


def write(args, name, text):
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, name), "w", encoding="utf-8") as f:
        f.write(text)


def main():
    args = arguments()
    if args.list:
        for row in rows.rows(args):
            print(f"{row.name:22} {row.title}")
        return
    servers.raise_file_limit()
    folder = tempfile.mkdtemp(prefix="posthorn-bench-", dir=args.dir)
    os.chmod(folder, 0o755)  # Dovecot's mail processes run as another user.
    left_out = set(args.without.split(","))
    tested = [s for s in (servers.Dovecot(folder, False), servers.Dovecot(folder, True),
                          servers.Posthorn(folder, args.posthorn)) if s.name not in left_out]
    load_before = os.getloadavg()
    try:
        physical = limits(args, folder)
        for server in tested:
            server.start()
        with servers.InotifyLimit():
            found = run(args, tested)
    finally:
        for server in tested:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    result = {"messages": args.messages, "vast": args.vast, "quick": args.quick, "seed": args.seed,
              "load": [load_before, os.getloadavg()], "limits": physical, "rows": summary(found),
              "runs": found}
    write(args, "results.json", json.dumps(result, indent=1))
    table = report.table(result, rows.rows(args))
    near = report.limits_table(result, rows.rows(args))
    write(args, "table.md", table)
    write(args, "limits.md", near)
    write(args, "ratios.svg", charts.ratios(report.ratios(result, rows.rows(args))))
    print("\n" + table + "\n" + near)


if __name__ == "__main__":
    main()
