# SPDX-License-Identifier: MIT
"""python -m libgreenlet enable|disable|shim DIR: who is `greenlet` in this environment, or for a PYTHONPATH."""

import argparse
import shutil
import site
import subprocess
import sys
import sysconfig
from pathlib import Path

import libgreenlet

SHIM = Path(libgreenlet.__file__).parent / "shim"
PTH = "libgreenlet.pth"
ASK = "import greenlet, libgreenlet; print(greenlet.__file__); raise SystemExit(greenlet.greenlet is not libgreenlet.greenlet)"


def site_folder() -> Path:
    """Where a .pth file is read at every start: beside libgreenlet in a user's own folder, else this environment's."""
    user = site.getusersitepackages()
    return Path(user if Path(user) == SHIM.parent.parent else sysconfig.get_path("purelib"))


def enable() -> None:
    """Puts the shim in front for every start of this interpreter. Nothing is imported before someone does."""
    pth = site_folder() / PTH
    pth.write_text(f"import sys; sys.path.insert(0, {ascii(str(SHIM))})\n", encoding="ascii")
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=SHIM.parent, capture_output=True, text=True)
    if asked.returncode:
        pth.unlink()
        sys.exit("libgreenlet: not enabled, for greenlet is still another: " + (asked.stdout or asked.stderr).strip())
    print(f"greenlet is libgreenlet's now: {pth}")


def disable() -> None:
    """Takes back what enable() did."""
    pth = site_folder() / PTH
    if pth.exists():
        pth.unlink()
        print(f"removed {pth}")
    else:
        print("it was not enabled")


def is_ours(package: Path) -> bool:
    """Is a package `greenlet` one that write_shim() wrote?"""
    try:
        return "from libgreenlet import" in (package / "__init__.py").read_text(encoding="utf-8")
    except OSError:
        return False


def write_shim(folder: Path) -> None:
    """Writes a package `greenlet` that forwards here, its header and its metadata, into a folder for PYTHONPATH."""
    package = folder / "greenlet"
    if package.exists() and not is_ours(package):
        sys.exit(f"libgreenlet: {package} is another's; nothing was written")
    for old in folder.glob("greenlet-*.egg-info"):
        if (old / "INSTALLER").is_file() and (old / "INSTALLER").read_text(encoding="utf-8").strip() == "libgreenlet":
            shutil.rmtree(old)
    shutil.copytree(SHIM, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    print(f"PYTHONPATH={folder}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m libgreenlet", description="Who is `greenlet` when Python code imports it?")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("enable", help="libgreenlet, from the next start on (writes a .pth file into site-packages)")
    commands.add_parser("disable", help="whoever was it before `enable`")
    shim = commands.add_parser("shim", help="libgreenlet, where DIR is on PYTHONPATH (writes a small package and its C header)")
    shim.add_argument("folder", metavar="DIR", type=Path)
    options = parser.parse_args()
    try:
        if options.command == "shim":
            write_shim(options.folder)
        elif options.command == "enable":
            enable()
        else:
            disable()
    except OSError as failure:
        sys.exit(f"libgreenlet: {failure}")


if __name__ == "__main__":
    main()
