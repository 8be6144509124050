// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

type (
	G    = greenlet.G
	Tree = greenlet.Tree
)

// inTree runs a test in a tree, which is to close without an error.
func inTree(t *testing.T, f func(tree *Tree)) {
	t.Helper()
	if err := greenlet.Run(func(tree *Tree) error { f(tree); return nil }); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// want compares what a call brought back.
func want(t *testing.T, value any, err error) func(gotValue any, gotErr error) {
	t.Helper()
	return func(gotValue any, gotErr error) {
		t.Helper()
		if gotValue != value || gotErr != err {
			t.Errorf("got %v, %v; want %v, %v", gotValue, gotErr, value, err)
		}
	}
}

func nothing(*Tree, any) (any, error) { return nil, nil }

// waits suspends itself once, and ends with what it gets.
func waits(tree *Tree, _ any) (any, error) { return tree.Main().Switch("waiting") }

// Rules 2, 3, 4, 6: the example of every greenlet tutorial.
func TestSymmetricSwitch(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var log []string
		var a, b *G
		a = tree.New(func(_ *Tree, arg any) (any, error) {
			log = append(log, fmt.Sprint("a:", arg))
			arg, err := b.Switch(2)
			log = append(log, fmt.Sprint("a:", arg))
			return 4, err
		})
		b = tree.New(func(_ *Tree, arg any) (any, error) {
			log = append(log, fmt.Sprint("b:", arg))
			return a.Switch(3) // its sibling, not its parent
		})
		want(t, 4, nil)(a.Switch(1))
		if got := strings.Join(log, " "); got != "a:1 b:2 a:3" {
			t.Error(got)
		}
		if a.State() != greenlet.Dead || b.State() != greenlet.Suspended {
			t.Error(a.State(), b.State())
		}
	})
}

// Rule 4: a panic goes to the parent, with the body's stack.
func TestPanicReachesTheParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		reason := errors.New("reason")
		g := tree.New(func(*Tree, any) (any, error) { panicDeepDown(reason); return nil, nil })
		_, err := g.Switch(nil)
		var p *greenlet.PanicError
		if !errors.As(err, &p) || p.Value != reason || !errors.Is(err, reason) || !strings.Contains(string(p.Stack), "panicDeepDown") {
			t.Errorf("%v", err)
		}
	})
}

//go:noinline
func panicDeepDown(reason error) { panic(reason) }

func TestGoexitReachesTheParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(func(*Tree, any) (any, error) { runtime.Goexit(); return nil, nil })
		want(t, nil, greenlet.ErrGoexit)(g.Switch(nil))
	})
}
