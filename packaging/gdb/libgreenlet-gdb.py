# SPDX-License-Identifier: MIT
"""Shows greenlets in gdb: those of all threads, in a live process or a core file.

greenlets                    lists them
greenlet N                   selects one: bt, up, frame and info locals show where it waits
greenlet                     tells which one is selected
greenlet off                 back to what really runs (so does going on)
greenlet apply N... COMMAND  does COMMAND with each of them
greenlet apply all COMMAND

N is a number from the list, or an expression with a gl_greenlet's address. All is read by gl_debug, a table in the library (core/layout.h), so that
debug information is needed for the program's frames alone."""

import os
import re
import struct
import tempfile

import gdb
from gdb.unwinder import Unwinder, register_unwinder

# core/layout.h, in the same order.
FIELDS = """frame_size home_bits life_started kind_of_one kind_of_thread
realm_next realm_current realm_main realm_thread_errno
greenlet_home greenlet_sp greenlet_life greenlet_parent greenlet_slice greenlet_stack greenlet_next greenlet_rare
rare_name rare_killers rare_base rare_saved
stack_kind stack_low stack_size stack_in_place""".split()
VERSION = 1

# Where the C library keeps errno is near to what this register of the same thread points to.
THREAD_POINTERS = ("fs_base", "tpidr", "tp", "gs_base")
LONGEST_NAME = 200


# --- Memory -----------------------------------------------------------------------------------------------------------


def byte_order():
    return "big" if "big endian" in gdb.execute("show endian", to_string=True) else "little"


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def number(address, size):
    return int.from_bytes(read(address, size), byte_order())


def pointer(address):
    return number(address, gdb.lookup_type("char").pointer().sizeof)


def string(address):
    text = b""
    while address and len(text) < LONGEST_NAME:
        byte = read(address + len(text), 1)
        if byte == b"\0":
            break
        text += byte
    return text.decode("utf-8", "replace")


# --- What the library says --------------------------------------------------------------------------------------------


class Layout:
    """One copy of the library in the process."""

    def __init__(self, address):
        word = gdb.lookup_type("char").pointer().sizeof
        version, size = number(address, 4), number(address + 4, 4)
        start = address + 8 + 2 * word
        if version != VERSION or (size - 8 - 2 * word) // 4 < len(FIELDS):
            raise gdb.GdbError("the libgreenlet in this process is not the one that this script belongs to")
        for i, name in enumerate(FIELDS):
            setattr(self, name, number(start + 4 * i, 4))
        self.address = address
        self.word = word
        self.realms = pointer(address + 8)
        self.frame_registers = string(pointer(address + 8 + word)).split()


def layouts():
    """Without debug information a variable has a place in `info variables` but no type; with it, a symbol."""
    found = set()
    for objfile in gdb.objfiles():
        symbol = objfile.lookup_global_symbol("gl_debug") or objfile.lookup_static_symbol("gl_debug")
        if symbol:
            found.add(int(symbol.value().address))
    listed = gdb.execute("info variables ^gl_debug$", to_string=True)
    found.update(int(address, 16) for address in re.findall(r"^(0x[0-9a-f]+)\s+gl_debug", listed, re.MULTILINE))
    usable = []
    for address in sorted(found):
        try:
            usable.append(Layout(address))
        except gdb.MemoryError:
            pass  # not loaded yet
    return usable


class Greenlet:
    def __init__(self, layout, address, realm, thread, is_main):
        self.layout, self.address, self.realm, self.thread, self.is_main = layout, address, realm, thread, is_main
        self.running = pointer(realm + layout.realm_current) == address
        self.started = number(address + layout.greenlet_life, 1) == layout.life_started
        self.rare = pointer(address + layout.greenlet_rare)

    @property
    def parent(self):
        return pointer(self.rare + self.layout.rare_killers) or pointer(self.address + self.layout.greenlet_parent)

    @property
    def name(self):
        return string(pointer(self.rare + self.layout.rare_name)) or ("main" if self.is_main else "")

    @property
    def state(self):
        return "running" if self.running else "suspended" if self.started else "unstarted"

    @property
    def sp(self):
        """Of one that waits; 0: it has not entered its stack yet."""
        return pointer(self.address + self.layout.greenlet_sp)

    @property
    def stack(self):
        return pointer(self.address + self.layout.greenlet_stack)

    @property
    def kind(self):
        kind = number(self.stack + self.layout.stack_kind, 1)
        return {self.layout.kind_of_one: "private", self.layout.kind_of_thread: "thread's"}.get(kind, "shared")

    @property
    def base(self):
        """Where its bytes end. 0: unknown."""
        if self.kind != "thread's":
            return self.stack
        return 0 if self.is_main else pointer(self.rare + self.layout.rare_base)

    @property
    def moved(self):
        """How many bytes, from the stack pointer upward, are in its buffer."""
        if self.kind == "private" or self.running or not self.sp:
            return 0
        if self.kind == "thread's":
            return pointer(self.rare + self.layout.rare_saved)
        return 0 if pointer(self.stack + self.layout.stack_in_place) == self.address else self.base - self.sp

    def use(self):
        """The stack in words."""
        if not self.started:
            return "-"
        text = self.kind
        sp = self.sp
        if self.running and self.thread:
            sp = stack_pointer_of(self.thread)
        if sp and self.base > sp:
            text += f" {self.base - sp}"
            if self.kind != "thread's":
                text += f"/{pointer(self.stack + self.layout.stack_size)}"
        return text + (f", {self.moved} moved out" if self.moved else "")


