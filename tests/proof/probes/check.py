#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The static probes, from outside: check.py LIBRARY PROGRAM. readelf finds them in the library; gdb stops at each one that the program passes."""

import re
import shutil
import subprocess
import sys
import tempfile

PROBES = ["end", "start", "switch", "throw"]
SWITCHES = """
switch main a, start main a, switch a main, switch main a, switch a main, throw main a, end a main, throw a main,
switch main b, start main b, switch b main, throw main b, end b main, switch b main,
switch main c, start main c, switch c main, switch main d, start main d, switch d main, switch main c, switch c main,
switch main c, switch c main, switch main main
"""


def output(*command):
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout


def the_library_has_a_note_for_each_probe(library, _program):
    notes = re.findall(r"Provider: (\w+)\s+Name: (\w+)\s+.*Semaphore: (\w+)\s+Arguments: (.*)", output("readelf", "--notes", library))
    assert sorted({name for _, name, _, _ in notes}) == PROBES, notes
    for provider, _, semaphore, arguments in notes:
        assert provider == "greenlet" and int(semaphore, 16) == 0, "a semaphore would have to be read at each switch"
        assert len(arguments.split()) == 2 and all(a.startswith("8@") for a in arguments.split()), arguments


def gdb_sees_every_transfer(_library, program):
    if not shutil.which("gdb"):
        print("gdb_sees_every_transfer skipped: no gdb")
        return
    script = ["set confirm off", "set debuginfod enabled off", "break main", "run", "delete"]
    for number, name in enumerate(PROBES, start=2):
        show = f'printf "{name} %lu %lu\\n", $_probe_arg0, $_probe_arg1'
        script += [f"break -probe-stap greenlet:{name}", f"commands {number}", "silent", show, "continue", "end"]
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write("\n".join([*script, "continue", ""]))
        file.flush()
        printed = output("gdb", "-batch", "-nx", "-x", file.name, program)
    names = {address: name for name, address in re.findall(r"^(\w+) (\d+)$", printed, re.MULTILINE)}
    seen = [" ".join([what, names[a], names[b]]) for what, a, b in re.findall(r"^(\w+) (\d+) (\d+)$", printed, re.MULTILINE)]
    assert seen == re.split(r",\s+", SWITCHES.strip()), printed


TESTS = [the_library_has_a_note_for_each_probe, gdb_sees_every_transfer]


def main():
    failed = 0
    for test in TESTS:
        try:
            test(*sys.argv[1:])
        except (AssertionError, KeyError, ValueError, subprocess.SubprocessError) as wrong:
            failed += 1
            print(f"FAILED {test.__name__}: {wrong!r}")
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
