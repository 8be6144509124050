// SPDX-License-Identifier: MIT

package greenlet

import (
	"errors"
	"fmt"
	"iter"
)

// As gives what a call brought back its type: n, err := greenlet.As[int](g.Switch(1)). A value of another type is an error; nil is the type's zero value.
func As[T any](value any, err error) (T, error) {
	typed, ok := value.(T)
	if err == nil && value != nil && !ok {
		err = fmt.Errorf("greenlet: got %T, want %T", value, typed)
	}
	return typed, err
}

// errStray: control came from somebody else to one that waits for a value, or for the next call of Pull's or Push's functions.
var errStray = errors.New("greenlet: a sequence was left in the middle")

// Seq runs body as a greenlet that hands out values by emit, from any depth of calls, to whoever ranges over the sequence. If the body ends with an error or
// a panic, that comes as the last pair. Breaking out of the loop ends the greenlet: emit returns [ErrExit], and of
// an error with which body ends nevertheless [Tree.SetUnhandled] is told. Each loop runs body anew.
//
// The loop may run in any greenlet of t. [iter.Pull2] would move it to another goroutine; take [Pull] instead.
func Seq[T any](t *Tree, body func(emit func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := Pull(t, body)
		defer func() {
			if err := stop(); err != nil {
				t.tellUnhandled(err)
			}
		}()
		for {
			value, err, ok := next()
			if !ok || !yield(value, err) {
				return
			}
		}
	}
}

// Pull runs body as [Seq] does, and hands out its pairs one by one, as [iter.Pull2] would: ok is false when there are no more. stop must be called when no
// more are wanted; it ends the greenlet, and returns the error with which body then ends. Both may be called by any greenlet of t but body's own.
func Pull[T any](t *Tree, body func(emit func(T) error) error) (next func() (value T, err error, ok bool), stop func() error) {
	var item T
	var consumer *G // while it waits
	ended := false
	g := t.New(func(*Tree, any) (any, error) {
		defer func() { ended = true }()
		return nil, body(func(value T) error {
			to := consumer
			if to == nil {
				return errStray
			}
			item, consumer = value, nil
			_, err := to.Switch(nil)
			return err
		})
	})
	next = func() (value T, err error, ok bool) {
		if ended {
			return value, nil, false
		}
		consumer = t.Current()
		if g.parent != consumer {
			if err = g.SetParent(consumer); err != nil {
				return value, err, true
			}
		}
		if _, err = g.Switch(nil); err != nil {
			return value, err, true
		}
		if emitted := consumer == nil; emitted {
			value, item = item, value
			return value, nil, true
		}
		if ended {
			return value, nil, false
		}
		return value, errStray, true
	}
	stop = func() error {
		_, err := g.Kill()
		return err
	}
	return next, stop
}

// Push runs body as a greenlet that ranges over the values that it is sent, at any depth of calls: the reverse of [Pull]. push runs body until it wants
// another value; once body has ended, it returns the error with which it did, and then [ErrClosed]. stop ends the sequence, and returns the error with which
// body ends; it must be called when there are no more values. Both may be called by any greenlet of t but body's own.
func Push[T any](t *Tree, body func(values iter.Seq[T]) error) (push func(T) error, stop func() error) {
	var item T
	var producer *G // while it waits
	var full, stopped, ended bool
	take := func() (ok bool, err error) {
		for !full && !stopped {
			to := producer
			if to == nil {
				return false, errStray
			}
			producer = nil
			if _, err := to.Switch(nil); err != nil {
				return false, err
			}
		}
		ok, full = full, false
		return ok, nil
	}
	g := t.New(func(*Tree, any) (any, error) {
		defer func() { ended = true }()
		var waiting error // what ended the sequence, if body does not tell
		err := body(func(yield func(T) bool) {
			for {
				var ok bool
				if ok, waiting = take(); !ok || !yield(item) {
					return
				}
			}
		})
		if err == nil {
			err = waiting
		}
		return nil, err
	})
	run := func() error {
		producer = t.Current()
		if g.parent != producer {
			if err := g.SetParent(producer); err != nil {
				return err
			}
		}
		_, err := g.Switch(nil)
		if err == nil && producer != nil && !ended {
			err = errStray
		}
		return err
	}
	push = func(value T) error {
		if ended {
			return ErrClosed
		}
		item, full = value, true
		return run()
	}
	stop = func() error {
		stopped = true
		if ended {
			return nil
		}
		return run()
	}
	return push, stop
}