def stack_pointer_of(thread):
    with selected_thread(thread):
        return as_address(gdb.newest_frame().read_register("sp"))


def greenlets():
    """All that are not dead, by copy of the library, thread and age."""
    found = []
    for layout in layouts():
        realm = pointer(layout.realms)
        while realm:
            thread = thread_of(layout, realm)
            main = realm + layout.realm_main
            address = main
            while True:
                life = number(address + layout.greenlet_life, 1)
                if life <= layout.life_started:
                    found.append(Greenlet(layout, address, realm, thread, address == main))
                address = pointer(address + layout.greenlet_next)
                if address in (0, main):
                    break
            realm = pointer(realm + layout.realm_next)
    return sorted(found, key=lambda greenlet: greenlet.thread.num if greenlet.thread else 0)


# --- Threads ----------------------------------------------------------------------------------------------------------


def as_address(value):
    return int(value) & (1 << 8 * gdb.lookup_type("char").pointer().sizeof) - 1


class selected_thread:
    """While this lasts, `thread` is selected, and what really runs there is seen."""

    def __init__(self, thread):
        self.thread = thread

    def __enter__(self):
        self.before, self.selection = gdb.selected_thread(), Selection.current
        self.frame = gdb.selected_frame() if self.before else None
        if self.selection:
            Selection.current = None
            gdb.invalidate_cached_frames()
        self.thread.switch()

    def __exit__(self, *_):
        if self.before:
            self.before.switch()
        if self.selection:
            Selection.current = self.selection
            gdb.invalidate_cached_frames()
            self.selection.select_frame()
        elif self.frame and self.frame.is_valid():
            self.frame.select()


def thread_pointer(thread):
    with selected_thread(thread):
        for register in THREAD_POINTERS:
            try:
                return as_address(gdb.newest_frame().read_register(register))
            except ValueError:
                continue
    return None


def thread_of(layout, realm):
    """The gdb thread, if it can be told: the one whose thread-locals lie nearest to the realm's errno."""
    errno = pointer(realm + layout.realm_thread_errno)
    known = [(thread_pointer(thread), thread) for thread in gdb.selected_inferior().threads()]
    near = [(abs(place - errno), thread.num, thread) for place, thread in known if place]
    return min(near)[2] if near else None


# --- The selected one -------------------------------------------------------------------------------------------------


class Overlay:
    """Shows the bytes of a greenlet that is moved out in their place: as read-only contents of a file, which gdb prefers to memory if told to. So nothing
    is written to the process, and core files can do it too."""

    def __init__(self, greenlet):
        slice = pointer(greenlet.address + greenlet.layout.greenlet_slice)
        self.trust = gdb.parameter("trust-readonly-sections")
        with tempfile.NamedTemporaryFile(suffix=".o", delete=False) as file:
            file.write(relocatable(read(slice, greenlet.moved)))
            self.path = file.name
        gdb.execute(f"add-symbol-file {self.path} -s .greenlet {greenlet.sp:#x}", to_string=True)
        gdb.execute("set trust-readonly-sections on")

    def remove(self):
        gdb.execute(f"remove-symbol-file {self.path}", to_string=True)
        gdb.execute("set trust-readonly-sections " + ("on" if self.trust else "off"))
        os.unlink(self.path)


def relocatable(contents):
    """An ELF object of the program's machine, with `contents` as its one read-only section."""
    with open(gdb.current_progspace().filename or gdb.objfiles()[0].filename, "rb") as program:
        ident, machine = program.read(16), program.read(4)[2:]
    order = "<" if ident[5] == 1 else ">"
    wide = ident[4] == 2
    names = b"\0.greenlet\0.shstrtab\0"
    header, section = (64, 64) if wide else (52, 40)
    address, entry = ("Q", "IIQQQQIIQQ") if wide else ("I", "IIIIIIIIII")
    sections = header + len(contents) + len(names)
    sections += -sections % 16
    elf = ident + struct.pack(order + "H", 1) + machine
    elf += struct.pack(order + "I" + 3 * address + "IHHHHHH", 1, 0, 0, sections, 0, header, 0, 0, section, 3, 2)
    elf += contents + names
    elf += bytes(sections - len(elf)) + bytes(section)
    elf += struct.pack(order + entry, 1, 1, 2, 0, header, len(contents), 0, 0, 16, 0)
    return elf + struct.pack(order + entry, 11, 3, 0, 0, header + len(contents), len(names), 0, 0, 1, 0)


