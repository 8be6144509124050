// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// countTo emits from as many calls deep as there are numbers.
func countTo(n int, emit func(int) error) error {
	if n == 0 {
		return nil
	}
	if err := countTo(n-1, emit); err != nil {
		return err
	}
	return emit(n)
}

func TestAs(t *testing.T) {
	if n, err := greenlet.As[int](any(7), nil); n != 7 || err != nil {
		t.Error(n, err)
	}
	if n, err := greenlet.As[int](nil, nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := greenlet.As[int](nil, errThrown); n != 0 || err != errThrown {
		t.Error(n, err)
	}
	if _, err := greenlet.As[int]("text", nil); err == nil || err.Error() != "greenlet: got string, want int" {
		t.Error(err)
	}
}

func TestSeq(t *testing.T) {
	inTree(t, func(tree *Tree) {
		numbers := greenlet.Seq(tree, func(emit func(int) error) error { return countTo(5, emit) })
		for range 2 {
			var got []int
			for n, err := range numbers {
				if err != nil {
					t.Error(err)
				}
				got = append(got, n)
			}
			if fmt.Sprint(got) != "[1 2 3 4 5]" {
				t.Error(got)
			}
		}
		for range greenlet.Seq(tree, func(func(int) error) error { return nil }) {
			t.Error("nothing was emitted")
		}
	})
}

func TestSeqEndsWithItsLoop(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var ended, told error
		tree.SetUnhandled(func(err error) { told = err })
		for n := range greenlet.Seq(tree, func(emit func(int) error) error {
			ended = countTo(5, emit)
			return errThrown
		}) {
			if n == 3 {
				break
			}
		}
		if ended != greenlet.ErrExit || told != errThrown {
			t.Error(ended, told)
		}
	})
}

func TestSeqEndsWithAnError(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var got []string
		for n, err := range greenlet.Seq(tree, func(emit func(int) error) error {
			emit(1)
			panic(errThrown)
		}) {
			got = append(got, fmt.Sprint(n, errors.Is(err, errThrown)))
		}
		if fmt.Sprint(got) != "[1 false 0 true]" {
			t.Error(got)
		}
	})
}

// Each loop waits in its own greenlet.
func TestSeqInSeq(t *testing.T) {
	inTree(t, func(tree *Tree) {
		squares := greenlet.Seq(tree, func(emit func(int) error) error {
			for n, err := range greenlet.Seq(tree, func(emit func(int) error) error { return countTo(4, emit) }) {
				if err != nil {
					return err
				}
				if err := emit(n * n); err != nil {
					return err
				}
			}
			return nil
		})
		sum := 0
		for n, err := range squares {
			if err != nil {
				t.Error(err)
			}
			sum += n
		}
		if sum != 30 {
			t.Error(sum)
		}
	})
}

func TestPull(t *testing.T) {
	inTree(t, func(tree *Tree) {
		next, stop := greenlet.Pull(tree, func(emit func(int) error) error { return countTo(3, emit) })
		for want := 1; want <= 3; want++ {
			puller := tree.New(func(*Tree, any) (any, error) { // another one each time
				n, err, ok := next()
				if n != want || !ok {
					t.Error(n, ok)
				}
				return nil, err
			})
			call(puller.Switch(nil)).want(t, nil, nil)
		}
		for range 2 {
			if n, err, ok := next(); n != 0 || err != nil || ok {
				t.Error(n, err, ok)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestPullStops(t *testing.T) {
	inTree(t, func(tree *Tree) {
		next, stop := greenlet.Pull(tree, func(emit func(int) error) error {
			return fmt.Errorf("cleanup: %w", errors.Join(errThrown, emit(1)))
		})
		if n, err, ok := next(); n != 1 || err != nil || !ok {
			t.Error(n, err, ok)
		}
		if err := stop(); err != nil { // it was asked to end, and says so
			t.Error(err)
		}
		next, stop = greenlet.Pull(tree, func(emit func(int) error) error { emit(1); return errThrown })
		next()
		if err := stop(); err != errThrown {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err, ok := next(); err != nil || ok {
			t.Error(err, ok)
		}
	})
}

// Somebody else resumes the one that waits for a value.
func TestPullThatIsInterrupted(t *testing.T) {
	inTree(t, func(tree *Tree) {
		next, stop := greenlet.Pull(tree, func(emit func(int) error) error {
			tree.Main().Switch("not a value")
			return emit(1)
		})
		if _, err, ok := next(); err == nil || !ok {
			t.Error(err, ok)
		}
		if n, err, ok := next(); n != 1 || err != nil || !ok {
			t.Error(n, err, ok)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Somebody else resumes the one that is to wait for the next call.
func TestAValueThatNobodyAskedFor(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var inside *G
		var refused error
		next, stop := greenlet.Pull(tree, func(emit func(int) error) error {
			inside = tree.Current()
			emit(1)
			refused = emit(2)
			return nil
		})
		next()
		call(inside.Switch(nil)).want(t, nil, nil)
		if refused == nil {
			t.Error("it went to nobody")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestPush(t *testing.T) {
	inTree(t, func(tree *Tree) {
		sum := 0
		push, stop := greenlet.Push(tree, func(values iter.Seq[int]) error {
			for n := range values {
				sum += n
			}
			for range values {
				t.Error("a value behind the last one")
			}
			return errThrown
		})
		for n := range 5 {
			pusher := tree.New(func(*Tree, any) (any, error) { return nil, push(n) }) // another one each time
			call(pusher.Switch(nil)).want(t, nil, nil)
		}
		if err := stop(); err != errThrown || sum != 10 {
			t.Error(err, sum)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := push(1); err != greenlet.ErrClosed {
			t.Error(err)
		}
	})
}

func TestPushOfNothing(t *testing.T) {
	inTree(t, func(tree *Tree) {
		ran := false
		_, stop := greenlet.Push(tree, func(values iter.Seq[int]) error {
			ran = true
			for range values {
				t.Error("nothing was pushed")
			}
			return nil
		})
		if err := stop(); err != nil || !ran {
			t.Error(err, ran)
		}
	})
}

func TestPushToOneThatHasEnough(t *testing.T) {
	inTree(t, func(tree *Tree) {
		push, stop := greenlet.Push(tree, func(values iter.Seq[int]) error {
			for n := range values {
				if n == 2 {
					return errThrown
				}
			}
			return nil
		})
		var got []error
		for n := range 4 {
			got = append(got, push(n))
		}
		if fmt.Sprint(got) != fmt.Sprint([]error{nil, nil, errThrown, greenlet.ErrClosed}) {
			t.Error(got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A body that waits for values when its tree is closed is asked to end.
func TestPushWithoutAnEnd(t *testing.T) {
	ended := false
	inTree(t, func(tree *Tree) {
		push, _ := greenlet.Push(tree, func(values iter.Seq[int]) error {
			for range values {
			}
			ended = true
			return nil
		})
		push(1)
	})
	if !ended {
		t.Error("it has not ended")
	}
}
