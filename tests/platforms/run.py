#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the library and its tests for a target (targets.py) and runs them there.

    run.py TARGET            ends with a line "N passed, N failed"; the result is kept for table.py
    run.py --list [--all]    the names of the five that every change is tested on, or of all
    run.py --packages NAME...    what of Debian they need
    run.py --pip NAME...         what of PyPI
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

from targets import BY_NAME, FIVE

ROOT = Path(__file__).resolve().parents[2]
BUILDS = ROOT / "build/platforms"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "libgreenlet"
COMMON_PACKAGES = ["g++", "cmake", "ninja-build", "python3"]
SUMMARY = re.compile(r"\b(\d+) passed, (\d+) failed")
OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release", "-DGREENLET_DEVELOPER=ON", "-DGREENLET_TEST_PLAIN=ON", "-DGREENLET_TEST_TIMEOUT=180",
    "-DGREENLET_EXAMPLES=OFF", "-DGREENLET_BENCHMARKS=OFF",
]  # fmt: skip


class Failed(Exception):
    """Nothing could be tested."""


def run(*command):
    print("+", *command, flush=True)
    if subprocess.run(command, cwd=ROOT).returncode:
        raise Failed(f"failed: {command[0]}")


def assemble(target):
    """The assembly alone: it must define the jump."""
    folder = BUILDS / target.name
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "arch.o"
    run(*target.assemble, "-c", "core/arch/arch.S", "-o", str(out))
    if b"gl_arch_swap" not in out.read_bytes():
        raise Failed("core/arch/choose.h has no assembly for it")


def zig(target):
    """Where Zig's program is, for the toolchains in cmake/toolchains that are its."""
    if not target.pip:
        return []
    found = sorted(CACHE.glob("venv/lib/python3*/site-packages/ziglang/zig"))
    return [f"-DGREENLET_ZIG={found[-1]}"] if found else []


def build(target):
    folder = BUILDS / (target.build or target.name)
    made_for = BY_NAME[target.build or target.name]
    run("cmake", "-S", str(ROOT), "-B", str(folder), *OPTIONS, *made_for.cmake, *zig(made_for))
    has_switch = "GREENLET_CPU_HAS_SWITCH:INTERNAL=1" in (folder / "CMakeCache.txt").read_text()
    libraries = ["--target", "greenlet", "greenlet_static"] if target.by == "assembled only" else []
    run("cmake", "--build", str(folder), "--parallel", "2", *libraries)
    if has_switch != target.switches:
        raise Failed("core/arch/choose.h has no assembly for it" if target.switches else "choose.h knows it")
    return folder


def skips(target):
    """{test: reason} from the file `skips`; a test is one of ctest or one in a program."""
    found = {}
    for line in (Path(__file__).parent / "skips").read_text().splitlines():
        if line and not line.startswith("#"):
            where, test, reason = re.fullmatch(r"(\S+) +(\S+): (.+)", line).groups()
            if target.classes & set(where.split(",")):
                found[test] = reason
    return found


def check_skips(left_out, folder):
    """Each names a test that there is, so that the file cannot rot."""
    listing = subprocess.run(["ctest", "--test-dir", folder, "--show-only"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    programs = re.findall(r"#\d+: (\S+)", listing)
    sources = "".join(path.read_text() for folder in ("capi", "cpp", "proof", "stacks") for path in (ROOT / "tests" / folder).rglob("*.c*"))
    for name in left_out:
        of_stack = re.sub("_(private|shared|threads_own|mixed)$", "", name)
        if f"({of_stack})" not in sources and not any(re.fullmatch(name, program) for program in programs):
            raise Failed(f"tests/platforms/skips: there is no test {name}")


def counted(case):
    """Passed, failed, and what it printed, of a test of ctest. A test that fails without a count of its own is one."""
    output = case.findtext("system-out") or ""
    passed, failed = (sum(map(int, numbers)) for numbers in zip((0, 0), *SUMMARY.findall(output)))
    skipped = case.find("skipped")
    if case.get("status") != "run" and (skipped is None or "SKIP_" not in skipped.get("message", "")):
        failed = failed or 1
    return passed, failed, output


def start_wine(environment):
    """Makes the prefix and its server's folder: two tests that both come first would each make one, and one of the two fails."""
    wine = shutil.which("wine64", path=os.environ["PATH"] + ":/usr/lib/wine")
    if subprocess.run(["timeout", "300", wine, "wineboot", "--init"], env=environment).returncode:
        raise Failed("Wine does not start")


def test(target, folder):
    """Runs what ctest knows. Returns passed, failed and left out."""
    left_out = skips(target)
    if target.switches:
        check_skips(left_out, folder)
    report = folder / f"{target.name}.xml"
    report.unlink(missing_ok=True)
    environment = {**os.environ, **target.environment, "GREENLET_TEST_SKIP": f" {' '.join(left_out)} "}
    if target.by == "wine":  # a Windows of its own, which asks for nothing
        environment.update(WINEPREFIX=str(folder / "wine"), WINEDLLOVERRIDES="mscoree,mshtml=", WINEDEBUG="-all")
        start_wine(environment)
    exclude = "|".join(f"^{name}$" for name in ["scenarios_checker", *left_out])
    command = ["ctest", "--test-dir", folder, "--parallel", "2", "--exclude-regex", exclude, "--output-junit", report, "--test-output-size-passed", "100000"]
    print("+", *command, flush=True)
    subprocess.run(command, cwd=ROOT, env=environment)
    for name, reason in left_out.items():
        print(f"left out {name}: {reason}")
    passed = failed = 0
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        more_passed, more_failed, output = counted(case)
        passed, failed = passed + more_passed, failed + more_failed
        if more_failed:
            print(f"--- {case.get('name')}", *SUMMARY.sub(r"passed: \1, failed: \2", output).splitlines()[-40:], sep="\n  ")
    return passed, failed, len(left_out)


def main():
    if sys.argv[1:2] == ["--list"]:
        print(*(BY_NAME if sys.argv[2:] == ["--all"] else FIVE))
        return 0
    if sys.argv[1:2] == ["--packages"]:
        print(*dict.fromkeys(COMMON_PACKAGES + [package for name in sys.argv[2:] for package in BY_NAME[name].packages]))
        return 0
    if sys.argv[1:2] == ["--pip"]:
        print(*dict.fromkeys(package for name in sys.argv[2:] for package in BY_NAME[name].pip))
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in BY_NAME:
        sys.exit(__doc__)
    target, start = BY_NAME[sys.argv[1]], time.monotonic()
    result = {"built": False, "passed": 0, "failed": 1, "left_out": 0}
    kept = BUILDS / "results" / f"{target.name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)
    try:
        if target.assemble:
            assemble(target)
        else:
            folder = build(target)
        result["built"] = True
        counts = (1, 0, 0) if target.by == "assembled only" else test(target, folder)
        result["passed"], result["failed"], result["left_out"] = counts
    except Failed as fault:
        print(fault)
    result["seconds"] = round(time.monotonic() - start)
    kept.write_text(json.dumps(result))
    print(f"{result['passed']} passed, {result['failed']} failed")
    return 1 if result["failed"] or not result["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
