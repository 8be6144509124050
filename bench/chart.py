# SPDX-License-Identifier: MIT
"""Draws timings as small bar charts, one a measure, in SVG."""
from html import escape

MEASURES = {
    "switch": "Switch, there and back between two",
    "deep": "Switch, each side three calls deep",
    "ring": "Switch, a ring of a hundred",
    "create": "Make, run, end, free",
}
OURS, OTHERS, TEXT, FAINT = "#0b7285", "#ced4da", "#212529", "#868e96"
PANEL_WIDTH, LABEL_WIDTH, VALUE_WIDTH, GAP = 470, 190, 56, 30
ROW, BAR, HEAD = 24, 16, 34
TITLE = 56


def text(x, y, words, size=13, colour=TEXT, anchor="start", weight="normal"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'


def longest(values):
    """The end of the scale: one bar that is far longer than all others is cut rather than that it flattens them."""
    *others, last = sorted(values)
    return max(others) * 1.15 if others and last > 3 * max(others) else last


def panel(title, rows, left, top):
    parts = [text(left, top + 14, title, 14, weight="600")]
    scale = longest([value for _, value in rows])
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH
    bars = left + LABEL_WIDTH
    for i, (name, value) in enumerate(rows):
        y = top + HEAD + i * ROW
        length = room * min(value / scale, 1)
        parts.append(text(bars - 8, y + 12, name, anchor="end"))
        parts.append(f'<rect x="{bars}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{OURS if name.startswith("libgreenlet") else OTHERS}"/>')
        if value > scale:
            cut = bars + length - 18
            parts.append(f'<path d="M{cut:.1f} {y + BAR + 2} l6 {-BAR - 4} h5 l-6 {BAR + 4} z" fill="#fff"/>')
        parts.append(text(bars + length + 6, y + 12, f"{value:.1f}" if value < 100 else f"{value:.0f}"))
    return "".join(parts)


def draw(peers, best, machine):
    """`best` maps (peer, measure) to nanoseconds."""
    panels = []
    bottom = TITLE
    for i, (measure, title) in enumerate(MEASURES.items()):
        rows = sorted(((name, best[name, measure]) for name in peers if (name, measure) in best), key=lambda row: row[1])
        if not rows:
            continue
        left = GAP + i % 2 * (PANEL_WIDTH + GAP)
        top = TITLE + i // 2 * (HEAD + len(peers) * ROW + GAP)
        panels.append(panel(title, rows, left, top))
        bottom = max(bottom, top + HEAD + len(rows) * ROW)
    width, height = 2 * PANEL_WIDTH + 3 * GAP, bottom + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
        + text(GAP, 26, "Nanoseconds, less is better", 16, weight="600")
        + text(GAP, 43, machine, 11, FAINT)
        + "".join(panels)
        + "</svg>\n"
    )
