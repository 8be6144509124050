// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

type (
	G    = greenlet.G
	Tree = greenlet.Tree
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errThrown = errors.New("thrown")

// inTree runs a test in a tree, which is to close without an error.
func inTree(t *testing.T, f func(tree *Tree)) {
	t.Helper()
	if err := greenlet.Run(func(tree *Tree) error { f(tree); return nil }); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// got is what a call brought back.
type got struct {
	value any
	err   error
}

func call(value any, err error) got { return got{value, err} }

func (g got) want(t *testing.T, value any, err error) {
	t.Helper()
	if g.value != value || g.err != err {
		t.Errorf("got %v, %v; want %v, %v", g.value, g.err, value, err)
	}
}

func wantStates(t *testing.T, want string, greenlets ...*G) {
	t.Helper()
	states := []greenlet.State{}
	for _, g := range greenlets {
		states = append(states, g.State())
	}
	if fmt.Sprint(states) != want {
		t.Errorf("states %v, want %v", states, want)
	}
}

func nothing(*Tree, any) (any, error) { return nil, nil }

// waits tells main that it waits, and ends with what comes.
func waits(tree *Tree, _ any) (any, error) { return tree.Main().Switch("waits") }

// waiting makes a greenlet that waits.
func waiting(t *testing.T, tree *Tree, options ...greenlet.Option) *G {
	t.Helper()
	g := tree.New(waits, options...)
	call(g.Switch(nil)).want(t, "waits", nil)
	return g
}

// eventually collects garbage, and uses the tree, until something is so.
func eventually(t *testing.T, tree *Tree, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not come about")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
		call(tree.Current().Switch(nil)).want(t, nil, nil)
	}
}
