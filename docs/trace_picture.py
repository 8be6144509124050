#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws a recorded trace of one thread as SVG: trace_picture.py TRACE.json PICTURE.svg"""

import json
import sys
from html import escape
from pathlib import Path

TRACK_COLOURS = ["#868e96", "#0b7285", "#2b8a3e", "#e67700", "#5f3dc4", "#1864ab"]
TEXT, FAINT, GRID, SWITCH, THROW = "#212529", "#868e96", "#e9ecef", "#495057", "#c92a2a"
LEFT, TOP, ROW, BAR, WIDTH, RIGHT, KEY = 80, 46, 50, 20, 860, 30, 34
SYMBOLS = {"start": "M-3.5 -5 L4.5 0 L-3.5 5 z", "end": "M-4 -4 h8 v8 h-8 z", "throw": "M0 -6 L6 5 H-6 z"}


def text(x, y, words, size=12, colour=TEXT, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'


def symbol(what, x, y):
    colour = THROW if what == "throw" else TEXT
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{SYMBOLS[what]}" fill="{colour}" stroke="#fff"/>'


class Picture:
    def __init__(self, events):
        times = [e["ts"] for e in events if "ts" in e]
        self.begin, self.length = min(times), max(times) - min(times)
        self.names = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
        self.rows = {track: row for row, track in enumerate(sorted(self.names))}

    def x(self, event):
        return LEFT + (event["ts"] - self.begin) / self.length * WIDTH

    def y(self, track):
        """The middle of a track."""
        return TOP + self.rows[track] * ROW + BAR / 2

    def grid(self):
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if self.length / s <= 12)
        bottom = TOP + len(self.rows) * ROW - ROW + BAR
        for i in range(int(self.length / step) + 1):
            x = LEFT + i * step / self.length * WIDTH
            yield f'<path d="M{x:.1f} {TOP - 14} V{bottom + 14}" stroke="{GRID}"/>' + text(x, TOP - 20, f"{i * step} µs", 10, FAINT, "middle")
        for track, name in self.names.items():
            yield text(LEFT - 10, self.y(track) + 4, name, 13, anchor="end")

    def slice(self, begin, end):
        track, left = begin["tid"], self.x(begin)
        colour = TRACK_COLOURS[self.rows[track] % len(TRACK_COLOURS)]
        width = max(self.x(end) - left, 1)
        return f'<rect x="{left:.1f}" y="{self.y(track) - BAR / 2}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'

    def arrow(self, begin, end):
        down = 1 if self.y(end["tid"]) > self.y(begin["tid"]) else -1
        x, y1, y2 = self.x(begin), self.y(begin["tid"]) + down * BAR / 2, self.y(end["tid"]) - down * BAR / 2
        colour = THROW if begin["name"] == "throw" else SWITCH
        head = f"l-3 {-6 * down} h6 z"
        return f'<path d="M{x:.1f} {y1} V{y2}" stroke="{colour}"/><path d="M{x:.1f} {y2} {head}" fill="{colour}"/>'

    def mark(self, event):
        offset = BAR / 2 + 6
        return symbol(event["name"], self.x(event), self.y(event["tid"]) + (-offset if event["name"] == "throw" else offset))


def draw(events):
    picture = Picture(events)
    slices, arrows, marks, open_slices, leaving = [], [], [], {}, {}
    for e in events:
        if e["ph"] == "B":
            open_slices[e["tid"]] = e
        elif e["ph"] == "E":
            slices.append(picture.slice(open_slices.pop(e["tid"]), e))
        elif e["ph"] == "s":
            leaving[e["id"]] = e
        elif e["ph"] == "f":
            arrows.append(picture.arrow(leaving.pop(e["id"]), e))
        elif e["ph"] == "i":
            marks.append(picture.mark(e))
    bottom = TOP + len(picture.rows) * ROW
    key = [symbol(what, LEFT + 90 * i, bottom + 8) + text(LEFT + 90 * i + 12, bottom + 12, what, 11, FAINT) for i, what in enumerate(SYMBOLS)]
    width, height = LEFT + WIDTH + RIGHT, bottom + KEY
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
        + "\n".join([*picture.grid(), *slices, *arrows, *marks, *key])
        + "</svg>\n"
    )


def main():
    events = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["traceEvents"]
    Path(sys.argv[2]).write_text(draw(events), encoding="utf-8")


if __name__ == "__main__":
    main()
