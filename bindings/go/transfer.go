// SPDX-License-Identifier: MIT

package greenlet

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// Switch runs g until somebody switches back: to this greenlet, or, when g's body ends, to its parent, which this one may be. An unstarted greenlet
// starts with value as its argument; in a suspended one value comes out of the pending call; of a dead one, the nearest ancestor that is not dead gets it.
//
// It returns what comes back: a value; or an error that somebody throws, or that a child's body ended with; or [ErrExit]. Or it refuses [ErrClosed],
// [ErrBusy] or, in a tree whose context is canceled, the context's cause.
func (g *G) Switch(value any) (any, error) {
	t := g.tree
	t.checkCaller()
	if t.notice.Load() != 0 {
		if err := t.attendTransfer(); err != nil {
			return nil, err
		}
	}
	return t.transfer(core.SwitchTo(t.realm, g.ref), message{value: value})
}

// Throw is like [G.Switch], but the call that g waits in returns err. An unstarted g dies without running. Of that, and of a dead one, the nearest ancestor
// gets err; or nil, if err is [ErrExit], as of a body that was asked to end. A nil err is thrown as [ErrExit].
func (g *G) Throw(err error) (any, error) {
	t := g.tree
	t.checkCaller()
	if t.notice.Load() != 0 {
		if err := t.attendTransfer(); err != nil {
			return nil, err
		}
	}
	if err == nil {
		err = ErrExit
	}
	decision := core.ThrowAt(t.realm, g.ref)
	if slotOf(decision) != int(g.slot) && errors.Is(err, ErrExit) {
		err = nil
	}
	return t.transfer(decision, message{err: err})
}

// Kill asks g to end: its pending call returns [ErrExit], and until g has ended the caller is its parent. An unstarted one dies without running; for a
// dead one nothing happens. It returns what came back. If the error is nil, g is dead. [ErrAlive]: a value came back, but g has not ended. [ErrExit]: the
// caller itself was asked to end meanwhile. Any other came from g's body or was thrown by somebody else; [G.Dead] tells.
//
// It refuses [ErrMain], [ErrCurrent], [ErrCycle] for an ancestor of the caller, [ErrClosed] and [ErrBusy]. It works in a tree whose context is canceled.
func (g *G) Kill() (any, error) {
	t := g.tree
	t.checkCaller()
	if t.notice.Load() != 0 {
		if err := t.attend(); err != nil {
			return nil, err
		}
	}
	switch g.state {
	case t.main.state:
		return nil, ErrMain
	case t.cur:
		return nil, ErrCurrent
	}
	value, err := t.transfer(core.Kill(t.realm, g.ref), message{})
	if err == nil && !g.Dead() {
		err = ErrAlive
	}
	return value, err
}

func slotOf(decision int64) int { return int(uint32(decision)) }

// transfer carries out a decision of the core on behalf of the current greenlet, and waits for what comes back.
func (t *Tree) transfer(decision int64, m message) (any, error) {
	if decision < 0 {
		return nil, errorOf(decision)
	}
	me := t.cur
	if t.deliver(decision, m) != me {
		<-me.wake
		if t.notice.Load()&dooming != 0 {
			t.leaveIfDoomed()
		}
	}
	m, me.in = me.in, message{}
	return m.value, m.err
}

// deliver brings m to the greenlet that the core has made current, and lets it run.
func (t *Tree) deliver(decision int64, m message) *state {
	from, to := t.cur, t.slots[slotOf(decision)]
	if t.trace != 0 {
		t.tellTracers()
	}
	if decision>>core.SlotBits == 0 {
		to.in = m
	} else {
		var starts bool
		if to, starts = t.arrange(to, decision, m); starts {
			t.cur = to
			to.wake = make(chan struct{})
			go to.body()
			return to
		}
	}
	t.cur = to
	if to != from {
		to.wake <- struct{}{}
	}
	return to
}

// arrange is for all but a plain value to a suspended greenlet. It answers who goes on now, and whether that is its start.
func (t *Tree) arrange(to *state, decision int64, m message) (_ *state, starts bool) {
	starts = decision&core.Start != 0
	switch core.Gl_status_code(decision >> core.SlotBits & core.StatusMask) {
	case core.GL_KILLED:
		m = message{err: ErrExit}
	case core.GL_OK:
		if decision&core.Empty != 0 {
			if m.err != nil {
				t.tellUnhandled(m.err)
			}
			m = message{}
		}
	}
	if to.kept {
		starts = to.starts
	} else {
		to.in = m
	}
	to.kept = decision&core.Orphan != 0
	to.starts = to.kept && starts
	if to.kept {
		to = t.slots[core.CurrentSlot(t.realm)]
		to.in = message{err: ErrExit}
		starts = false
	}
	return to, starts
}

func (t *Tree) tellUnhandled(err error) {
	if t.unhandled != nil {
		t.unhandled(err)
	} else {
		fmt.Fprintf(os.Stderr, "greenlet: nobody waits for: %v\n", err)
	}
}

// body is a greenlet's goroutine, from its start to its end.
func (s *state) body() {
	outcome := message{err: ErrGoexit} // unless run returns or panics
	defer func() {
		if reason := recover(); reason != nil {
			outcome.err = &PanicError{reason, debug.Stack()}
		}
		s.end(outcome)
	}()
	s.goroutine = goroutine()
	arg := s.in.value
	s.in = message{}
	value, err := s.observed(arg)
	outcome = message{value, err}
}

// end lets the heir go on; nothing of the greenlet runs afterwards.
func (s *state) end(outcome message) {
	t := s.tree
	status := core.GL_OK
	switch {
	case outcome.err == nil:
	case errors.Is(outcome.err, ErrExit) || outcome.err == ErrGoexit && t.notice.Load()&dooming != 0:
		status = core.GL_KILLED
		outcome.err = nil
	default:
		status = core.GL_THROWN
	}
	if t.trace != 0 {
		defer runtime.KeepAlive(s.public()) // for tracers
	}
	decision := core.End(t.realm, int64(status))
	s.run = nil
	if !s.held {
		t.forget(s)
	}
	t.deliver(decision, outcome)
}

// attendTransfer is attend for what a canceled context refuses.
func (t *Tree) attendTransfer() error {
	if err := t.attend(); err != nil {
		return err
	}
	return t.cause()
}

// leaveIfDoomed ends a body that goes on although it was asked to end, and the tree is being closed. The core must not have been asked for a transfer yet.
func (t *Tree) leaveIfDoomed() {
	if t.notice.Load()&dooming != 0 && t.cur != t.main.state {
		runtime.Goexit()
	}
}
