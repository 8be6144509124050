// SPDX-License-Identifier: MIT

package greenlet

import (
	"errors"
	"fmt"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// How control can come back.
var (
	// ErrExit asks a greenlet to end: clean up, and return it from the body, wrapped or not. A body that does so has not failed; its parent gets the
	// value beside it and no error.
	ErrExit = errors.New("greenlet: asked to end")
	// ErrGoexit is what the parent gets of a body that called [runtime.Goexit], as t.FailNow of a test does.
	ErrGoexit = errors.New("greenlet: the body called runtime.Goexit")
	// ErrAlive is returned by [G.Kill] when a value came back, but the greenlet has not ended.
	ErrAlive = errors.New("greenlet: it was asked to end and is still alive")
)

// What is refused. Nothing has changed then.
var (
	// ErrCycle: that parent descends from the child; or [G.Kill] of an ancestor, which would have its descendant as its parent meanwhile.
	ErrCycle = errors.New("greenlet: that would be a cycle of parents")
	// ErrMain: the main greenlet can be neither killed nor given a parent.
	ErrMain = errors.New("greenlet: not for the main greenlet")
	// ErrNotMain: only the main greenlet closes its tree.
	ErrNotMain = errors.New("greenlet: only for the main greenlet")
	// ErrCurrent: a greenlet cannot kill itself; it returns.
	ErrCurrent = errors.New("greenlet: not for the greenlet that runs")
	// ErrTree: the two greenlets belong to different trees.
	ErrTree = errors.New("greenlet: it belongs to another tree")
	// ErrClosed: the tree has been closed.
	ErrClosed = errors.New("greenlet: the tree is closed")
	// ErrBusy: not inside a function of [Tree.Trace].
	ErrBusy = errors.New("greenlet: not inside a tracing function")
	// ErrMemory: the core has no memory left. Unlike Go, C++ can tell.
	ErrMemory = errors.New("greenlet: no memory")
)

// PanicError is what the parent gets of a body that panicked.
type PanicError struct {
	Value any    // as [recover] gave it
	Stack []byte // of the goroutine that panicked, in the form of [runtime/debug.Stack]
}

// Error tells the value of the panic and where it happened.
func (e *PanicError) Error() string {
	return fmt.Sprintf("greenlet: panic: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if the body panicked with an error, so that [errors.Is] and [errors.As] look at it.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errorOf says in Go what the core refused.
func errorOf(status int64) error {
	switch core.Gl_status_code(status) {
	case core.GL_ECYCLE:
		return ErrCycle
	case core.GL_ENOMEM:
		return ErrMemory
	}
	panic(fmt.Sprintf("greenlet: the core answered %d", status))
}
