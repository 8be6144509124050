# SPDX-License-Identifier: MIT
"""What run.py measures: how each part is run, what it tells, and the bounds that it judges."""
import harness

FLAGS = ("GL_SHARE_FP", "default")
PRIVATE, SMALL, SHARED, THREAD = KINDS = ("private", "private, 16 KiB", "shared", "thread's own")
NO_SHARED = "left out: this build of the library has no shared stacks"
BYTES_NEEDED = {PRIVATE: 5000, SMALL: 5000, SHARED: 1000, THREAD: 1000}  # for a sleeper, with room to spare
PROCESSES = 8
SOLID, DASHED, DOTTED = "none", "6 4", "1.5 3"


def with_ratio(value, floor):
    return f"{harness.figure(value)} ({value / floor:.2f})"


def bytes_name(value):
    return f"{value // 1024} KiB" if value >= 1024 else f"{value} B"


class Depth:
    title = "Depth: two greenlets on one shared stack; nanoseconds, and in brackets the ratio to the bare jumps and memcpy() of the same bytes"
    share = 0.3
    forms = {"visit": "visit from main and back", "direct": "switch to each other"}
    required = {120: 1.7, 1024: 1.6, 4096: 1.1, 16384: 1.1}
    pictured = (
        ("visit", "default", "visit", "#0b7285", SOLID),
        ("visit", "GL_SHARE_FP", "visit, GL_SHARE_FP", "#1098ad", SOLID),
        ("visit", "floor", "2 bare jumps, 2 memcpy", "#868e96", DASHED),
        ("direct", "GL_SHARE_FP", "direct, GL_SHARE_FP", "#d9480f", SOLID),
    )

    def measure(self, runner, seconds):
        return runner.timings("depth", PROCESSES, seconds)

    def lines(self, timings):
        """(form, wanted depth) -> {"live": bytes, what: nanoseconds}"""
        lines = {}
        for timing in timings:
            lines.setdefault((timing["form"], timing["depth"]), {"live": timing["live"]})[timing["what"]] = timing["best"]
        return lines

    def report(self, timings, verdicts):
        lines = self.lines(timings)
        for flags in FLAGS:
            for depth, required in self.required.items():
                line = lines.get(("visit", depth))
                ratio = line[flags] / line["floor"] if line else None
                verdicts.judge(f"shared, {flags}: a visit at {line['live'] if line else depth} B / floor", ratio, required)
        if not lines:
            return NO_SHARED
        rows = [["live bytes", "", "floor", *FLAGS]]
        for form, name in self.forms.items():
            for (of, _), line in lines.items():
                if of == form:
                    ours = [with_ratio(line[flags], line["floor"]) for flags in FLAGS]
                    rows.append([name, str(line["live"]), harness.figure(line["floor"]), *ours])
        return harness.table(rows)

    def picture(self, timings, machine):
        lines = self.lines(timings)
        series = [
            (name, colour, dashes, [(line["live"], line[what]) for (of, _), line in lines.items() if of == form])
            for form, what, name, colour, dashes in self.pictured
        ]
        ticks = {line["live"]: bytes_name(line["live"]) for (form, _), line in lines.items() if form == "visit"}
        return "A shared stack by the depth of its sleepers, nanoseconds", machine, "live bytes of each sleeper", ticks, series


class Occupant:
    title = "One occupant: main and one greenlet, there and back; nanoseconds a switch, and in brackets the ratio to a private stack"
    share = 0.1

    def measure(self, runner, seconds):
        return runner.timings("occupant", PROCESSES, seconds)

    def report(self, timings, verdicts):
        best = {(timing["kind"], timing["flags"]): timing["best"] for timing in timings}
        for flags in FLAGS:
            ours, private = best.get((SHARED, flags)), best[PRIVATE, flags]
            verdicts.judge(f"one occupant, {flags}: shared / private", ours and ours / private, 1.15)
        rows = [["", *FLAGS]]
        rows += [[kind, *(with_ratio(best[kind, flags], best[PRIVATE, flags]) for flags in FLAGS)] for kind in KINDS if (kind, FLAGS[0]) in best]
        return harness.table(rows)


