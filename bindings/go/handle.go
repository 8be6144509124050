// SPDX-License-Identifier: MIT

package greenlet

import (
	"runtime"
	"weak"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// public returns the greenlet's G. There is one at a time, so that they can be compared.
func (s *state) public() *G {
	if s == s.tree.main.state {
		return s.tree.main
	}
	if g := s.handle.Value(); g != nil {
		return g
	}
	if !s.held { // the core was told that there is none any more
		core.Retain(s.ref)
		s.held = true
	}
	return s.newPublic()
}

func (s *state) newPublic() *G {
	g := &G{state: s}
	s.handle = weak.Make(g)
	return g
}

// watch has the tree look at its handles after the next garbage collection. (A cleanup for each G would make the life of a greenlet half as long again.)
func (t *Tree) watch() {
	runtime.AddCleanup(new(*Tree), func(t *Tree) { t.notice.Or(collected) }, t)
}

// reap releases greenlets whose G has been collected; the core has those killed that are suspended, with the current one as their parent (rule 21). It
// runs at the beginning of calls, so that whoever has a G in hand cannot lose it.
func (t *Tree) reap() {
	t.notice.And(^collected)
	t.watch()
	for _, s := range t.slots[1:] {
		if s == nil || !s.held || s.handle.Value() != nil {
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
