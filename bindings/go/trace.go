// SPDX-License-Identifier: MIT

package greenlet

import (
	"runtime/debug"
	"slices"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// Event is what a tracing function is told.
type Event int

// In the order in which they come when there are several.
const (
	EventSwitch Event = iota // a value goes from one to the other
	EventThrow               // an error, or a request to end
	EventStart               // after the EventSwitch that starts to
	EventEnd                 // from has ended; what carries its outcome follows
)

// String returns the event in small letters.
func (e Event) String() string { return [...]string{"switch", "throw", "start", "end"}[e] }

type tracer struct{ f func(e Event, from, to *G) }

// Trace has f called for each transfer, before it happens, while the one that leaves is still current (rule 27). Functions are called in the order in which
// they were added. Inside f nobody can be switched to ([ErrBusy]). A panic in f removes it, and [Tree.SetUnhandled]'s function is told; f must not call
// [runtime.Goexit]. The function that Trace returns removes f.
func (t *Tree) Trace(f func(e Event, from, to *G)) (remove func()) {
	t.checkCaller()
	if t.realm == 0 {
		panic(ErrClosed)
	}
	if t.trace == 0 {
		if t.trace = core.TraceStart(t.realm); t.trace == 0 {
			panic(ErrMemory)
		}
	}
	added := &tracer{f}
	t.tracers = append(slices.Clip(t.tracers), added)
	return func() {
		t.checkCaller()
		t.removeTracer(added)
	}
}

func (t *Tree) removeTracer(r *tracer) {
	r.f = nil
	t.tracers = slices.DeleteFunc(slices.Clone(t.tracers), func(other *tracer) bool { return other == r })
	if len(t.tracers) == 0 && t.trace != 0 && t.realm != 0 {
		core.TraceStop(t.realm, t.trace)
		t.trace = 0
	}
}

// tellTracers tells what the core's last decision consists of. Each event is that of its `from`, which is current for that time.
func (t *Tree) tellTracers() {
	cur := t.cur
	t.notice.Or(tracing)
	for t.trace != 0 {
		packed := core.TraceTake(t.trace)
		if packed < 0 {
			break
		}
		const slot = 1<<30 - 1
		event, from, to := Event(packed>>60), t.slots[packed>>30&slot], t.slots[packed&slot]
		t.cur = from
		for _, tracer := range t.tracers {
			t.tellTracer(tracer, event, from.public(), to.public())
		}
	}
	t.notice.And(^tracing)
	t.cur = cur
}

func (t *Tree) tellTracer(r *tracer, e Event, from, to *G) {
	defer func() {
		if reason := recover(); reason != nil {
			t.removeTracer(r)
			t.tellUnhandled(&PanicError{reason, debug.Stack()})
		}
	}()
	if r.f != nil { // not removed meanwhile
		r.f(e, from, to)
	}
}
