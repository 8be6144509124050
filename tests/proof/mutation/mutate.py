#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes core/tree.cc in one place at a time and looks whether a test notices. README.md explains those that none notices.

mutate.py                  all mutants: 10 s each on two busy cores
mutate.py --lines 100-140  those of some lines
mutate.py --list           what would be changed
"""
import argparse
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COPY = ROOT / "build" / "mutation"  # of the sources, which are changed there
BUILD = COPY / "build"
COPIED = ["CMakeLists.txt", "VERSION", "cmake", "core", "capi", "tests"]

# What is built again, and what is run until one fails: the quickest first.
CAPI = ("host_machine host_ends host_orphans host_callbacks hosts kill kill_cycle kill_nested kill_waited killers parents life outcome switch throw "
        "last_handle last_handle_current releases queued drops discard tracers unhandled orphan_meets moves thread_end thread_races threads").split()
TARGETS = ["stress", "fuzz_tree", "interpret", *(f"capi_{name}" for name in CAPI)]
TESTS = [
    [BUILD / "tests/stress/stress", "--seeds", "300"],
    [BUILD / "tests/fuzz/fuzz_tree", COPY / "tests/fuzz/corpus/tree"],
    *([BUILD / f"tests/capi/capi_{name}"] for name in CAPI),
    [sys.executable, COPY / "tests/scenarios/check.py", "--lacks", COPY / "tests/scenarios/c.lacks", "--", BUILD / "tests/scenarios/interpret"],
]

SWAPS = [
    (r"==", ["!="]), (r"!=", ["=="]), (r" <= ", [" < ", " > "]), (r" >= ", [" > ", " < "]), (r" < ", [" <= ", " >= "]), (r" > ", [" >= ", " <= "]),
    (r"&&", ["||"]), (r"\|\|", ["&&"]), (r"\btrue\b", ["false"]), (r"\bfalse\b", ["true"]), (r"!(?=[\w(])", [""]), (r"(?<=[ (,]) ?\b1\b", ["2"]),
    (r"\bfor_answer\b", ["for_nothing"]), (r"\bfor_nothing\b", ["for_answer"]), (r"\bGL_OK\b", ["GL_THROWN"]), (r"\bGL_KILLED\b", ["GL_THROWN"]),
    (r"\bGL_THROWN\b", ["GL_OK"]), (r"\bunmark\(", ["mark("]),
]

DECLARATION = re.compile(r"(?!InCallback |return )(const )?[\w:]+ [*&]*\w+( = |\(|,|;|\{)")

Mutant = collections.namedtuple("Mutant", "line text start end new")


def masked(source):
    """The source with blanks for comments and strings, at the same places."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    return re.sub(r'//[^\n]*|"[^"\n]*"|^#[^\n]*', blank, source, flags=re.M)


def closing(code, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if not depth:
            return i + 1
    raise ValueError("unbalanced")


def changes(code):
    """(start, end, new) for each change."""
    for pattern, news in SWAPS:
        for match in re.finditer(pattern, code):
            for new in news:
                yield match.start(), match.end(), new
    for match in re.finditer(r"\b(if|while) \(", code):
        start, end = match.end(), closing(code, match.end() - 1) - 1
        condition = code[start:end]
        if ";" in condition or re.match(r"(auto|const|\w+ \*)", condition):
            continue
        if not re.search(r"&&|\|\|", condition) and re.search(r"^!|==|!=", condition):
            continue  # SWAPS has that
        yield start, end, f"!({condition})"
    for match in re.finditer(r"(?<== )([^=;?(){}]+|[^=;?]*\([^;?]*\)[^=;?]*)(?= \? )", code):
        yield match.start(), match.end(), f"!({match[0]})"
    # Statements, other than declarations. Locks are for ThreadSanitizer to judge.
    for match in re.finditer(r"(?<=[;{}:)\n])[ \n]*(?:else )?(?=[\w*(])(?!using|namespace|static|struct|enum|case|default|break|for |if |while |else)",
                             code):
        start = match.end()
        end = code.find(";", start) + 1
        statement = code[start:end]
        if DECLARATION.match(statement):
            continue
        if not end or "{" in statement or "}" in statement or statement.count("(") != statement.count(")"):
            continue
        yield start, end, ";"


def mutants(source):
    code, seen = masked(source), set()
    body = code.index("namespace gl {")
    for start, end, new in sorted(changes(code)):
        if start < body or (start, end, new) in seen:
            continue
        seen.add((start, end, new))
        line = source.count("\n", 0, start) + 1
        before, after = source.rfind("\n", 0, start) + 1, source.find("\n", end)
        text = " ".join(f"{source[before:start]}[{source[start:end]} -> {new}]{source[end:after]}".split())
        yield Mutant(line, text, start, end, new)


def prepare():
    COPY.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, COPY / name, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, COPY / name)
    configure = ["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DGREENLET_DEVELOPER=ON", "-DGREENLET_TEST_PLAIN=ON", "-DGREENLET_CHECKS=ON",
                 "-DGREENLET_INSTALL=OFF", "-DGREENLET_EXAMPLES=OFF", "-DCMAKE_BUILD_TYPE=Checked", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON",
                 "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_CXX_FLAGS=-O1 -w"]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    if not build():
        sys.exit("does not build unchanged")


def build():
    return subprocess.run(["ninja", "-C", BUILD, "-j2", *TARGETS], check=False, stdout=subprocess.DEVNULL).returncode == 0


def first_to_notice(limits):
    """Which test fails, or takes far longer than it should."""
    for number, test in enumerate(TESTS):
        started = time.monotonic()
        try:
            done = subprocess.run(test, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                                  timeout=limits[number] if number < len(limits) else 120)
        except subprocess.TimeoutExpired:
            return f"{test[0].name} (time)"
        if done.returncode:
            return pathlib.Path(test[1] if test[0] == sys.executable else test[0]).name
        if len(limits) <= number:
            limits.append(10 + 10 * (time.monotonic() - started))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", default="core/tree.cc")
    parser.add_argument("--lines", default="1-1000000")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    first, _, last = arguments.lines.partition("-")
    source = (ROOT / arguments.file).read_text(encoding="utf-8")
    chosen = [m for m in mutants(source) if int(first) <= m.line <= int(last or first)]
    if arguments.list:
        for mutant in chosen:
            print(f"{mutant.line}: {mutant.text}")
        print(len(chosen))
        return 0
    prepare()
    target, limits = COPY / arguments.file, []
    if first_to_notice(limits):
        sys.exit("the tests fail unchanged")
    counts, survivors = collections.Counter(), []
    for mutant in chosen:
        target.write_text(source[:mutant.start] + mutant.new + source[mutant.end:], encoding="utf-8")
        noticed = first_to_notice(limits) if build() else "compiler"
        if noticed:
            counts[noticed] += 1
        else:
            survivors.append(mutant)
        print(f"{mutant.line}: {mutant.text}: {noticed or 'SURVIVES'}", flush=True)
    target.write_text(source, encoding="utf-8")
    for name, count in counts.most_common():
        print(f"{count:4} noticed by {name}")
    print(f"{len(survivors):4} survive")
    print(f"{sum(counts.values())} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