class Selection:
    """A greenlet that waits, seen by way of a thread: whoever that thread runs seems to have been called by it."""

    current = None

    def __init__(self, greenlet):
        layout = greenlet.layout
        self.greenlet = greenlet
        self.thread = greenlet.thread or gdb.selected_thread()
        self.sp = greenlet.sp
        words = read(greenlet.sp if not greenlet.moved else pointer(greenlet.address + layout.greenlet_slice), layout.frame_size)
        values = [int.from_bytes(words[i : i + layout.word], byte_order()) for i in range(0, layout.frame_size, layout.word)]
        values.append(greenlet.sp + layout.frame_size)
        if not any(values[:-1]):
            raise gdb.GdbError("its stack is not in this core file (gdb's generate-core-file leaves out what lies behind guard pages)")
        self.registers = {name: value for name, value in zip(layout.frame_registers, values) if name != "-"}
        self.thread.switch()
        frame = gdb.newest_frame()
        self.running = as_address(frame.read_register("pc")), as_address(frame.read_register("sp"))
        self.overlay = Overlay(greenlet) if greenlet.moved else None
        Selection.current = self
        gdb.invalidate_cached_frames()
        self.first_level = 0
        self.select_frame()

    def select_frame(self):
        """The first frame of the greenlet: behind those of the running function, which may have others inlined."""
        frame = gdb.newest_frame()
        while frame.type() == gdb.INLINE_FRAME and frame.older():
            frame = frame.older()
        frame = frame.older() or frame
        self.first_level = frame.level()
        frame.select()

    def is_seen(self):
        thread = gdb.selected_thread()
        return thread is not None and thread.ptid == self.thread.ptid

    @classmethod
    def drop(cls):
        selection, cls.current = cls.current, None
        if not selection:
            return
        if selection.overlay:
            selection.overlay.remove()
        gdb.invalidate_cached_frames()


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class GreenletUnwinder(Unwinder):
    """Goes on from what runs in the thread to the frame that the selected greenlet saved."""

    def __init__(self):
        super().__init__("greenlet")

    def __call__(self, frame):
        selection = Selection.current
        if not selection or not selection.is_seen():
            return None
        pc, sp = frame.read_register("pc"), frame.read_register("sp")
        if (as_address(pc), as_address(sp)) != selection.running:
            return None
        # gdb wants the stack pointers of frames to rise.
        info = frame.create_unwind_info(FrameId(gdb.Value(selection.sp).cast(sp.type), pc))
        for name, value in selection.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(frame.read_register(name).type))
        return info


class GreenletFrames:
    """Leaves out of backtraces what runs meanwhile."""

    name, enabled, priority = "greenlet", True, 100

    def filter(self, frames):
        selection = Selection.current
        if not selection or not selection.is_seen():
            return frames
        return (frame for frame in frames if frame.inferior_frame().level() >= selection.first_level)


# --- Commands ---------------------------------------------------------------------------------------------------------


def function_at(pc):
    """What gdb calls the function around a return address, and where that is."""
    symbol = gdb.execute(f"info symbol {pc - 1:#x}", to_string=True)
    name = symbol.split(" in section ")[0].split(" + ")[0] if "No symbol" not in symbol else f"{pc:#x}"
    place = gdb.find_pc_line(pc - 1)
    return f"{name} at {os.path.basename(place.symtab.filename)}:{place.line}" if place.symtab else name


def where(greenlet):
    """The innermost frame that is not the library's own."""
    if not greenlet.started:
        return ""
    if greenlet.running:
        if not greenlet.thread:
            return ""
        with selected_thread(greenlet.thread):
            return function_at(gdb.newest_frame().pc() + 1)
    if not greenlet.sp:
        return "about to begin"
    try:
        with seen(greenlet):
            frame = gdb.selected_frame()
            while frame.older() and is_internal(frame):
                frame = frame.older()
            return function_at(frame.pc())
    except gdb.error:
        return "?"


def is_internal(frame):
    """A function of the library, or one that has been inlined there. Of a stripped library, not all have names."""
    if re.match("gl_|gl::|_ZN2gl", function_at(frame.pc())):
        return True
    library = gdb.solib_name(frame.pc())
    return library is not None and "libgreenlet" in os.path.basename(library)


