// SPDX-License-Identifier: MIT

package greenlet

import (
	"context"
	"errors"
	"sync/atomic"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// Tree is a family of greenlets. One of them runs at a time; the main one, the root, is the goroutine that made the tree.
//
// A tree, and all greenlets in it, may be used only by the goroutine that is running in it: by the one that made it, and inside bodies. A program may have
// any number of trees in as many goroutines; they have nothing to do with each other. Build with the tag greenletdebug, or run with -race, to find a
// goroutine that breaks this rule.
type Tree struct {
	realm  uintptr  // in the core; 0 once closed
	slots  []*state // by the number that the core knows each by; the first is main's
	free   []int    // empty ones among them
	cur    *state   // who runs
	main   *G
	notice atomic.Uint32 // why the next call has to look twice

	ctx       context.Context
	stopCtx   func() bool
	tracers   []*tracer
	trace     uintptr // in the core, while there are tracers
	unhandled func(error)
}

// Bits of Tree.notice.
const (
	collected uint32 = 1 << iota
	canceled
	tracing // inside a tracing function
	dooming // bodies that were asked to end, and did not, are not asked any more
	closed
)

// Run makes a tree with the calling goroutine as its main greenlet, calls f, and closes the tree. It returns f's error, joined with those of
// [Tree.Close].
func Run(f func(t *Tree) error) error { return run(NewTree(), f) }

func run(t *Tree, f func(t *Tree) error) (err error) {
	defer func() { // also when f panics
		if failed := t.Close(); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	return f(t)
}

// NewTree makes a tree with the calling goroutine as its main greenlet. It has to be closed, for what is suspended in it is never collected as a whole;
// [Run] does both.
func NewTree() *Tree { return newTree(context.Background()) }

func newTree(ctx context.Context) *Tree {
	t := &Tree{realm: core.RealmNew()}
	if t.realm == 0 {
		panic(ErrMemory)
	}
	s := &state{tree: t, ref: core.RealmMain(t.realm), wake: make(chan struct{}), goroutine: goroutine()}
	t.slots = []*state{s}
	t.cur = s
	t.main = &G{state: s}
	t.attach(ctx)
	t.watch()
	return t
}

// Main returns the main greenlet, which is always there. It can be switched to and thrown at, but neither killed nor given a parent (rule 1).
func (t *Tree) Main() *G { return t.main }

// Current returns the greenlet that runs.
func (t *Tree) Current() *G { return t.cur.public() }

// SetUnhandled sets who is told of an error or a panic that nobody waits for: of a greenlet that was ended because its last handle went (rule 14). Nil
// brings back the default, which writes it to [os.Stderr]. f must not use the tree, and must return.
func (t *Tree) SetUnhandled(f func(err error)) { t.unhandled = f }

// Close ends the greenlets that are suspended, whatever they wait for, youngest first: the pending call of each returns [ErrExit], as by [G.Kill]. Bodies
// that go on nevertheless are not asked again: their next call on the tree, or the pending one, does what [runtime.Goexit] does, so that their deferred
// functions run. Only the main greenlet may close its tree ([ErrNotMain]); closing it again does nothing.
//
// It returns the errors and panics with which bodies ended, joined; [ErrExit] is none.
func (t *Tree) Close() error {
	if t.realm == 0 {
		return nil
	}
	t.checkCaller()
	if t.notice.Load()&tracing != 0 {
		return ErrBusy
	}
	if t.cur != t.main.state {
		return ErrNotMain
	}
	t.stopCtx()
	var failed []error
	endAll := func() {
		for i := len(t.slots) - 1; i > 0; i-- {
			if t.slots[i] == nil {
				continue
			}
			_, err := t.transfer(core.Kill(t.realm, t.slots[i].ref), message{})
			if err != nil {
				failed = append(failed, err)
			}
		}
	}
	endAll()
	t.notice.Or(dooming)
	endAll()
	for _, s := range t.slots[1:] {
		if s != nil && s.held {
			core.Release(s.ref)
		}
	}
	if t.trace != 0 {
		core.TraceStop(t.realm, t.trace)
	}
	core.RealmRelease(t.realm)
	t.realm, t.trace, t.slots, t.free = 0, 0, nil, nil
	t.notice.Store(closed)
	return errors.Join(failed...)
}

// attend does what has to be done before a call that transfers, or makes a greenlet. An error refuses the call.
func (t *Tree) attend() error {
	notice := t.notice.Load()
	switch {
	case notice&closed != 0:
		return ErrClosed
	case notice&tracing != 0:
		return ErrBusy
	}
	t.leaveIfDoomed()
	if notice&collected != 0 {
		t.reap()
	}
	return nil
}
