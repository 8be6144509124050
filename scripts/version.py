#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""VERSION is the one truth. `version.py bump X.Y.Z` writes it everywhere, `version.py check` says who disagrees."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def plain(major, minor, patch):
    return f"{major}.{minor}.{patch}"


def number(major, minor, patch):
    return str(major * 10000 + minor * 100 + patch)


# path, the text around the version (in one group), how it is written there
PLACES = [
    ("VERSION", r"^(\S+)$", plain),
    ("capi/greenlet.h", r"^#define GL_VERSION (\d+)$", number),
    ("capi/greenlet.h", r"^/\*\* (\d+\.\d+\.\d+) as major \* 10000", plain),
    ("bindings/rust/Cargo.toml", r'^version = "(\S+)"$', plain),
    ("bindings/rust/greenlet/Cargo.toml", r'^greenlet-sys = .*version = "(\S+)"', plain),
    ("bindings/rust/Cargo.lock", r'^name = "greenlet"\nversion = "(\S+)"$', plain),
    ("bindings/rust/Cargo.lock", r'^name = "greenlet-sys"\nversion = "(\S+)"$', plain),
    ("bindings/node/package.json", r'^  "version": "(\S+)",$', plain),
    ("bindings/node/package-lock.json", r'^  "version": "(\S+)",$', plain),
    ("bindings/node/package-lock.json", r'^      "version": "(\S+)",$', plain),
    ("bindings/python/src/libgreenlet/__init__.py", r'^__version__ = "(\S+)"$', plain),
]


def parse(text):
    match = re.fullmatch(r"(\d+)\.(\d\d?)\.(\d\d?)", text.strip())
    if not match:
        sys.exit(f"not a version of the form X.Y.Z: {text.strip()!r}")
    return tuple(int(part) for part in match.groups())


def places():
    """Yields path, text and match for each place; a place without a version is a fault of PLACES."""
    for name, pattern, form in PLACES:
        path = ROOT / name
        text = path.read_text()
        match = re.search(pattern, text, re.MULTILINE)
        if not match:
            sys.exit(f"{name}: no version where {pattern!r} looks for it")
        yield path, text, match, form


def bump(version):
    for path, text, match, form in places():
        path.write_text(text[: match.start(1)] + form(*version) + text[match.end(1) :])
        print(f"{path.relative_to(ROOT)}: {match.group(1)} -> {form(*version)}")


def check():
    version = parse((ROOT / "VERSION").read_text())
    wrong = [(path, match.group(1)) for path, _, match, form in places() if match.group(1) != form(*version)]
    for path, found in wrong:
        print(f"{path.relative_to(ROOT)} says {found}, VERSION says {plain(*version)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "bump":
        bump(parse(sys.argv[2]))
    elif sys.argv[1:] == ["check"]:
        sys.exit(check())
    else:
        sys.exit(__doc__)
