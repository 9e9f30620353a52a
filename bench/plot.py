"""Draws the comparison as an SVG picture: one bar a line, its length the share of Linux's cost."""
import html

ROW, BAR, LABEL, PLOT, TOP, RIGHT = 19, 6, 250, 480, 66, 60
FULL = 1.2  # the ratio at the right edge
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #222 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #ccc; stroke-width: 1 }
  .linux { stroke: #555; stroke-width: 1.5 }
  .instructions { fill: #2a6f97 }
  .time { fill: #e09f3e }
  .missing { fill: #999; font-style: italic }"""


def text(x, y, words, extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{html.escape(words)}</text>'


def bar(row, y, kind):
    if not row or row.ratio is None:
        return ""
    return f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{min(row.ratio, FULL) / FULL * PLOT:.1f}" height="{BAR}"/>'


def legend(means):
    parts, x = [], LABEL
    for kind, words in (("instructions", "instructions"), ("time", "time, one CPU")):
        if means.get(kind):
            parts.append(f'<rect class="{kind}" x="{x}" y="34" width="10" height="10"/>')
            parts.append(text(x + 15, 43, f"{words} (geometric mean {means[kind]:.2f})"))
            x += 250
    return parts


def grid(height):
    parts = []
    for step in range(0, int(FULL * 5) + 1):
        share = step / 5
        x = LABEL + share / FULL * PLOT
        parts.append(f'<line class="{"linux" if step == 5 else "grid"}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" '
                     f'y2="{height - 8}"/>')
        parts.append(text(x, TOP - 10, "Linux" if step == 5 else f"{share:.1f}", ' text-anchor="middle"'))
    return parts


def draw(instructions, time, means):
    """Returns the picture; `time` may be empty. Lines of user code alone are left out."""
    timed = {row.name: row for row in time}
    rows = [row for row in instructions if row.kind == "call"]
    height = TOP + ROW * len(rows) + 14
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + PLOT + RIGHT}" height="{height}">',
             f"<style>{STYLE}\n</style>", '<rect width="100%" height="100%" fill="#fff"/>',
             text(12, 22, "What a call costs on Astra, as a share of Linux's cost", ' class="title"')]
    parts += legend(means) + grid(height)
    for index, row in enumerate(rows):
        y = TOP + ROW * index
        parts.append(text(LABEL - 8, y + 11, row.name, ' text-anchor="end"'))
        if row.ratio is None:
            parts.append(text(LABEL + 6, y + 11, "missing", ' class="missing"'))
        parts.append(bar(row, y + 1, "instructions"))
        parts.append(bar(timed.get(row.name), y + 2 + BAR, "time"))
    return "\n".join(part for part in parts if part) + "\n</svg>\n"
