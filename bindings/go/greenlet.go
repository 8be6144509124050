// SPDX-License-Identifier: MIT

package greenlet

import (
	"weak"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// Func is a greenlet's body. arg is what the first [G.Switch] passes. What it returns goes to the parent, as it is then: the value and the error come
// out of the call in which the parent waits.
//
// A panic reaches the parent as a [PanicError], [runtime.Goexit] as [ErrGoexit]. An error that is [ErrExit] counts as none.
type Func func(t *Tree, arg any) (any, error)

// G is a greenlet: a function that can wait in the middle, and go on later. See [Tree] for who may use it.
//
// When the garbage collector finds that nobody can reach a suspended greenlet any more, it is ended as by [G.Kill], at the next call on its tree. A body
// that captures its own G, or that of a child, keeps it reachable; [Tree.Close] ends that one.
type G struct {
	*state
	_ [7]uintptr // a weak pointer is found in a list of all those to objects of the same span: so few shall lie there
}

// state is the part of a greenlet that its goroutine refers to. A goroutine that waits is never collected, so it must not refer to G.
//
//	user -> G -> state <- goroutine, Tree.slots
//	               |
//	               +----> G of the parent, as the core has it (rule 16)
type state struct {
	tree   *Tree
	ref    uintptr       // in the core
	wake   chan struct{} // where it waits
	in     message       // for it: written by whoever wakes it
	run    Func
	parent *G
	name   string

	handle weak.Pointer[G]
	slot   int32
	held   bool // the core knows that there is a G
	kept   bool // `in` is to wait until orphans have been killed (rule 36)
	starts bool // by what is kept

	goroutine uint64 // its number, to check callers
}

// message is what comes out of a pending call.
type message struct {
	value any
	err   error
}

// Option says more about a greenlet that is made: see [Name] and [Under].
type Option func(*state)

// Name gives the greenlet a name: for [G.Name] and [Tree.Dump], as the label "greenlet" of its goroutine in profiles (with the labels of the tree's
// context), and of its region in execution traces. Names need not be unique.
func Name(name string) Option { return func(s *state) { s.name = name } }

// Under makes the greenlet a child of parent instead of the current one.
func Under(parent *G) Option { return func(s *state) { s.parent = parent } }

// New makes a greenlet that has not started, a child of the current one (rule 2). The first switch to it calls run. It panics if run is nil, if the tree
// is closed, or if the parent is one of another tree.
func (t *Tree) New(run Func, options ...Option) *G {
	if run == nil {
		panic("greenlet: New needs a function")
	}
	t.checkCaller()
	if t.notice.Load() != 0 {
		if err := t.attend(); err == ErrClosed {
			panic(err)
		}
	}
	s := &state{tree: t, run: run}
	for _, option := range options {
		option(s)
	}
	if s.parent == nil {
		s.parent = t.Current()
	} else if s.parent.tree != t {
		panic(ErrTree)
	}
	if last := len(t.free) - 1; last >= 0 {
		s.slot = int32(t.free[last])
		t.free = t.free[:last]
		t.slots[s.slot] = s
	} else {
		s.slot = int32(len(t.slots))
		t.slots = append(t.slots, s)
	}
	s.ref = core.NewGreenlet(s.parent.ref, int64(s.slot))
	if s.ref == 0 {
		t.forget(s)
		panic(ErrMemory)
	}
	s.held = true
	return s.newPublic()
}

// forget empties the slot of one that the core will not name any more.
func (t *Tree) forget(s *state) {
	t.slots[s.slot] = nil
	t.free = append(t.free, int(s.slot))
}

// Tree returns the tree that the greenlet belongs to.
func (g *G) Tree() *Tree { return g.tree }

// Name returns the name given by the option [Name], or "".
func (g *G) Name() string { return g.name }

// Parent returns who gets the outcome; nil for the main greenlet and in a tree that is closed. While g is being killed that is who kills it (rule 13).
func (g *G) Parent() *G {
	t := g.tree
	if t.realm == 0 || g == t.main {
		return nil
	}
	t.checkCaller()
	return t.slots[core.ParentSlot(g.ref)].public()
}

// SetParent changes who gets the outcome. It refuses [ErrMain], [ErrTree], [ErrCycle] and [ErrClosed].
func (g *G) SetParent(parent *G) error {
	t := g.tree
	t.checkCaller()
	switch {
	case t.realm == 0:
		return ErrClosed
	case g == t.main:
		return ErrMain
	case parent.tree != t:
		return ErrTree
	}
	if status := core.SetParent(g.ref, parent.ref); status < 0 {
		return errorOf(int64(status))
	}
	g.parent = parent
	return nil
}

// State tells where g is in its life.
func (g *G) State() State {
	t := g.tree
	if t.realm == 0 {
		return Dead
	}
	t.checkCaller()
	state := State(core.State(g.ref))
	switch {
	case t.notice.Load()&tracing == 0:
		return state
	case g.state == t.cur: // for the core it has left already
		return Running
	case state != Running:
		return state
	case g.wake == nil:
		return Unstarted
	default:
		return Suspended
	}
}

// Dead reports whether g has ended: g.State() == Dead.
func (g *G) Dead() bool { return g.State() == Dead }

// State is a part of a greenlet's life.
type State int

// They follow each other.
const (
	Unstarted State = iota // never switched to
	Suspended              // waits in Switch, Throw or Kill
	Running                // its tree's current one
	Dead                   // its body has ended, or its tree is closed
)

// String returns the state in small letters.
func (s State) String() string {
	return [...]string{"unstarted", "suspended", "running", "dead"}[s]
}
