#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tables of what run.py found.

    table.py --show TARGET...   the results of these targets
    table.py --write            keeps those of all targets in `results.json`, and writes the table in README.md from that
    table.py --check            says whether README.md has what `results.json` says
"""

import json
import sys
from datetime import date
from pathlib import Path

from run import BUILDS, ROOT
from targets import BY_NAME, TARGETS

KEPT = Path(__file__).parent / "results.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- platforms: tests/platforms/table.py writes this -->\n", "<!-- /platforms -->\n"


def result_of(name):
    try:
        return json.loads((BUILDS / "results" / f"{name}.json").read_text())
    except FileNotFoundError:
        return {"built": False, "passed": 0, "failed": 1, "left_out": 0, "seconds": 0}


def show(names):
    rows = [("target", "built", "passed", "failed", "left out", "by", "seconds")]
    for name in names:
        target, result = BY_NAME[name], result_of(name)
        ran = result["built"] and target.by != "assembled only"
        counts = [str(result[count]) if ran else "-" for count in ("passed", "failed", "left_out")]
        rows.append((name, "yes" if result["built"] else "no", *counts, target.by, str(result["seconds"])))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())


def keep():
    missing = [target.name for target in TARGETS if not (BUILDS / "results" / f"{target.name}.json").exists()]
    if missing:
        sys.exit(f"./dev test platforms --all has not run: no results of {', '.join(missing)}")
    results = {target.name: {key: value for key, value in result_of(target.name).items() if key != "seconds"} for target in TARGETS}
    KEPT.write_text(json.dumps({"date": str(date.today()), "results": results}, indent=1) + "\n")


def outcome(target, result):
    """What a row says of it; never more than what ran."""
    if not result["built"]:
        return "does not build"
    if target.by == "assembled only":
        return target.note
    said = f"{result['passed']} tests pass" + (f", {result['failed']} fail" if result["failed"] else "")
    left_out = f", {result['left_out']} left out" if result["left_out"] else ""
    return said + left_out + (f"; {target.note}" if target.note else "")


def readme():
    """README.md as it must be."""
    lines = []
    if KEPT.exists():
        kept = json.loads(KEPT.read_text())
        lines = [f"Tested with `./dev test platforms --all` on {kept['date']}:\n\n", "| platform | run by | |\n", "|---|---|---|\n"]
        for target in TARGETS:
            by = "nothing" if target.by == "assembled only" else target.by
            lines.append(f"| {target.what} | {by} | {outcome(target, kept['results'][target.name])} |\n")
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{''.join(lines)}{END}{after}"


def main():
    if sys.argv[1:2] == ["--show"]:
        show(sys.argv[2:])
    elif sys.argv[1:] == ["--write"]:
        keep()
        README.write_text(readme())
    elif sys.argv[1:] == ["--check"]:
        if BEGIN not in README.read_text() or README.read_text() != readme():
            sys.exit("the table of platforms in README.md is not what tests/platforms/results.json says: table.py --write")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
