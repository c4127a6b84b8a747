"""A picture of latencies as SVG text: for each group of queries a line on a logarithmic scale, for each engine a dot at its
median and a thin line to its 95th percentile; one panel for each mode. Fonts are the viewer's; colours follow light and dark."""

import math
import os
from xml.sax.saxutils import escape

COLOURS = (("#d1242f", "#ff7b72"), ("#0969da", "#79c0ff"), ("#1a7f37", "#56d364"), ("#8250df", "#d2a8ff"), ("#9a6700", "#e3b341"),
           ("#57606a", "#b1bac4"))
STYLE = """
  text { font: 12px sans-serif; fill: #1f2328 }
  .title { font-weight: bold }
  .small { font-size: 10px; fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .paper { fill: #ffffff }
%s
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .paper { fill: #0d1117 }
%s
  }
"""
ROW, LABELS, PANEL, GAP, TOP, BOTTOM = 22, 150, 290, 40, 64, 34


def power(exponent):
    """A power of ten of microseconds, to be read."""
    return ("1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s")[exponent]


def text(x, y, words, kind="", anchor="start"):
    return '<text x="%.1f" y="%.1f"%s text-anchor="%s">%s</text>' % (
        x, y, ' class="%s"' % kind if kind else "", anchor, escape(words))


def draw(title, engines, modes, rows, points):
    """engines and modes: names; rows: groups of queries; points: {(mode, row, engine): (median, p95)} in microseconds."""
    least = max(0, math.floor(math.log10(min(p[0] for p in points.values()))))
    most = min(7, math.ceil(math.log10(max(p[1] for p in points.values()))))
    width, height = LABELS + len(modes) * (PANEL + GAP), TOP + ROW * len(rows) + BOTTOM
    rules = ["  .e%d { fill: %s; stroke: %s }" % (i, c[0], c[0]) for i, c in enumerate(COLOURS)]
    dark = ["    .e%d { fill: %s; stroke: %s }" % (i, c[1], c[1]) for i, c in enumerate(COLOURS)]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">' % (
        width, height, width, height), "<title>%s</title>" % escape(title),
           "<style>%s</style>" % (STYLE % ("\n".join(rules), "\n".join(dark))),
           '<rect class="paper" width="%d" height="%d"/>' % (width, height), text(12, 20, title, "title")]
    at = 12
    for i, engine in enumerate(engines):
        out += ['<circle class="e%d" cx="%.1f" cy="37" r="4.5"/>' % (i % len(COLOURS), at + 5), text(at + 14, 41, engine)]
        at += 34 + 7.2 * len(engine)
    out.append(text(at, 41, "dot: median; line: to the 95th percentile; CPU, logarithmic", "small"))
    for m, mode in enumerate(modes):
        left = LABELS + m * (PANEL + GAP)
        out.append(text(left, 58, mode, "title"))

        def place(value, left=left):
            share = (math.log10(max(value, 10 ** least)) - least) / max(1, most - least)
            return left + PANEL * min(1, share)

        for exponent in range(least, most + 1):
            x = place(10 ** exponent)
            out += ['<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (x, x, TOP, height - BOTTOM),
                    text(x, height - BOTTOM + 14, power(exponent), "small", "middle")]
        for r, row in enumerate(rows):
            y = TOP + ROW * (r + 0.5)
            if m == 0:
                out.append(text(LABELS - 10, y + 4, row, "", "end"))
            out.append('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>' % (left, left + PANEL, y, y))
            for i, engine in reversed(list(enumerate(engines))):
                if (mode, row, engine) not in points:
                    continue
                median, p95 = points[mode, row, engine]
                v = y + (i - (len(engines) - 1) / 2) * 1.6
                out += ['<line class="e%d" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke-width="1"/>' % (
                    i % len(COLOURS), place(median), place(p95), v, v),
                        '<circle class="e%d" cx="%.1f" cy="%.1f" r="%.1f"/>' % (
                            i % len(COLOURS), place(median), v, 4.5 if i == 0 else 3.5)]
    return "\n".join(out + ["</svg>"]) + "\n"


def write(path, svg):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(svg)
