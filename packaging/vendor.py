#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies the library's sources into a package of another language.

The full list is the whole library. The host list has the rules alone: no stacks, no assembly, for runtimes that bring
stacks of their own (GREENLET_HOST_ONLY). Compile with GREENLET_STATIC, which hides every gl_* symbol: several copies may
live in one process."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HOST = """
LICENSE
capi/greenlet.h
core/all.cc
core/arch/annotate.h
core/arch/arch.h
core/arch/choose.h
core/arch/none.cc
core/arch/none.h
core/blocks.cc
core/callbacks.h
core/dump.cc
core/greenlet.cc
core/hooks.cc
core/host.cc
core/internal.h
core/layout.h
core/list.h
core/locals.cc
core/lock.h
core/observe.cc
core/orphans.cc
core/os/os.h
core/os/posix.cc
core/os/windows.cc
core/probes.h
core/realm.cc
core/status.cc
core/structs.h
core/tree.cc
""".split()

STACKS = """
core/arch/arch.S
core/arch/asm.h
core/arch/x86_fp.h
core/arena.cc
core/backtrace.cc
core/buffers.cc
core/copy.cc
core/slice.cc
core/stack.cc
core/switch.cc
""".split()
ASSEMBLY = "core/arch/arch.S"  # it includes the CPU's
CPUS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "core/arch").glob("*.S") if path.name != "arch.S")
STACKS += CPUS + [name[:-1] + "h" for name in CPUS]

UNITY = "core/all.cc"
INCLUDE = re.compile(r'^(\s*#\s*include\s+")([^"]+)(")', re.MULTILINE)


def files(host, flat):
    """A flat copy goes where the language's tool compiles every file that it sees, so the unity file stays out."""
    names = sorted(HOST if host else HOST + STACKS)
    return [name for name in names if not (flat and name == UNITY)]


def contents(host, flat, constraint=None):
    """Maps each path in the copy to its text. Go compiles the sources only where its build constraint holds."""
    copy = {}
    for name in files(host, flat):
        text = (ROOT / name).read_text()
        if flat:
            text = INCLUDE.sub(lambda m: m[1] + m[2].rpartition("/")[2] + m[3], text)
            name = name.rpartition("/")[2]
        if constraint and name.endswith(".cc"):
            text = f"//go:build {constraint}\n\n{text}"
        if name in copy:
            sys.exit(f"two files are called {name}")
        copy[name] = text
    return copy


def write(folder, *layout):
    for name, text in contents(*layout).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def verify(folder, *layout):
    """Is the copy in `folder` what would be written now? Files beside it are not looked at."""
    stale = [n for n, text in contents(*layout).items() if not (folder / n).is_file() or (folder / n).read_text() != text]
    for name in stale:
        print(f"{folder / name} is not up to date")
    return not stale


def public_functions():
    header = (ROOT / "capi/greenlet.h").read_text()
    return set(re.findall(r"^GL_API [^;(]*?\b(gl_\w+)\(", header, re.MULTILINE))


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(" ".join(map(str, command)) + "\n" + done.stdout)
    return done.stdout


def build(folder, host, flat, unity):
    """Builds a copy with nothing but itself, and raises unless it is complete and hides its names."""
    write(folder, host, flat)
    sources = [name for name in contents(host, flat) if name.endswith(".cc")]
    if not host:
        sources.remove("core/arch/none.cc")
    if unity:
        sources = [UNITY]
    elif not flat:
        sources.remove(UNITY)
    if not host:
        sources.append(ASSEMBLY)
    compiler = os.environ.get("CXX", "g++")
    flags = "-std=c++20 -O1 -fPIC -Wall -Wextra -Werror -fno-exceptions -fno-rtti -fno-threadsafe-statics -fvisibility=hidden".split()
    defines = ["-DGREENLET_STATIC"] + (["-DGREENLET_HOST_ONLY"] if host else [])
    objects = []
    for name in sources:
        objects.append(folder / (name.replace("/", "_") + ".o"))
        language = ["-I", folder if flat else folder / "capi"] + (flags if name.endswith(".cc") else [])
        run(compiler, *language, *defines, "-c", folder / name, "-o", objects[-1])
    # Linked against libc alone: whatever the list forgets is an undefined symbol.
    plugin = folder / "plugin.so"
    run(compiler, "-shared", "-nodefaultlibs", "-Wl,-z,defs", "-o", plugin, *objects, "-lc", "-lgcc")
    defined = set(re.findall(r" [TW] (gl_\w+)$", run("nm", *objects), re.MULTILINE))
    if public_functions() - defined:
        raise RuntimeError("not defined: " + " ".join(sorted(public_functions() - defined)))
    exported = re.findall(r" (gl_\w+)", run("nm", "-D", "--defined-only", plugin))
    if exported:
        raise RuntimeError("not hidden: " + " ".join(exported))


def check():
    """Prints how many checks passed and failed."""
    known = set(HOST + STACKS)
    here = {str(path.relative_to(ROOT)) for path in (ROOT / "core").rglob("*") if path.suffix in (".cc", ".h", ".S")}
    passed, failed = 0, 0
    if here - known:
        print("in core/ but in no list:", *sorted(here - known))
        failed += 1
    else:
        passed += 1
    for host in (False, True):
        for layout in ("tree", "unity", "flat") if host else ("tree", "unity"):
            name = ("host" if host else "full") + " list, " + layout
            with tempfile.TemporaryDirectory() as folder:
                try:
                    build(Path(folder), host, layout == "flat", layout == "unity")
                    print("ok", name)
                    passed += 1
                except (RuntimeError, OSError) as error:
                    print("FAILED", name, error, sep="\n")
                    failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", action="store_true", help="the host list in place of the full one")
    parser.add_argument("--flat", action="store_true", help="all files of the host list in one folder, includes rewritten")
    parser.add_argument("--go-build", metavar="CONSTRAINT", help="a line for Go's compiler on top of each .cc file")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("folder", nargs="?", type=Path, help="copy into this folder")
    mode.add_argument("--verify", metavar="FOLDER", type=Path, help="fail unless the copy there is up to date")
    mode.add_argument("--list", action="store_true", help="print the list")
    mode.add_argument("--check", action="store_true", help="prove by building copies that the lists are complete")
    options = parser.parse_args()
    if options.flat and not options.host:
        parser.error("--flat needs --host: the full list holds the assembly of every CPU")
    if options.list:
        print(*files(options.host, options.flat), sep="\n")
    elif options.check:
        sys.exit(not check())
    elif options.verify:
        sys.exit(not verify(options.verify, options.host, options.flat, options.go_build))
    else:
        write(options.folder, options.host, options.flat, options.go_build)


if __name__ == "__main__":
    main()
