#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the rules of docs/rules.md with the tests that cite them ("// rule 13" above a TEST). Fails when a rule has none."""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CITATION = re.compile(r"//\s*rules? ([\d, and-]+)")
TEST = re.compile(r"TEST\((\w+)\)")


def rules():
    text = (ROOT / "docs/rules.md").read_text()
    return sorted({int(n) for n in re.findall(r"^\*\*(\d+)\. ", text, re.MULTILINE)})


def cited_by_tests():
    tests = collections.defaultdict(list)
    for folder in ("tests/capi", "tests/cpp"):
        for path in sorted((ROOT / folder).rglob("*.c*")):
            cited = []
            for line in path.read_text().splitlines():
                if match := CITATION.match(line):
                    cited = [int(n) for n in re.findall(r"\d+", match[1])]
                elif match := TEST.match(line):
                    for rule in cited:
                        tests[rule].append(f"{path.stem}.{match[1]}")
                    cited = []
    return tests


def main():
    tests = cited_by_tests()
    untested = [rule for rule in rules() if not tests[rule]]
    for rule in rules():
        print(f"{rule:2}  {len(tests[rule]):3}  {' '.join(tests[rule]) if '--names' in sys.argv else ''}".rstrip())
    if untested:
        sys.exit(f"no test cites rule {', '.join(map(str, untested))}")


if __name__ == "__main__":
    main()
