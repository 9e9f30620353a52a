#!/usr/bin/python3
"""Draws the comparison as an SVG picture: for each call a bar, its length the share of Linux's cost; below them how work spreads
over two CPUs, for each kind of work a bar of both kernels, its length the share of what two processes of user code alone gain.

usage: plot.py [RESULTS.json]    draws docs/images/bench.svg from what bench.py has written
"""
import html
import json
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
RESULTS = TOP / "build" / "bench" / "results.json"
PICTURE = TOP / "docs" / "images" / "bench.svg"
ROW, BAR, LABEL, PLOT, RIGHT, HEAD = 19, 6, 250, 480, 60, 72
FULL = 1.2  # the ratio at the right edge
AIM = 0.9   # of the gain on two CPUs
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #222 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #ccc; stroke-width: 1 }
  .linux { stroke: #555; stroke-width: 1.5 }
  .instructions { fill: #2a6f97 }
  .time { fill: #e09f3e }
  .peer { fill: #999 }
  .missing { fill: #999; font-style: italic }"""


def text(x, y, words, extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{html.escape(words)}</text>'


def bar(ratio, y, kind):
    if ratio is None:
        return ""
    return f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{min(ratio, FULL) / FULL * PLOT:.1f}" height="{BAR}"/>'


def legend(y, entries):
    """A square of the kind's colour and its words, side by side."""
    parts, x = [], LABEL
    for kind, words in entries:
        parts += [f'<rect class="{kind}" x="{x}" y="{y}" width="10" height="10"/>', text(x + 15, y + 9, words)]
        x += 250
    return parts


def grid(top, bottom, one):
    """Lines at every fifth; the one at 1 is named."""
    parts = []
    for step in range(0, int(FULL * 5) + 1):
        share = step / 5
        x = LABEL + share / FULL * PLOT
        parts.append(f'<line class="{"linux" if step == 5 else "grid"}" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" '
                     f'y2="{bottom}"/>')
        parts.append(text(x, top - 10, one if step == 5 else f"{share:.1f}", ' text-anchor="middle"'))
    return parts


def panel_head(start, title, entries, rows, one):
    """Title, legend and grid of a panel with that many rows; returns its parts and where the first row stands."""
    top = start + HEAD
    return [text(12, start + 22, title, ' class="title"'), *legend(start + 34, entries),
            *grid(top, top + ROW * rows + 6, one)], top


def calls_panel(start, results):
    """Lines of user code alone are left out."""
    rows = [row for row in results["instructions"]["lines"] if row["kind"] == "call"]
    timed = results.get("time, 1 CPU", {"mean": None, "lines": []})
    by_time = {row["name"]: row["ratio"] for row in timed["lines"]}
    entries = [(kind, f"{words} (geometric mean {mean:.2f})") for kind, words, mean in
               (("instructions", "instructions", results["instructions"]["mean"]), ("time", "time, one CPU", timed["mean"]))
               if mean is not None]
    parts, top = panel_head(start, "What a call costs on Astra, as a share of Linux's cost", entries, len(rows), "Linux")
    for index, row in enumerate(rows):
        y = top + ROW * index
        parts.append(text(LABEL - 8, y + 11, row["name"], ' text-anchor="end"'))
        if row["ratio"] is None:
            parts.append(text(LABEL + 6, y + 11, "missing", ' class="missing"'))
        parts += [bar(row["ratio"], y + 1, "instructions"), bar(by_time.get(row["name"]), y + 2 + BAR, "time")]
    return parts, top + ROW * len(rows) + 14


def scale_panel(start, scale):
    """`scale` is {kernel: {work: (time on two CPUs as a fraction of one, gain as a share of user code's)}}."""
    kinds = (("instructions", "astra", "Astra"), ("peer", "linux", "Linux"))
    parts, top = panel_head(start, f"What a second CPU gains, as a share of its gain for user code (aim: {AIM})",
                            [(kind, words) for kind, _, words in kinds], len(scale["linux"]), "user code")
    for index, name in enumerate(scale["linux"]):
        y = top + ROW * index
        parts.append(text(LABEL - 8, y + 11, name, ' text-anchor="end"'))
        for place, (kind, kernel, _) in enumerate(kinds):
            parts.append(bar(scale[kernel][name][1], y + 1 + place * (BAR + 1), kind))
    return parts, top + ROW * len(scale["linux"]) + 14


def draw(results):
    """Returns the picture of what bench.py writes; times and scaling may be missing."""
    parts, height = calls_panel(0, results)
    scale = results.get("time, 2 CPU", {}).get("scale")
    if scale and scale["linux"]:
        below, height = scale_panel(height, scale)
        parts += below
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + PLOT + RIGHT}" height="{height}">',
            f"<style>{STYLE}\n</style>", '<rect width="100%" height="100%" fill="#fff"/>']
    return "\n".join(part for part in head + parts if part) + "\n</svg>\n"


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    PICTURE.write_text(draw(json.loads(source.read_text())))


if __name__ == "__main__":
    main()
