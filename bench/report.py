#!/usr/bin/env python3
"""The tables of what run.py and growth.py measured.

usage: bench/report.py --into docs/performance.md [--results build/bench-results]
Puts the tables of the last run into the marked sections of a document, and its charts beside it.
"""

import argparse
import math
import os
import re
import shutil

DOVECOTS = ("dovecot", "dovecot-tuned")
RATES = ("msg/s", "cmd/s", "logins/s", "deliveries/s")


def ratio(row, by_server):
    """How many times better Posthorn is than the better Dovecot; None without both."""
    ours = by_server.get("posthorn")
    theirs = [by_server[d]["value"] for d in DOVECOTS if d in by_server]
    if ours is None or not theirs:
        return None
    if row.lower_is_better:
        return min(theirs) / ours["value"] if ours["value"] else None
    return ours["value"] / max(theirs) if max(theirs) else None


def ratios(result, rows):
    """(title, ratio, goal) of the rows that have a ratio."""
    all_ratios = [(row.title, ratio(row, result["rows"].get(row.name, {})), row.goal)
                  for row in rows]
    return [bar for bar in all_ratios if bar[1]]


def verdict(row, by_server):
    """"met" or "missed" and by what; "-" where Posthorn was not measured or nothing to compare."""
    ours = by_server.get("posthorn")
    if ours is None:
        return "-"
    r = ratio(row, by_server)
    missed = []
    if row.goal and r is not None and r < row.goal:
        missed.append(f"{times(r)} of {row.goal:g}x")
    if row.most and ours["value"] > row.most:
        missed.append(f"{number(ours['value'])} over {row.most:g}")
    if row.most_p99 and ours["p99"] > row.most_p99:
        missed.append(f"p99 {number(ours['p99'])} over {row.most_p99:g} ms")
    if r is not None and r < 1:
        missed.append("behind Dovecot")
    if missed:
        return "missed: " + ", ".join(missed)
    return "met" if r is not None or row.most or row.most_p99 else "-"


def goal(row):
    goals = []
    if row.goal:
        goals.append(f"{row.goal:g}x")
    if row.most:
        goals.append(f"≤ {row.most:g}")
    if row.most_p99:
        goals.append(f"p99 ≤ {row.most_p99:g} ms")
    return ", ".join(goals) or "stated"


def cpu_ratio(by_server):
    """How many times less processor time Posthorn takes; None where it is too little to count."""
    ours = by_server.get("posthorn", {}).get("server_cpu_us", 0)
    theirs = [by_server[d]["server_cpu_us"] for d in DOVECOTS if d in by_server]
    return min(theirs) / ours if ours and theirs and min(theirs) else None


def times(value):
    if value is None:
        return "-"
    return f"{value:,.0f}x" if value >= 100 else f"{value:.3g}x"


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def shown(by_server, name):
    r = by_server.get(name)
    if r is None:
        return "-", "-"
    value = number(r["value"])
    if r["unit"] in RATES:
        value += f" (p99 {number(r['p99'])} ms)"
    elif r["unit"] in ("ms", "us"):
        value += f" (p99 {number(r['p99'])})"
    elif r["unit"] == "KiB/session":
        value += f" ({r['n']:,.0f} sessions)"
    return value, f"{r['server_cpu_us']:,.0f}"


