// SPDX-License-Identifier: MIT

package greenlet

import (
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

// Seq runs body as a greenlet that hands out values by emit, from any depth of calls, to whoever ranges over the sequence. If the body ends with an error
// or a panic, that comes as the last pair. Breaking out of the loop ends the greenlet: emit returns [ErrExit].
func Seq[T any](t *Tree, body func(emit func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := Pull(t, body)
		defer stop()
		for {
			v, ok, err := next()
			if !ok && err == nil || !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Pull runs body as Seq does, and hands its values out one by one: ok is false when body has ended, with err if it failed. stop ends the greenlet, if it has
// not ended, and must be called when no more values are wanted; it returns the error with which body then ended.
func Pull[T any](t *Tree, body func(emit func(T) error) error) (next func() (v T, ok bool, err error), stop func() error) {
	var consumer *G
	var item T
	var has bool
	g := t.New(func(*Tree, any) (any, error) {
		return nil, body(func(v T) error {
			item, has = v, true
			_, err := consumer.Switch(nil)
			return err
		})
	})
	next = func() (v T, ok bool, err error) {
		if g.Dead() {
			return v, false, nil
		}
		consumer = t.Current()
		if err = g.SetParent(consumer); err != nil {
			return v, false, err
		}
		_, err = g.Switch(nil)
		v, ok = item, has
		var zero T
		item, has = zero, false
		return v, ok && err == nil, err
	}
	stop = func() error {
		_, err := g.Kill()
		return err
	}
	return next, stop
}

// Push runs body as a greenlet that takes values by next, at any depth of calls: the reverse of [Pull]. push runs body until it wants another value;
// once body has ended it returns the error with which it did, or [ErrClosed]. stop makes next report that there are no more values, and returns the error
// with which body ends; it must be called in the end.
func Push[T any](t *Tree, body func(next func() (T, bool)) error) (push func(T) error, stop func() error) {
	return nil, nil
}
