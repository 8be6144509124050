#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py PROGRAM LIBRARY: what gdb shows of sleepers.c, live and from a core file. LIBRARY is the shared one, "" if there is none: then it is also tried
stripped, and loaded as gdb loads what is installed."""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "packaging/gdb/libgreenlet-gdb.py"
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "report_bugs=0"}

# Name: state, parent's name, stack, levels of wait_below() from the innermost outward.
EXPECTED = {
    "main": ("suspended", "", "thread's", None),
    "private": ("suspended", "main", r"private \d+/262144", 3),
    "moved": ("suspended", "private", r"shared (\d+)/\d+, \1 moved out", 2),
    "in place": ("suspended", "main", r"shared \d+/\d+", 4),
    "on the thread's": ("suspended", "main", r"thread's (\d+), \1 moved out", 2),
    "there, too": ("suspended", "moved", r"thread's (\d+), \1 moved out", 3),
    "unstarted": ("unstarted", "in place", "-", None),
    "aborts": ("running", "main", r"private \d+/262144", None),
    "elsewhere": ("suspended", "main", r"private \d+/262144", 1),
}
ROW = re.compile(r"^([* ])  (\d+) +(running|suspended|unstarted)  +(\d+|-) +0x[0-9a-f]+ (.*?)  +(\S.*?)(?:  +(\S.*))?$", re.M)

SELECTED = ("moved", "in place", "there, too", "elsewhere")

passed = failed = 0


def expect(what, condition, output):
    global passed, failed
    if condition:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what} in:\n{output}")


def gdb(program, before, commands, environment):
    arguments = ["gdb", "-q", "-nx", "-batch", "-ex", "set width 0", "-ex", "set pagination off"]
    for command in before + commands:
        arguments += ["-ex", command]
    done = subprocess.run(arguments + [program], env={**os.environ, **SANITIZERS, **environment}, text=True, timeout=100,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def levels(text):
    return [int(n) for n in re.findall(r"wait_below \(depth=(\d+)\)", text)]


def check(what, program, before, environment):
    """`before` are the commands after which the process or its core file, and the script, are there."""
    listed = gdb(program, before, ["greenlets"], environment)
    rows, numbers = {}, {}
    for mark, number, state, parent, name, stack, where in ROW.findall(listed):
        rows.setdefault(name.strip(), (mark, number, state, parent, stack, where))
        numbers[number] = name.strip()
    expect(f"{what}: all are listed", list(numbers.values()) == [*list(EXPECTED)[:-1], "main", "elsewhere"], listed)
    if list(rows) != list(EXPECTED):
        return
    for name, (state, parent, stack, depth) in EXPECTED.items():
        mark, _, found_state, found_parent, found_stack, where = rows[name]
        told = found_state == state and numbers.get(found_parent, "") == parent and re.fullmatch(stack, found_stack)
        expect(f"{what}: {name}", told and (depth is None or where.startswith("wait_below at sleepers.c:")), listed)
    expect(f"{what}: the one that aborts is marked", [name for name, row in rows.items() if row[0] == "*"] == ["aborts"], listed)

    commands = ["greenlet apply all bt"]
    for name in SELECTED:
        commands += [f"echo == {name}\\n", f"greenlet {rows[name][1]}", "frame function wait_below", "up-silently", "info locals", "bt", "greenlet"]
        commands += ["greenlet off", "echo then\\n", "bt"]
    bad = ["greenlet 99", "greenlet 0", f"greenlet {rows['unstarted'][1]}", "greenlet apply"]
    commands += ["echo == the end\\n", "thread 1", *bad, "greenlets"]
    traced, *selected, end = re.split(r"^== .*\n", gdb(program, before, commands, environment), flags=re.M)

    traces = {title: text for title, text in reversed(re.findall(r"^Greenlet \d+ \(0x\w+ ['\"](.*?)['\"], \w+\):\n((?:#.*\n)+)", traced, re.M))}
    for name, (state, _, _, depth) in EXPECTED.items():
        if depth is not None:
            text = traces.get(name, "")
            expect(f"{what}: bt of {name}", levels(text) == list(range(depth + 1)) and "sleeps (data=" in text, traced)
            expect(f"{what}: bt of {name} ends", len(text.splitlines()) <= depth + 10, traced)
    expect(f"{what}: bt of main", " main () " in traces.get("main", ""), traced)
    expect(f"{what}: bt of the running one", " aborts (data=" in traces.get("aborts", ""), traced)

    for name, output in zip(SELECTED, selected):
        during, _, after = output.partition("then\n")
        expect(f"{what}: {name} is selected", during.count("suspended)]") == 2, output)
        expect(f"{what}: bt of {name} when selected", levels(during.partition("level = 11")[2]) == list(range(EXPECTED[name][3] + 1)), output)
        runs = "waits_elsewhere (" if name == "elsewhere" else "aborts (data="
        expect(f"{what}: off after {name}", re.match("#0 ", after) and runs in after and "wait_below" not in after, output)
    expect(f"{what}: what cannot be selected", end.count("no greenlet ") == 2 and "it has not started yet" in end and "{all | N...}" in end, end)
    expect(f"{what}: all is as it was", re.findall(ROW, end) == re.findall(ROW, listed), listed + end)


def core_of(program, folder, environment):
    """Written by the kernel. NULL: it does not write them here."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)  # noqa: E731
    disabled = {"ASAN_OPTIONS": "disable_coredump=0:unmap_shadow_on_exit=1", "TSAN_OPTIONS": "disable_coredump=0"}
    subprocess.run([program], cwd=folder, preexec_fn=limit, env={**os.environ, **disabled, **environment}, stderr=subprocess.DEVNULL)
    return next(iter(folder.glob("core*")), None)


def main():
    program, library = sys.argv[1], sys.argv[2]
    source = f"source {SCRIPT}"
    if not shutil.which("gdb"):
        print("skipped: there is no gdb")
        sys.exit(77)
    check("live", program, [source, "run"], {})
    instrumented = re.search("__[at]san_init", subprocess.run(["nm", "-D", program], text=True, stdout=subprocess.PIPE).stdout)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if instrumented:
            print("skipped: a core file would have the sanitizer's shadow")
        elif core := core_of(program, folder, {}):
            check("core", program, [f"core-file {core}", source], {})
        else:
            print("skipped: the kernel writes no core files here")
        if library and not instrumented:
            real = Path(os.path.realpath(library))
            loaded = folder / "lib"
            loaded.mkdir()
            subprocess.run(["strip", "-o", loaded / real.name, real], check=True)
            (loaded / "libgreenlet.so.0").symlink_to(real.name)
            script = Path(f"{folder}/auto-load{loaded.resolve()}/{real.name}-gdb.py")
            script.parent.mkdir(parents=True)
            shutil.copy(SCRIPT, script)
            autoload = ["set auto-load safe-path /", f"set auto-load scripts-directory {folder}/auto-load"]
            check("stripped", program, autoload + [f"set environment LD_LIBRARY_PATH {loaded}", "run"], {})
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
