#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the code in Markdown pages, runs what is a whole program, and compares what it prints.

A ```c or ```cpp block with a main() is a program; a ```text block that follows it is its output. Any other ```c block is
compiled behind the headers in PRELUDE.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRELUDE = "#include <greenlet.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
LANGUAGES = {"c": ("CC", "cc", "-std=gnu11", ".c"), "cpp": ("CXX", "c++", "-std=c++17", ".cc")}


def programs(page):
    """Yields (line, language, code, expected output or None) for each block that is code."""
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    for block, following in zip(blocks, blocks[1:] + [None]):
        language, code = block.groups()
        if language in LANGUAGES:
            expected = following.group(2) if following and following.group(1) == "text" else None
            yield text.count("\n", 0, block.start()) + 1, language, code, expected


def check(language, code, expected, options, folder):
    """Compiles one block, runs it if it is a program; returns what is wrong, or None."""
    variable, default, standard, suffix = LANGUAGES[language]
    whole = re.search(r"\bint main\(", code)
    if not whole and language != "c":
        return None
    source, program = folder / ("example" + suffix), folder / "example"
    source.write_text(code if whole else PRELUDE + code, encoding="utf-8")
    command = [os.environ.get(variable, default), standard, "-Wall", "-Werror", "-I", options.include, *options.flag, source]
    if whole:
        command += ["-o", program, options.library, f"-Wl,-rpath,{options.library.parent}", "-pthread"]
    else:
        command += ["-Wno-unused-function", "-fsyntax-only"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        return built.stderr
    if not whole:
        return None
    ran = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    if ran.returncode:
        return f"exit {ran.returncode}\n{ran.stdout}{ran.stderr}"
    if expected is not None and ran.stdout != expected:
        return f"printed:\n{ran.stdout}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--include", required=True, help="the folder with greenlet.h")
    parser.add_argument("--library", required=True, type=lambda path: pathlib.Path(path).resolve(), help="the shared library")
    parser.add_argument("--flag", action="append", default=[], help="one more compiler flag, as --flag=-g")
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    options = parser.parse_args()

    checked = failed = 0
    for page in options.pages:
        for line, language, code, expected in programs(page):
            with tempfile.TemporaryDirectory() as folder:
                wrong = check(language, code, expected, options, pathlib.Path(folder))
            checked += 1
            if wrong:
                failed += 1
                print(f"{page}:{line}: {wrong}")
    print(f"{checked - failed} passed, {failed} failed")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
