#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks Python's greenlet, the oracle, what happens in the scenarios.

    oracle.py setup                 installs it into the cache, for use without a network
    oracle.py regenerate [NAME...]  writes the events of every scenario that says `events-by: oracle`
    oracle.py compare [NAME...]     fails where a file says otherwise, and where it keeps silent about a difference

Ends with a line "N passed, N failed".
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from check import difference, lacked, read_lacks, run
from scenario import FOLDER, Malformed, load

VERSION = "3.5.6" if sys.version_info >= (3, 10) else "3.2.5"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "libgreenlet"


def setup():
    """The Python that has the oracle."""
    folder = CACHE / f"oracle-{VERSION}-python{sysconfig.get_python_version()}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"greenlet=={VERSION}"], check=True)
        (folder / "complete").touch()
    return str(python)


def judge(scenario, lacks, events, fault):
    """What is wrong with what a scenario says of the oracle, or None."""
    if fault:
        return fault
    if any(event.split()[2:3] == ["cannot"] for event in events):
        return "the oracle cannot express this: name what it needs"
    if scenario.by_oracle:
        return None if events == scenario.events else "the oracle says otherwise"
    if lacked(scenario, lacks):
        return None
    if events == scenario.events:
        return "the oracle agrees: say 'events-by: oracle'"
    return None if "differs" in scenario.headers else "the oracle says otherwise: mend it, or say why under 'differs:'"


def write_events(scenario, events):
    head = scenario.path.read_text(encoding="utf-8").split("\nevents:")[0]
    scenario.path.write_text(head + "\nevents:\n" + "".join(f"  {event}\n" for event in events), encoding="utf-8")


def main():
    verb, names = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if verb not in ("setup", "regenerate", "compare"):
        sys.exit(__doc__)
    python = setup()
    if verb == "setup":
        return 0
    try:
        scenarios = load(names, without_events=verb == "regenerate")
        lacks = read_lacks(FOLDER / "oracle.lacks", {s.name for s in load(without_events=True)})
    except (Malformed, OSError) as fault:
        sys.exit(f"oracle.py: {fault}")
    asked = [s for s in scenarios if s.by_oracle or not lacked(s, lacks)]
    results = run([python, str(FOLDER / "interpret.py")], asked)
    failed = 0
    for s in asked:
        events, fault = results.get(s.name, ([], "did not run"))
        if verb == "regenerate" and s.by_oracle and not fault:
            write_events(s, events)
            s.events = events
        wrong = judge(s, lacks, events, fault)
        if wrong:
            failed += 1
            print(f"FAILED {s.name}: {wrong}", *difference(s, events), sep="\n  ")
    print(f"{len(asked) - failed} passed, {failed} failed")
    return 1 if failed or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
