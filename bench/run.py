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
import report
import rows
import servers


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--load", required=True, help="the load generator")
    p.add_argument("--posthorn", required=True, help="the server program")
    p.add_argument("--quick", action="store_true", help="a small mailbox, one turn: minutes")
    p.add_argument("--messages", type=int, help="in the large mailbox; default 50000, quick 5000")
    p.add_argument("--turns", type=int, help="how often each row is measured; default 3, quick 1")
    p.add_argument("--rows", default="", help="only these, separated by commas")
    p.add_argument("--without", default="", help="servers to leave out: dovecot,dovecot-tuned")
    p.add_argument("--budget", type=float, default=0, help="seconds after which no row is begun")
    p.add_argument("--dir", help="where the servers keep their data; removed at the end")
    p.add_argument("--out", default="build/bench-results", help="where the results go")
    p.add_argument("--seed", type=int, default=int(time.time()))
    return p.parse_args()


def measure(args, server, row, seed):
    """One run of the load generator; None (and a word on stderr) when it failed."""
    command = [args.load, "--imap", str(server.imap), "--lmtp", str(server.lmtp),
               "--server-pid", str(server.pid), "--password", servers.PASSWORD,
               "--seed", str(seed), *row.options(args), row.command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=row.timeout)
    except subprocess.TimeoutExpired:
        print(f"  {server.name} {row.name}: no end after {row.timeout} s", file=sys.stderr)
        return None
    if done.returncode != 0:
        print(f"  {server.name} {row.name}: {done.stderr.strip()}", file=sys.stderr)
        return None
    result = json.loads(done.stdout)
    print(f"  {row.name:20} {server.name:14} {result['value']:>10.4g} {result['unit']}"
          f"  p99 {result['p99']:.4g}  cpu {result['server_cpu_us']:.0f} us", flush=True)
    return result


def run(args, tested):
    """Measures every row on every server, in turns; name of row -> name of server -> results."""
    found = {}
    begun = time.monotonic()
    wanted = {name for name in args.rows.split(",") if name}
    for row in rows.rows(args):
        if wanted and row.name not in wanted and row.name != "multiappend":
            continue
        if args.budget and time.monotonic() - begun > args.budget:
            print(f"out of time before {row.name}", file=sys.stderr)
            break
        results = found.setdefault(row.name, {})
        for turn in range(1 if row.once else args.turns):
            # Rows that read need the seed the mailbox was filled with; those that write bring new
            # content each time, so that equal bytes flatter nobody.
            seed = args.seed if row.same_seed else args.seed * 1000 + turn * 50 + len(found)
            for server in tested if turn % 2 == 0 else tested[::-1]:
                if row.restart:
                    server.stop()
                    server.start()
                result = measure(args, server, row, seed)
                if result is not None:
                    results.setdefault(server.name, []).append(result)
        complain_if_unequal(row, results)
        if row.name == "multiappend":
            note_disk(tested, results)
    return found


def note_disk(tested, results):
    """Octets on disk for each octet of mail, once the large mailbox is filled."""
    for server in tested:
        for result in results.get(server.name, []):
            result["disk_ratio"] = server.disk_octets() / result["checked"]


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
            middle = {k: statistics.median(r[k] for r in results)
                      for k in ("value", "p50", "p99", "server_cpu_us", "client_cpu_us", "first_ms")}
            out[name][server] = {"unit": results[0]["unit"], "turns": len(results),
                                 "n": results[0]["n"], **middle}
            if "disk_ratio" in results[0]:
                out[name][server]["disk_ratio"] = results[0]["disk_ratio"]
    return out


def main():
    args = arguments()
    args.messages = args.messages or (5000 if args.quick else 50000)
    args.turns = args.turns or (1 if args.quick else 3)
    folder = tempfile.mkdtemp(prefix="posthorn-bench-", dir=args.dir)
    os.chmod(folder, 0o755)  # Dovecot's mail processes run as another user.
    left_out = set(args.without.split(","))
    tested = [s for s in (servers.Dovecot(folder, False), servers.Dovecot(folder, True),
                          servers.Posthorn(folder, args.posthorn)) if s.name not in left_out]
    load_before = os.getloadavg()
    try:
        for server in tested:
            server.start()
        with servers.InotifyLimit():
            found = run(args, tested)
    finally:
        for server in tested:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(args.out, exist_ok=True)
    result = {"messages": args.messages, "seed": args.seed, "load": [load_before, os.getloadavg()],
              "rows": summary(found), "runs": found}
    with open(os.path.join(args.out, "results.json"), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
    table = report.table(result, rows.rows(args))
    with open(os.path.join(args.out, "table.md"), "w", encoding="utf-8") as f:
        f.write(table)
    with open(os.path.join(args.out, "ratios.svg"), "w", encoding="utf-8") as f:
        f.write(report.chart(result, rows.rows(args)))
    print("\n" + table)


if __name__ == "__main__":
    main()