class seen:
    """While this lasts, `greenlet` is selected."""

    def __init__(self, greenlet):
        self.greenlet = greenlet

    def __enter__(self):
        self.thread, self.before = gdb.selected_thread(), Selection.current
        select(self.greenlet)

    def __exit__(self, *_):
        Selection.drop()
        self.thread.switch()
        if self.before:
            Selection(self.before.greenlet)


def select(greenlet):
    Selection.drop()
    if greenlet.running:
        if not greenlet.thread:
            raise gdb.GdbError("it runs, but gdb does not know which thread is its own")
        greenlet.thread.switch()
        gdb.newest_frame().select()
    elif not greenlet.started:
        raise gdb.GdbError("it has not started yet")
    elif not greenlet.sp:
        raise gdb.GdbError("it is about to begin")
    else:
        Selection(greenlet)


def find(known, text):
    if text.isdigit() and 0 < int(text) <= len(known):
        return known[int(text) - 1]
    address = as_address(gdb.parse_and_eval(text))
    for greenlet in known:
        if greenlet.address == address:
            return greenlet
    raise gdb.GdbError(f"no greenlet {text}; `greenlets` lists them")


def numbered():
    if not gdb.selected_thread():
        raise gdb.GdbError("no process and no core file")
    known = greenlets()
    if not known:
        raise gdb.GdbError("no greenlets here")
    return known


def title(known, greenlet):
    return f"Greenlet {known.index(greenlet) + 1} ({greenlet.address:#x} {greenlet.name!r}, {greenlet.state})"


def is_selected(greenlet):
    if Selection.current:
        return Selection.current.greenlet.address == greenlet.address
    return greenlet.running and greenlet.thread is not None and greenlet.thread.ptid == gdb.selected_thread().ptid


class Greenlets(gdb.Command):
    """Lists the greenlets of all threads: number, state, number of the parent, address and name, stack (bytes in use / bytes it has), and where each one is."""

    def __init__(self):
        super().__init__("greenlets", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        known = numbered()
        numbers = {greenlet.address: i for i, greenlet in enumerate(known, 1)}
        rows = [(" ", "Num", "State", "Parent", "Greenlet", "Stack", "Where")]
        threads = [None]
        for i, greenlet in enumerate(known, 1):
            parent = numbers.get(greenlet.parent, f"{greenlet.parent:#x}" if greenlet.parent else "-")
            label = f"{greenlet.address:#x} {greenlet.name}".strip()
            mark = "*" if is_selected(greenlet) else " "
            rows.append((mark, str(i), greenlet.state, str(parent), label, greenlet.use(), where(greenlet)))
            threads.append(greenlet)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] + [0]
        realm = None
        for row, greenlet in zip(rows, threads):
            if greenlet and greenlet.realm != realm:
                realm = greenlet.realm
                thread = greenlet.thread
                gdb.write(f"Thread {thread.num} ({thread.name}, LWP {thread.ptid[1]})\n" if thread else "A thread\n")
            gdb.write("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() + "\n")


class SelectGreenlet(gdb.Command):
    """greenlet [N | off]: selects greenlet N, so that bt, up, frame and info locals show where it waits; `off` shows what really runs again."""

    def __init__(self):
        super().__init__("greenlet", gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)

    def invoke(self, argument, from_tty):
        if argument == "off":
            Selection.drop()
            gdb.newest_frame().select()
            return
        known = numbered()
        if argument:
            select(find(known, argument))
        for greenlet in known:
            if is_selected(greenlet):
                gdb.write(f"[{title(known, greenlet)}]\n")
        if argument:
            gdb.execute("frame")


class ApplyToGreenlets(gdb.Command):
    """greenlet apply {all | N...} COMMAND: does COMMAND with each of these greenlets that has started."""

    def __init__(self):
        super().__init__("greenlet apply", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        known = numbered()
        words = argument.split()
        chosen = known
        if words and words[0] == "all":
            words.pop(0)
        else:
            chosen = []
            while words and re.fullmatch(r"\d+|0x[0-9a-f]+", words[0]):
                chosen.append(find(known, words.pop(0)))
        if not chosen or not words:
            raise gdb.GdbError("greenlet apply {all | N...} COMMAND")
        for greenlet in chosen:
            if not greenlet.started or (not greenlet.running and not greenlet.sp):
                continue
            gdb.write(f"\n{title(known, greenlet)}:\n")
            try:
                with seen(greenlet):
                    gdb.execute(" ".join(words))
            except gdb.error as error:
                gdb.write(f"{error}\n")


def forget(_):
    Selection.drop()


Greenlets()
SelectGreenlet()
ApplyToGreenlets()
register_unwinder(None, GreenletUnwinder(), replace=True)
gdb.frame_filters[GreenletFrames.name] = GreenletFrames()
for event in (gdb.events.cont, gdb.events.exited):
    event.connect(forget)