class Live:
    title = "Number: main visits all of many sleepers; nanoseconds a switch, with gl_prefetch() some visits ahead"
    share = 0.4
    counts = {10: "10", 100: "100", 1000: "1 k", 10_000: "10 k", 100_000: "100 k", 1_000_000: "1 M"}
    orders = ("in order", "at random")
    aheads = (0, 1, 2, 4, 8)
    judged = 100_000
    colours = {PRIVATE: "#0b7285", SHARED: "#d9480f"}

    def measure(self, runner, seconds):
        results = []
        counts = [count for count in self.counts if count < 1_000_000 or not runner.quick]
        weights = {count: 3 if count >= self.judged else 1 for count in counts}
        for kind in (PRIVATE, SHARED):
            for count in counts:
                if not harness.has_memory(count * BYTES_NEEDED[kind]):
                    continue
                slot = seconds * weights[count] / sum(weights.values()) / 2
                # A million are made in some seconds, so once has to do.
                processes = 1 if count > self.judged else 3
                runs = [runner.run("live", kind, count, slot / processes) for _ in range(processes)]
                if not runs[0]["asleep"]:
                    break
                timings = harness.merge([run["timings"] for run in runs])
                results.append({"kind": kind, "count": count, "asleep": runs[0]["asleep"], "timings": timings})
        return results

    def report(self, results, verdicts):
        rows = [["", "", *("no prefetch" if not ahead else f"{ahead} ahead" for ahead in self.aheads)]]
        for result in results:
            best = self.best(result)
            for order in self.orders:
                cells = (harness.figure(best[order, ahead]) if best else "-" for ahead in self.aheads)
                rows.append([f"{result['kind']}, {self.counts[result['count']]}", order if best else f"only {result['asleep']} could sleep", *cells])
            if best and result["count"] == self.judged:
                self.judge(result["kind"], best, verdicts)
        return harness.table(rows)

    def best(self, result):
        return {(timing["order"], timing["ahead"]): timing["best"] for timing in result["timings"]}

    def judge(self, kind, best, verdicts):
        without = best["at random", 0]
        prefetched, ahead = min((best["at random", ahead], ahead) for ahead in self.aheads[1:])
        required = 2.0 if kind == PRIVATE else None
        label = f"{kind}, 100,000 at random: "
        verdicts.judge(f"{label}without / with prefetch {ahead} ahead", without / prefetched, required, at_least=True)
        verdicts.judge(f"{label}with prefetch {ahead} ahead", prefetched, goal=100 if kind == PRIVATE else None, unit=" ns")

    def picture(self, results, machine):
        series = []
        for kind, colour in self.colours.items():
            bests = [(result["count"], self.best(result)) for result in results if result["kind"] == kind and result["timings"]]
            curves = (
                ("in order", DOTTED, lambda best: best["in order", 0]),
                ("at random", SOLID, lambda best: best["at random", 0]),
                ("at random, prefetched", DASHED, lambda best: min(best["at random", ahead] for ahead in self.aheads[1:])),
            )
            if bests:
                series += [(f"{kind}, {name}", colour, dashes, [(count, pick(best)) for count, best in bests]) for name, dashes, pick in curves]
        ticks = {count: name for count, name in self.counts.items() if any(result["count"] == count for result in results)}
        return "A switch by the number of sleepers, nanoseconds", machine, "greenlets that sleep", ticks, series


class Memory:
    title = "Memory: what one of a million sleepers takes, in bytes; in brackets page tables. Mappings are those of the process"
    share = 0
    bounds = {PRIVATE: (4400, None), SMALL: (4400, None), SHARED: (320, 200), THREAD: (None, None)}

    def measure(self, runner, _seconds):
        count = 100_000 if runner.quick else 1_000_000
        return {kind: runner.run("memory", kind, count) for kind in KINDS if harness.has_memory(count * BYTES_NEEDED[kind])}

    def report(self, results, verdicts):
        rows = [["", "asleep", "bytes each", "of copies", "mappings"]]
        for kind in KINDS:
            result = results.get(kind)
            asleep = result["asleep"] if result else 0
            if not asleep:
                rows.append([kind, "-", "not enough memory" if not result else "no such stacks", "-", "-"])
                verdicts.judge(f"{kind}: bytes resident", None)
                continue
            resident, tables = result["resident"] / asleep, result["page_tables"] / asleep
            number = f"{asleep}" if result["status"] == "GL_OK" else f"{asleep}, then {result['status']}"
            rows.append([kind, number, f"{resident:.0f} ({tables:.0f})", f"{result['slice_bytes'] / asleep:.0f}", str(result["mappings"])])
            required, goal = self.bounds[kind]
            if required:
                verdicts.judge(f"{kind}: bytes resident", resident, required, goal, unit=" B")
                verdicts.judge(f"{kind}: bytes of page tables", tables, 600, unit=" B")
                verdicts.judge(f"{kind}: mappings", result["mappings"], 1000)
        return harness.table(rows)


class Threads:
    title = "Threads: two threads that switch, against one; switches in the same time, against what the bare jump gains"
    share = 0.1
    bare = "bare jump"

    def measure(self, runner, seconds):
        runs = [runner.run("threads", seconds / 4, all_processors=True)["timings"] for _ in range(4)]
        return [sorted(others, key=self.gain)[len(others) // 2] for others in zip(*runs)]

    def gain(self, timing):
        alone, beside = (sum(1 / nanoseconds for nanoseconds in timing[key]) for key in ("alone", "beside"))
        return 2 * beside / alone

    def report(self, timings, verdicts):
        gains = {timing["what"]: self.gain(timing) for timing in timings}
        for flags in FLAGS:
            verdicts.judge(f"two threads, {flags}: gain / the bare jump's", gains[flags] / gains[self.bare] if gains else None, 0.93, at_least=True)
        if not gains:
            return "left out: there is only one processor"
        rows = [["", "one, ns a switch", "two, ns a switch", "two / one, switches"]]
        for timing in timings:
            rows.append([timing["what"], *(harness.figure(sum(timing[key]) / 2) for key in ("alone", "beside")), f"{gains[timing['what']]:.3f}"])
        return harness.table(rows)


class Create:
    title = "Life: make, run, end, free; nanoseconds"
    share = 0.05

    def measure(self, runner, seconds):
        return runner.timings("create", 4, seconds)

    def report(self, timings, _verdicts):
        return harness.table([[timing["kind"], harness.figure(timing["best"])] for timing in timings])


PARTS = {"depth": Depth(), "occupant": Occupant(), "live": Live(), "memory": Memory(), "threads": Threads(), "create": Create()}
