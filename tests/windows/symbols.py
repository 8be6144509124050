#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The DLL and its .def file export what the headers declare, and nothing is imported but the system and the C runtime.

usage: symbols.py OBJDUMP DLL DEF CAPI"""

import re
import subprocess
import sys
from pathlib import Path

PRIVATE = {"gl_debug"}
IMPORTED = re.compile(r"kernel32\.dll|msvcrt\.dll|ucrtbase\.dll|api-ms-win-crt-[a-z0-9-]+\.dll", re.IGNORECASE)


def differences(what, found, expected):
    for name in sorted(found ^ expected):
        print(f"{what}: {name} {'is there' if name in found else 'is missing'}")
    return len(found ^ expected)


def main():
    objdump, dll, definitions, capi = sys.argv[1:]
    dump = subprocess.run([objdump, "-p", dll], stdout=subprocess.PIPE, text=True, check=True).stdout
    table = dump[dump.index("[Ordinal/Name Pointer] Table") :]
    exported = set(re.findall(r"^\s*\[\s*\d+\].*?(\w+)$", table, re.MULTILINE))
    listed = set(re.findall(r"^\s+(\w+) @", Path(definitions).read_text(), re.MULTILINE))
    headers = "".join(path.read_text() for path in Path(capi).glob("*.h"))
    declared = set(re.findall(r"^GL_API [^;(]*?\b(gl_\w+)\(", headers, re.MULTILINE)) | PRIVATE
    failed = differences("the DLL", exported, declared) + differences("the .def file", listed, declared)
    for library in re.findall(r"DLL Name: (\S+)", dump):
        if not IMPORTED.fullmatch(library):
            print("imported:", library)
            failed += 1
    print(f"{len(declared)} names, {failed} failed")
    return failed != 0 or len(declared) < 10


if __name__ == "__main__":
    sys.exit(main())
