// SPDX-License-Identifier: MIT

package greenlet

import (
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
// they were added. Inside f nobody can be switched to ([ErrBusy]). The function that it returns removes f.
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
		added.f = nil
		t.tracers = slices.DeleteFunc(slices.Clone(t.tracers), func(r *tracer) bool { return r == added })
		if len(t.tracers) == 0 && t.trace != 0 {
			core.TraceStop(t.realm, t.trace)
			t.trace = 0
		}
	}
}

// tellTracers tells what the core's last decision consists of.
func (t *Tree) tellTracers() {
	cur := t.cur
	t.notice.Or(tracing)
	for {
		event := core.TraceTake(t.trace)
		if event < 0 {
			break
		}
		from, to := t.slots[event>>30&(1<<30-1)], t.slots[event&(1<<30-1)]
		t.cur = from
		a, b := from.public(), to.public()
		for _, tracer := range t.tracers {
			if tracer.f != nil { // not removed meanwhile
				tracer.f(Event(event>>60), a, b)
			}
		}
	}
	t.notice.And(^tracing)
	t.cur = cur
}
