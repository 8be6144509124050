// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"
	"runtime"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// Rules 21 and 36: nobody can resume them, so they are ended.
func TestTheUnreachableAreEnded(t *testing.T) {
	inTree(t, func(tree *Tree) {
		const n = 100
		ended := 0
		for range n {
			tree.New(func(tree *Tree, _ any) (any, error) {
				defer func() { ended++ }()
				return tree.Main().Switch(nil)
			}).Switch(nil)
		}
		eventually(t, tree, func() bool { return ended == n })
	})
}

// Rule 16: a child keeps its parent.
func TestAChildKeepsItsParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		ended := false
		child := func() *G {
			parent := tree.New(func(tree *Tree, _ any) (any, error) {
				defer func() { ended = true }()
				return tree.Main().Switch(nil)
			})
			parent.Switch(nil)
			return waiting(t, tree, greenlet.Under(parent))
		}()
		for range 10 {
			runtime.GC()
			tree.Main().Switch(nil)
		}
		if ended {
			t.Error("the parent has ended before its child")
		}
		call(child.Parent().Switch("still there")).want(t, "still there", nil)
		if !ended {
			t.Error("the parent has not ended")
		}
	})
}

// Rule 21: while it is being ended it may take a new handle on itself.
func TestOneThatIsBeingEndedMayGoOn(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var saved *G
		tree.New(func(tree *Tree, _ any) (any, error) {
			_, err := tree.Main().Switch(nil)
			if err != greenlet.ErrExit {
				t.Errorf("got %v", err)
			}
			saved = tree.Current()
			return tree.Main().Switch("not yet")
		}).Switch(nil)
		eventually(t, tree, func() bool { return saved != nil })
		wantStates(t, "[suspended]", saved)
		call(saved.Switch("now")).want(t, "now", nil)
		wantStates(t, "[dead]", saved)
	})
}

// Rule 22: what was sent arrives all the same.
func TestTheCurrentOneMayBecomeUnreachable(t *testing.T) {
	inTree(t, func(tree *Tree) {
		ended := false
		call(tree.New(func(tree *Tree, _ any) (any, error) {
			defer func() { ended = true }()
			for range 10 {
				runtime.GC()
				call(tree.Current().Switch(nil)).want(t, nil, nil)
			}
			return tree.Main().Switch("arrives")
		}).Switch(nil)).want(t, "arrives", nil)
		eventually(t, tree, func() bool { return ended })
	})
}

// Rule 14.
func TestWhatNobodyWaitsForIsTold(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var told error
		tree.SetUnhandled(func(err error) { told = err })
		tree.New(func(tree *Tree, _ any) (any, error) {
			tree.Main().Switch(nil)
			panic(errThrown)
		}).Switch(nil)
		eventually(t, tree, func() bool { return errors.Is(told, errThrown) })
	})
}

// The unstarted and the dead give their places back.
func TestPlacesAreUsedAgain(t *testing.T) {
	inTree(t, func(tree *Tree) {
		collected := make(chan struct{})
		runtime.AddCleanup(tree.New(nothing), func(struct{}) { close(collected) }, struct{}{})
		for range 100 {
			tree.New(nothing).Switch(nil)
			tree.New(nothing)
		}
		eventually(t, tree, func() bool {
			select {
			case <-collected:
				return greenlet.Places(tree) < 100
			default:
				return false
			}
		})
	})
}

// A G is found again as long as somebody has it.
func TestThereIsOneHandle(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var g *G
		g = tree.New(func(tree *Tree, _ any) (any, error) {
			runtime.GC()
			return tree.Current() == g, nil
		})
		call(g.Switch(nil)).want(t, true, nil)
	})
}
