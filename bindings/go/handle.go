// SPDX-License-Identifier: MIT

package greenlet

import (
	"runtime"
	"weak"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// droppedHandle is a G that nobody can reach: the number-th of its greenlet.
type droppedHandle struct {
	state  *state
	number uint32
}

// public returns the greenlet's G. There is one at a time, so that they can be compared.
func (s *state) public() *G {
	if s == s.tree.main.state {
		return s.tree.main
	}
	if g := s.handle.Value(); g != nil {
		return g
	}
	if !s.held {
		core.Retain(s.ref)
		s.held = true
	}
	return s.newPublic()
}

func (s *state) newPublic() *G {
	g := &G{state: s}
	s.handles++
	s.handle = weak.Make(g)
	runtime.AddCleanup(g, dropHandle, droppedHandle{s, s.handles})
	return g
}

// dropHandle runs on a goroutine of the runtime: it only notes down what reap does.
func dropHandle(dropped droppedHandle) {
	t := dropped.state.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.notice.Load()&closed == 0 {
		t.dropped = append(t.dropped, dropped)
		t.notice.Or(handlesDropped)
	}
}

// reap releases what was dropped; the core has those killed that are suspended, with the current greenlet as their parent (rule 21).
func (t *Tree) reap() {
	t.mu.Lock()
	dropped := t.dropped
	t.dropped = nil
	t.notice.And(^handlesDropped)
	t.mu.Unlock()
	for _, d := range dropped {
		s := d.state
		if d.number != s.handles { // there is a newer one
			continue
		}
		s.held = false
		switch State(core.Release(s.ref)) {
		case Unstarted, Dead:
			t.forget(s)
		}
	}
	t.transfer(core.GoOn(t.realm), message{})
}
