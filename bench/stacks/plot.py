# SPDX-License-Identifier: MIT
"""Draws lines over two logarithmic axes, in SVG."""
import math

from chart import FAINT, TEXT, text

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 64, 210, 64, 56
LABEL_DISTANCE, LABEL_WIDTH = 15, 48
GRID = "#e9ecef"


class Axis:
    """Maps values to pixels."""

    def __init__(self, values, start, end):
        self.low, self.high = math.log(min(values)), math.log(max(values))
        self.start, self.end = start, end

    def at(self, value):
        return self.start + (self.end - self.start) * (math.log(value) - self.low) / (self.high - self.low)


def steps(low, high):
    """1, 2, 5, 10, ... from the last below `low` to the first above `high`."""
    all_steps = [digit * 10.0**power for power in range(-3, 12) for digit in (1, 2, 5)]
    first = max(step for step in all_steps if step <= low)
    last = min(step for step in all_steps if step >= high)
    return [step for step in all_steps if first <= step <= last]


def spread(wanted):
    """Heights for labels, near to where they are wanted, and none upon another."""
    placed = []
    for height in sorted(wanted):
        placed.append(max(height, placed[-1] + LABEL_DISTANCE) if placed else height)
    return dict(zip(sorted(wanted), placed))


def draw(title, machine, x_name, x_ticks, series):
    """`x_ticks` maps values to labels; `series` is a list of (name, colour, dashes as SVG has them, [(x, nanoseconds)])."""
    values = [y for _, _, _, points in series for _, y in points]
    y_ticks = steps(min(values), max(values))
    across, up = Axis(list(x_ticks), LEFT, WIDTH - RIGHT), Axis(y_ticks, HEIGHT - BOTTOM, TOP)
    parts = [text(24, 26, title, 16, weight="600"), text(24, 43, machine, 11, FAINT)]
    for value in y_ticks:
        y = up.at(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>' + text(LEFT - 8, y + 4, f"{value:g}", 12, anchor="end"))
    room_from = 0
    for value, label in x_ticks.items():
        x = across.at(value)
        if x < room_from:
            continue
        room_from = x + LABEL_WIDTH
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>' + text(x, HEIGHT - BOTTOM + 18, label, 12, anchor="middle"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_name, 13, TEXT, "middle"))

    # Equal heights would be one key: a hair apart they are two.
    ends = [up.at(points[-1][1]) + i / 1000 for i, (_, _, _, points) in enumerate(series)]
    heights = spread(ends)
    for end, (name, colour, dashes, points) in zip(ends, series):
        line = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        parts.extend(f'<circle cx="{across.at(x):.1f}" cy="{up.at(y):.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
        parts.append(text(across.at(points[-1][0]) + 8, heights[end] + 4, name, 12, colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>' + "".join(parts) + "</svg>\n"
    )
