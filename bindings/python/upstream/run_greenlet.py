#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of PyPI's greenlet, unmodified, on libgreenlet.

    run_greenlet.py SDIST FOLDER [MODULE.CLASS.TEST...]

SDIST is its unpacked source archive. FOLDER, which must be on PYTHONPATH before libgreenlet's own, becomes a package `greenlet`: the shim, the tests
of the archive, and their two extension modules, compiled with libgreenlet's header. `greenlet.markers` names the tests that demand a leak which
libgreenlet does not have: they are held to leaking nothing. Ends with a line "N passed, N failed, N skipped".
"""

import importlib
import shlex
import shutil
import subprocess
import sys
import sysconfig
import unittest
from pathlib import Path

from libgreenlet.__main__ import write_shim

HERE = Path(__file__).resolve().parent


def compose(sdist, folder):
    """Makes the package, and compiles what is older than its source."""
    write_shim(folder)
    tests = folder / "greenlet" / "tests"
    shutil.copytree(sdist / "src" / "greenlet" / "tests", tests, dirs_exist_ok=True)
    shutil.copy(sdist / "src" / "greenlet" / "greenlet_compiler_compat.hpp", folder / "greenlet")
    for source, compiler in ((tests / "_test_extension.c", "CC"), (tests / "_test_extension_cpp.cpp", "CXX")):
        module = source.with_name(source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
        command = shlex.split(sysconfig.get_config_var(compiler))
        flags = ["-shared", "-fPIC", "-O1", "-w", "-I", sysconfig.get_path("include")]
        subprocess.run([*command, *flags, source, "-o", module], check=True)


def all_tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from all_tests(test)
        else:
            yield test


def remove_markers(suite, path):
    """Holds the tests that the file names to leaking nothing. What matches no marked test is an error, so that the file cannot rot."""
    tests = {test.id(): test for test in all_tests(suite)}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        versions, _, line = line.partition(" ")
        first, _, last = versions.partition("-")
        if not tuple(map(int, first.split("."))) <= sys.version_info[:2] <= tuple(map(int, last.split("."))):
            continue
        name, _, reason = line.partition(":")
        test = tests.get(f"greenlet.tests.{name}")
        method = test and getattr(getattr(test, test._testMethodName), "__wrapped__", None)
        if not reason.strip() or not getattr(method, "fails_leakcheck", False):
            sys.exit(f"{path}: wants 'FIRST-LAST TEST: reason' of a test that is marked to leak, got '{line}'")
        method.fails_leakcheck = False


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sdist, folder = Path(sys.argv[1]), Path(sys.argv[2])
    if str(folder) not in sys.path:
        sys.exit(f"{folder} is not on PYTHONPATH, and child processes would see another greenlet")
    compose(sdist, folder)
    importlib.invalidate_caches()  # the folder may be new
    loader = unittest.defaultTestLoader
    suite = loader.discover("greenlet.tests")
    remove_markers(suite, HERE / "greenlet.markers")
    if sys.argv[3:]:
        suite = loader.loadTestsFromNames(f"greenlet.tests.{name}" for name in sys.argv[3:])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
