"""The table and the chart of what run.py measured."""

import html
import math

DOVECOTS = ("dovecot", "dovecot-tuned")


def ratio(row, by_server):
    """How many times better Posthorn is than the better Dovecot; None without both."""
    ours = by_server.get("posthorn")
    theirs = [by_server[d]["value"] for d in DOVECOTS if d in by_server]
    if ours is None or not theirs:
        return None
    if row.lower_is_better:
        return min(theirs) / ours["value"] if ours["value"] else None
    return ours["value"] / max(theirs) if max(theirs) else None


def cpu_ratio(by_server):
    """How many times less processor time Posthorn takes; None where it is too little to count."""
    ours = by_server.get("posthorn", {}).get("server_cpu_us", 0)
    theirs = [by_server[d]["server_cpu_us"] for d in DOVECOTS if d in by_server]
    return min(theirs) / ours if ours and theirs and min(theirs) else None


def times(value):
    return "-" if value is None else f"{value:.2g}x"


def shown(by_server, name):
    r = by_server.get(name)
    if r is None:
        return "-", "-"
    value = f"{r['value']:,.0f}" if r["value"] >= 1000 else f"{r['value']:.3g}"
    if r["unit"] in ("msg/s", "cmd/s", "logins/s"):
        value += f" (p99 {r['p99']:.3g} ms)"
    elif r["unit"] in ("ms", "us"):
        value += f" (p99 {r['p99']:.3g})"
    return value, f"{r['server_cpu_us']:,.0f}"


def table(result, rows):
    lines = ["| row | unit | Dovecot | tuned | Posthorn | ratio | goal | CPU us/op D / T / P "
             "| CPU ratio |", "|---|---|---|---|---|---|---|---|---|"]
    ratios = []
    for row in rows:
        by_server = result["rows"].get(row.name)
        if not by_server:
            continue
        unit = next(iter(by_server.values()))["unit"]
        cells = [shown(by_server, name) for name in (*DOVECOTS, "posthorn")]
        r = ratio(row, by_server)
        if r is not None:
            ratios.append(r)
        goal = f"{row.goal:g}x" if row.goal else "-"
        lines.append(f"| {row.title} | {unit} | {cells[0][0]} | {cells[1][0]} | {cells[2][0]} | "
                     f"{times(r)} | {goal} | "
                     f"{cells[0][1]} / {cells[1][1]} / {cells[2][1]} | {times(cpu_ratio(by_server))} |")
    disk = {name: r["disk_ratio"] for name, r in result["rows"].get("multiappend", {}).items()
            if "disk_ratio" in r}
    if disk:
        lines.append("\nOctets on disk for each octet of mail, after the mailbox was filled: "
                     + ", ".join(f"{name} {value:.2f}" for name, value in disk.items()) + ".")
    if ratios:
        mean = math.exp(sum(math.log(max(r, 1e-9)) for r in ratios) / len(ratios))
        lines.append(f"\nGeometric mean of {len(ratios)} ratios: {mean:.2g}x. "
                     f"{result['messages']:,} messages in the large mailbox. Load of the machine "
                     f"before and after: {result['load'][0][0]:.1f}, {result['load'][1][0]:.1f}.")
    return "\n".join(lines) + "\n"


def chart(result, rows):
    """Ratios as bars on a logarithmic scale, the goal as a tick; SVG."""
    bars = [(row, ratio(row, result["rows"][row.name])) for row in rows
            if result["rows"].get(row.name)]
    bars = [(row, r) for row, r in bars if r]
    left, width, step = 330, 480, 22
    height = step * len(bars) + 50
    low, high = math.log10(0.1), math.log10(1000)

    def x(value):
        at = (math.log10(min(max(value, 0.1), 1000)) - low) / (high - low)
        return left + at * width

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" '
           f'height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for tick in (0.1, 1, 10, 100, 1000):
        out.append(f'<line x1="{x(tick):.0f}" x2="{x(tick):.0f}" y1="10" y2="{height - 30}" '
                   f'stroke="{"#444" if tick == 1 else "#ddd"}"/>'
                   f'<text x="{x(tick):.0f}" y="{height - 12}" text-anchor="middle">{tick:g}x</text>')
    for i, (row, r) in enumerate(bars):
        y = 14 + i * step
        good = r >= (row.goal or 1)
        color = "#2b8a3e" if good else "#e8a33d" if r >= 1 else "#c92a2a"
        a, b = sorted((x(1), x(r)))
        out.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">'
                   f'{html.escape(row.title[:48])}</text>'
                   f'<rect x="{a:.1f}" y="{y}" width="{max(b - a, 1):.1f}" height="15" '
                   f'fill="{color}"/><text x="{max(b, x(1)) + 5:.1f}" y="{y + 12}">{r:.2g}x</text>')
        if row.goal:
            out.append(f'<line x1="{x(row.goal):.1f}" x2="{x(row.goal):.1f}" y1="{y - 2}" '
                       f'y2="{y + 17}" stroke="black" stroke-width="2"/>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
