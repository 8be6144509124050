#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks in the disassembly that the fast path of gl_switch() and gl_throw() ends in a jump to gl_arch_swap().

Nothing must run after the stacks are swapped, and the return must go straight to the caller of whoever resumes: so there
has to be a way from the function's first instruction to that jump with no call on it. Slow paths may branch off anywhere.

    sibling_call.py LIBRARY OBJDUMP
"""
import re
import subprocess
import sys

FUNCTIONS = ["gl_switch", "gl_throw"]
TARGET = "gl_arch_swap"
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")

# By `objdump -f`'s architecture: instructions that call, that never go on to the next one, and that may go elsewhere.
CALLS = {"i386:x86-64": re.compile(r"call"), "aarch64": re.compile(r"blr?$"), "riscv:rv64": re.compile(r"jalr?$")}
ENDS = {"i386:x86-64": re.compile(r"jmp|ret|ud2|hlt"), "aarch64": re.compile(r"br?$|ret|brk|udf"), "riscv:rv64": re.compile(r"jr?$|ret|tail|ebreak|unimp")}
JUMPS = {
    "i386:x86-64": re.compile(r"j"),
    "aarch64": re.compile(r"b$|b\.|cbn?z|tbn?z"),
    "riscv:rv64": re.compile(r"j$|tail|b(eq|ne|lt|ge|gt|le)"),
}


def objdump(*options):
    return subprocess.run([sys.argv[2], *options], check=True, capture_output=True, text=True).stdout


def instructions(library, function):
    """Address -> (mnemonic, operands), in order."""
    found = {}
    for line in objdump("-d", "--no-show-raw-insn", f"--disassemble={function}", library).splitlines():
        match = LINE.match(line)
        if match:
            mnemonic, operands = match[2], match[3]
            if mnemonic in ("bnd", "notrack"):
                mnemonic, _, operands = operands.partition(" ")
            found[int(match[1], 16)] = (mnemonic, operands)
    return found


def destination(operands):
    match = re.search(r"([0-9a-f]+) <([^>]*)>", operands)
    return (int(match[1], 16), match[2]) if match else (None, "")


def shortest_way(code, cpu):
    """How many instructions the shortest way to the jump has; None: there is none without a call."""
    addresses = sorted(code)
    following = dict(zip(addresses, addresses[1:]))
    steps = [(address, 1) for address in addresses[:1]]
    seen = set()
    for address, length in steps:  # grows while it is walked: breadth first
        if address in seen or address not in code:
            continue
        seen.add(address)
        mnemonic, operands = code[address]
        if CALLS[cpu].match(mnemonic):
            continue
        if JUMPS[cpu].match(mnemonic):
            target, name = destination(operands)
            if name == TARGET:
                return length
            steps.append((target, length + 1))
        if not ENDS[cpu].match(mnemonic):
            steps.append((following.get(address), length + 1))
    return None


def main():
    library = sys.argv[1]
    cpu = re.search(r"architecture: ([^,\s]+)", objdump("-f", library))[1]
    if cpu not in CALLS:
        print(f"this test knows no {cpu}: skipped")
        return 77
    failed = 0
    for function in FUNCTIONS:
        length = shortest_way(instructions(library, function), cpu)
        failed += length is None
        print(f"{function}: " + (f"jumps to {TARGET} after {length - 1} instructions" if length else f"no way to a jump to {TARGET} without a call"))
    print(f"{len(FUNCTIONS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
