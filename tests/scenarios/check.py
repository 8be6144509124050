#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs an interpreter on every scenario and compares the events.

    check.py [--lacks FILE] [--seconds N] [NAME...] -- COMMAND...

FILE says what the interpreter lacks: lines of `WHAT: reason`, WHAT a need or the name of a scenario; one that is named and passes all the same
is a failure. N is how long the whole may take (60): a scenario that hangs is blamed, and the rest go on. Ends with a line "N passed, N failed".
"""

import argparse
import difflib
import subprocess
import sys

from scenario import NEEDS, Malformed, load


def read_lacks(path, names):
    """The `lacks` file as {need or name: reason}; what matches nothing is an error, so that the file cannot rot."""
    lacks = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            what, _, reason = (part.strip() for part in line.partition(":"))
            if not reason or what not in NEEDS | set(names):
                raise Malformed(f"{path}:{number}: wants 'NEED-OR-SCENARIO: reason', got '{line.strip()}'")
            lacks[what] = reason
    return lacks


def lacked(scenario, lacks):
    """Why the interpreter cannot run it, or None."""
    return next((f"{what}: {lacks[what]}" for what in [scenario.name, *scenario.needs] if what in lacks), None)


def run_once(command, scenarios, seconds):
    """Starts the interpreter once. Returns the events by name, in the order of running, and what went wrong with the last, or None."""
    process = subprocess.Popen([*command, *(str(s.path) for s in scenarios)], stdout=subprocess.PIPE, text=True)
    try:
        output, fault = process.communicate(timeout=seconds)[0], None
    except subprocess.TimeoutExpired:
        process.kill()
        output, fault = process.communicate()[0], f"no end within {seconds} seconds"
    if process.returncode and not fault:
        fault = f"the interpreter ended with {process.returncode}"
    seen, events = {}, None
    for line in output.splitlines():
        if line.startswith("scenario "):
            events = seen.setdefault(line.split()[1], [])
        elif events is not None:
            events.append(" ".join(line.split()))
    return seen, fault


def run(command, scenarios, seconds=60):
    """Runs them all, starting again behind one that stops the interpreter. Returns {name: (events, fault or None)}."""
    results, left = {}, list(scenarios)
    while left:
        seen, fault = run_once(command, left, seconds)
        results.update((name, (events, None)) for name, events in seen.items())
        if not fault:
            break
        last = list(seen)[-1] if seen else left[0].name
        results[last] = (seen.get(last, []), fault)
        left = [s for s in left if s.name not in seen and s.name != last]
    return results


def difference(scenario, events):
    """A unified diff of what must be seen and what was, without its header."""
    return [line.rstrip() for line in difflib.unified_diff(scenario.events, events, n=99, lineterm="")][3:]


def main():
    if "--" not in sys.argv[:-1]:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(usage="check.py [--lacks FILE] [--seconds N] [NAME...] -- COMMAND...")
    parser.add_argument("--lacks")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("names", nargs="*")
    options, command = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]
    try:
        scenarios = load(options.names)
        lacks = read_lacks(options.lacks, {s.name for s in load()}) if options.lacks else {}
    except (Malformed, OSError) as fault:
        sys.exit(f"check.py: {fault}")
    skipped = {s.name: lacked(s, lacks) for s in scenarios if lacked(s, lacks)}
    try:
        results = run(command, [s for s in scenarios if s.name not in skipped], options.seconds)
        tried = run(command, [s for s in scenarios if s.name in lacks], options.seconds)
    except OSError as fault:
        sys.exit(f"check.py: cannot start the interpreter: {fault}")
    passed = failed = 0
    for s in scenarios:
        if tried.get(s.name) == (s.events, None):
            failed += 1
            print(f"FAILED {s.name}: passes, so it is not lacked: {skipped.pop(s.name)}")
            continue
        if s.name in skipped:
            print(f"skipped {s.name}: {skipped[s.name]}")
            continue
        events, fault = results.get(s.name, ([], "did not run"))
        if fault or events != s.events:
            failed += 1
            print(f"FAILED {s.name}{': ' + fault if fault else ''}", *difference(s, events), sep="\n  ")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