def table(result, rows):
    lines = ["| row | unit | Dovecot | tuned | Posthorn | ratio | goal | verdict "
             "| CPU us/op D / T / P | CPU ratio | client us/op |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        by_server = result["rows"].get(row.name)
        if not by_server:
            continue
        unit = next(iter(by_server.values()))["unit"]
        cells = [shown(by_server, name) for name in (*DOVECOTS, "posthorn")]
        client = by_server.get("posthorn", {}).get("client_cpu_us")
        lines.append(
            f"| {row.title} | {unit} | {cells[0][0]} | {cells[1][0]} | {cells[2][0]} | "
            f"{times(ratio(row, by_server))} | {goal(row)} | {verdict(row, by_server)} | "
            f"{cells[0][1]} / {cells[1][1]} / {cells[2][1]} | {times(cpu_ratio(by_server))} | "
            f"{'-' if client is None else number(client)} |")
    return "\n".join(lines) + "\n\n" + closing(result, rows)


def closing(result, rows):
    bars = ratios(result, rows)
    if not bars:
        return ""
    mean = math.exp(sum(math.log(max(r, 1e-9)) for _, r, _ in bars) / len(bars))
    behind = [title for title, r, _ in bars if r < 1]
    verdicts = [verdict(row, result["rows"].get(row.name, {})) for row in rows]
    met, missed = verdicts.count("met"), sum(v.startswith("missed") for v in verdicts)
    turns = max(r["turns"] for by in result["rows"].values() for r in by.values())
    return (f"{met} rows met, {missed} missed. Geometric mean of {len(bars)} ratios: "
            f"{times(mean)} (goal 5x: {'met' if mean >= 5 else 'missed'}). "
            f"Behind Dovecot: {', '.join(behind) or 'none'}. Medians of {turns} turns; "
            f"{result['messages']:,} messages in the large mailbox. Load of the machine before and "
            f"after: {result['load'][0][0]:.1f}, {result['load'][1][0]:.1f}.\n")


def mailbox_octets(result):
    return result["rows"].get("multiappend", {}).get("posthorn", {}).get("octets", 0)


def nearness(row, ours, result):
    """What bounds the row, that bound, and the share of it that Posthorn reaches; None where what
    it takes was not measured."""
    at_best = result["limits"]
    sync_ms, trip_ms = at_best["sync_64k_ms"], at_best["roundtrip_us"] / 1e3
    spent_ms = ours["value"] / 1e3 if ours["unit"] == "us" else ours["value"]
    if row.limit == "sync":
        floor = sync_ms + trip_ms
        return "a sync of 64 KB and a round trip", f"{floor:.3g} ms", floor / spent_ms
    if row.limit == "roundtrip":
        return "a round trip", f"{trip_ms * 1e3:.3g} us", trip_ms / spent_ms
    if row.limit == "log" and ours["octets"]:
        best = 1048.576 / at_best["sync_1m_ms"]  # MB a second, a sync each MiB.
        return ("synced writing of 1 MB at a time", f"{best:,.0f} MB/s",
                ours["octets"] / 1e3 / ours["wall_ms"] / best)
    if row.limit == "loopback" and ours["unit"] == "MB/s":
        return ("one loopback connection", f"{at_best['loopback_mb_s']:,.0f} MB/s",
                ours["value"] / at_best["loopback_mb_s"])
    if row.limit == "loopback" and ours["octets"]:
        return ("one loopback connection", f"{at_best['loopback_mb_s']:,.0f} MB/s",
                ours["octets"] / 1e3 / spent_ms / at_best["loopback_mb_s"])
    if row.limit == "memory" and mailbox_octets(result):
        return ("copying memory", f"{at_best['memory_gb_s']:.3g} GB/s",
                mailbox_octets(result) / 1e6 / spent_ms / at_best["memory_gb_s"])
    return None


def limits_table(result, rows):
    at_best = result["limits"]
    out = ["| limit of this machine | measured |", "|---|---|"]
    for name, title in (("4k", "4 KB"), ("64k", "64 KB"), ("1m", "1 MB")):
        out.append(f"| append {title} and fdatasync | {at_best[f'sync_{name}_ms']:.3g} ms "
                   f"(p99 {at_best[f'sync_{name}_p99_ms']:.3g}) |")
    out += [f"| one loopback connection | {at_best['loopback_mb_s']:,.0f} MB/s |",
            f"| loopback round trip between two threads | {at_best['roundtrip_us']:.3g} us |",
            f"| memcpy | {at_best['memory_gb_s']:.3g} GB/s |", "",
            "| row | what bounds it | that is | Posthorn reaches |", "|---|---|---|---|"]
    for row in rows:
        ours = result["rows"].get(row.name, {}).get("posthorn")
        near = nearness(row, ours, result) if ours and ours["value"] else None
        if near:
            out.append(f"| {row.title} | {near[0]} | {near[1]} | {near[2]:.1%} |")
    return "\n".join(out) + "\n"


def replace_section(document, name, text):
    """What stands between <!-- bench:NAME --> and <!-- bench:end --> becomes `text`."""
    pattern = re.compile(rf"(<!-- bench:{name} -->\n).*?(<!-- bench:end -->)", re.DOTALL)
    changed, count = pattern.subn(lambda m: m.group(1) + text + m.group(2), document)
    if count != 1:
        raise SystemExit(f"there is not one section <!-- bench:{name} --> but {count}")
    return changed


# Section: the file with its table, and its charts.
SECTIONS = {
    "table": ("table.md", ("ratios",)),
    "limits": ("limits.md", ()),
    "growth": ("growth.md", ("growth-messages", "growth-accounts", "growth-sessions")),
}


def put_charts(results, names, stem):
    """Copies those that there are; the lines that show them."""
    lines = []
    for name in names:
        path = os.path.join(results, name + ".svg")
        if os.path.exists(path):
            shutil.copyfile(path, f"{stem}-{name}.svg")
            lines.append(f"\n![{name}]({os.path.basename(stem)}-{name}.svg)\n")
    return "".join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--into", required=True, help="the document")
    p.add_argument("--results", default="build/bench-results", help="where the results are")
    args = p.parse_args()
    with open(args.into, encoding="utf-8") as f:
        document = f.read()
    stem = os.path.splitext(args.into)[0]
    for name, (file, chart_names) in SECTIONS.items():
        path = os.path.join(args.results, file)
        if not os.path.exists(path):
            print(f"no {path}: that section stays as it is")
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read() + put_charts(args.results, chart_names, stem)
        document = replace_section(document, name, text)
    with open(args.into, "w", encoding="utf-8") as f:
        f.write(document)


if __name__ == "__main__":
    main()
