"""Charts as SVG, without a library."""

import html
import math

SERIES = ("#1c7ed6", "#2b8a3e", "#e8590c", "#9c36b5", "#c92a2a", "#0b7285", "#5c940d", "#862e9c",
          "#d9480f", "#364fc7", "#087f5b", "#a61e4d", "#495057", "#f08c00")


def document(width, height, parts):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      'font-family="sans-serif" font-size="12">',
                      '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def text(x, y, words, anchor="start", color="black"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{color}">'
            f'{html.escape(words)}</text>')


def line(x1, y1, x2, y2, color, width=1):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"/>')


def ratios(bars):
    """`bars`: (title, ratio, goal or 0). Bars on a logarithmic scale, the goal as a tick."""
    left, width, step = 330, 480, 22
    height = step * len(bars) + 50

    def x(value):
        return left + (math.log10(min(max(value, 0.1), 1000)) + 1) / 4 * width

    out = []
    for tick in (0.1, 1, 10, 100, 1000):
        out += [line(x(tick), 10, x(tick), height - 30, "#444" if tick == 1 else "#ddd"),
                text(x(tick), height - 12, f"{tick:g}x", "middle")]
    for i, (title, ratio, goal) in enumerate(bars):
        y = 14 + i * step
        color = "#2b8a3e" if ratio >= (goal or 1) else "#e8a33d" if ratio >= 1 else "#c92a2a"
        a, b = sorted((x(1), x(ratio)))
        out += [text(left - 8, y + 12, title[:48], "end"),
                f'<rect x="{a:.1f}" y="{y}" width="{max(b - a, 1):.1f}" height="15" '
                f'fill="{color}"/>', text(max(b, x(1)) + 5, y + 12, f"{ratio:.2g}x")]
        if goal:
            out.append(line(x(goal), y - 2, x(goal), y + 17, "black", 2))
    return document(left + width + 90, height, out)


def decades(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def growth(title, unit, curves):
    """`curves`: name -> [(size, value)], both above 0. Lines on two logarithmic scales; a line that
    rises as the dashed ones do grows as fast as what it is drawn against."""
    points = [p for curve in curves.values() for p in curve if p[0] > 0 and p[1] > 0]
    if not points:
        return document(300, 40, [text(10, 25, f"{title}: nothing measured")])
    left, top, width, height = 70, 34, 460, 380
    across, up = decades(*bounds(p[0] for p in points)), decades(*bounds(p[1] for p in points))

    def x(value):
        return left + (math.log10(value) - across[0]) / max(len(across) - 1, 1) * width

    def y(value):
        return top + height - (math.log10(value) - up[0]) / max(len(up) - 1, 1) * height

    out = [text(left, 20, title)]
    for d in across:
        out += [line(x(10**d), top, x(10**d), top + height, "#ddd"),
                text(x(10**d), top + height + 18, f"{10**d:,}", "middle")]
    for d in up:
        out += [line(left, y(10**d), left + width, y(10**d), "#ddd"),
                text(left - 8, y(10**d) + 4, f"{10.0**d:g}", "end")]
        # Growth in proportion, from each decade of the left edge.
        steps = min(len(across) - 1, up[-1] - d)
        if steps > 0:
            out.append(line(left, y(10**d), x(10.0**(across[0] + steps)), y(10.0**(d + steps)),
                            "#bbb").replace("/>", ' stroke-dasharray="4 4"/>'))
    out.append(text(10, top - 4, unit))
    for i, (name, curve) in enumerate(curves.items()):
        color = SERIES[i % len(SERIES)]
        curve = [p for p in curve if p[0] > 0 and p[1] > 0]
        out += [line(x(a[0]), y(a[1]), x(b[0]), y(b[1]), color, 2)
                for a, b in zip(curve, curve[1:])]
        out += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{color}"/>'
                for a, b in curve]
        out.append(text(left + width + 16, top + 14 + 18 * i, name, color=color))
    return document(left + width + 250, max(top + height + 40, 60 + 18 * len(curves)), out)


def bounds(values):
    values = list(values)
    return min(values), max(values)
