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

// Rule 1.
func TestMainHasNoParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		main := tree.Main()
		if main.Parent() != nil || tree.Current() != main || main.State() != greenlet.Running || main.Tree() != tree {
			t.Error("main is not main")
		}
		if err := main.SetParent(tree.New(nothing)); err != greenlet.ErrMain {
			t.Error(err)
		}
		call(main.Kill()).want(t, nil, greenlet.ErrMain)
	})
}

// Rules 2, 3, 4, 6: the example of every greenlet tutorial.
func TestSwitchIsSymmetric(t *testing.T) {
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
		wantStates(t, "[unstarted unstarted]", a, b)
		call(a.Switch(1)).want(t, 4, nil)
		if got := strings.Join(log, " "); got != "a:1 b:2 a:3" {
			t.Error(got)
		}
		wantStates(t, "[dead suspended running]", a, b, tree.Main())
	})
}

// Rule 2.
func TestParentIsTheMakerOrTheOneNamed(t *testing.T) {
	inTree(t, func(tree *Tree) {
		outer := tree.New(func(tree *Tree, _ any) (any, error) {
			return tree.New(nothing), nil
		})
		inner, err := greenlet.As[*G](outer.Switch(nil))
		if err != nil || inner.Parent() != outer || outer.Parent() != tree.Main() {
			t.Error("the maker is not the parent")
		}
		if g := tree.New(nothing, greenlet.Under(outer)); g.Parent() != outer {
			t.Error("the one named is not the parent")
		}
	})
}

// Rule 4: to the parent as it is then.
func TestOutcomeGoesToTheParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var child *G
		outer := tree.New(func(tree *Tree, _ any) (any, error) {
			got, err := tree.Main().Switch(nil)
			return fmt.Sprint("outer got ", got), err
		})
		child = tree.New(func(*Tree, any) (any, error) { return 1, child.SetParent(outer) })
		outer.Switch(nil)
		call(child.Switch(nil)).want(t, "outer got 1", nil)

		call(tree.New(func(*Tree, any) (any, error) { return 1, errThrown }).Switch(nil)).want(t, 1, errThrown)
		call(tree.New(func(*Tree, any) (any, error) { return 1, greenlet.ErrExit }).Switch(nil)).want(t, 1, nil)
	})
}

// Rule 4: a panic is thrown in the parent, with the body's stack.
func TestPanicReachesTheParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		reason := errors.New("reason")
		_, err := tree.New(func(*Tree, any) (any, error) { panicDeepDown(reason); return nil, nil }).Switch(nil)
		var p *greenlet.PanicError
		if !errors.As(err, &p) || p.Value != reason || !errors.Is(err, reason) || !strings.Contains(string(p.Stack), "panicDeepDown") {
			t.Error(err)
		}
		_, err = tree.New(func(*Tree, any) (any, error) { panic("text") }).Switch(nil)
		if errors.Unwrap(err) != nil || !strings.HasPrefix(err.Error(), "greenlet: panic: text\n\ngoroutine ") {
			t.Error(err)
		}
	})
}

//go:noinline
func panicDeepDown(reason error) { panic(reason) }

// Rule 4.
func TestGoexitReachesTheParent(t *testing.T) {
	inTree(t, func(tree *Tree) {
		cleaned := false
		g := tree.New(func(*Tree, any) (any, error) {
			defer func() { cleaned = true }()
			runtime.Goexit()
			return nil, nil
		})
		call(g.Switch(nil)).want(t, nil, greenlet.ErrGoexit)
		if !cleaned || !g.Dead() {
			t.Error("it has not ended")
		}
	})
}

// Rule 5.
func TestOutcomeAndUnstartedParents(t *testing.T) {
	inTree(t, func(tree *Tree) {
		echo := func(_ *Tree, arg any) (any, error) { return fmt.Sprint("parent got ", arg), nil }
		parent := tree.New(echo)
		child := tree.New(func(*Tree, any) (any, error) { return 1, nil }, greenlet.Under(parent))
		call(child.Switch(nil)).want(t, "parent got 1", nil)

		parent = tree.New(echo)
		child = tree.New(func(*Tree, any) (any, error) { return 1, errThrown }, greenlet.Under(parent))
		call(child.Switch(nil)).want(t, 1, errThrown)
		wantStates(t, "[dead dead]", parent, child)
	})
}

// Rules 6 and 7.
func TestValuesArriveAsTheyAre(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(func(tree *Tree, arg any) (any, error) {
			for {
				var err error
				if arg, err = tree.Main().Switch(arg); err != nil {
					return nil, err
				}
			}
		})
		for _, value := range []any{nil, 1, "text", t, struct{}{}} {
			call(g.Switch(value)).want(t, value, nil)
			call(tree.Main().Switch(value)).want(t, value, nil)
		}
	})
}

// Rules 8 and 12.
func TestTheDeadPassOn(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(nothing)
		g.Switch(nil)
		call(g.Switch(7)).want(t, 7, nil)
		call(g.Throw(errThrown)).want(t, nil, errThrown)
		call(g.Throw(greenlet.ErrExit)).want(t, nil, nil)
	})
}

// Rule 10.
func TestThrowComesOutOfThePendingCall(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(func(tree *Tree, _ any) (any, error) {
			_, err := tree.Main().Switch(nil)
			return "caught", fmt.Errorf("wrapped: %w", err)
		})
		g.Switch(nil)
		if got, err := g.Throw(errThrown); got != "caught" || !errors.Is(err, errThrown) || err == errThrown {
			t.Error(got, err)
		}
		call(tree.Main().Throw(errThrown)).want(t, nil, errThrown)
	})
}

// Rule 10: without an error it asks to end.
func TestThrowOfNothingAsksToEnd(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := waiting(t, tree)
		call(g.Throw(nil)).want(t, nil, nil)
		wantStates(t, "[dead]", g)
	})
}

// Rule 11.
func TestThrowEndsTheUnstarted(t *testing.T) {
	inTree(t, func(tree *Tree) {
		never := func(*Tree, any) (any, error) { t.Error("it ran"); return nil, nil }
		outer := tree.New(never)
		inner := tree.New(never, greenlet.Under(outer))
		call(inner.Throw(errThrown)).want(t, nil, errThrown)
		wantStates(t, "[dead dead]", outer, inner)

		g := tree.New(never)
		call(g.Throw(greenlet.ErrExit)).want(t, nil, nil)
		wantStates(t, "[dead]", g)
	})
}

// Rule 13.
func TestKill(t *testing.T) {
	inTree(t, func(tree *Tree) {
		unstarted := tree.New(nothing)
		call(unstarted.Kill()).want(t, nil, nil)
		call(unstarted.Kill()).want(t, nil, nil)

		var killer *G
		victim := tree.New(func(tree *Tree, _ any) (any, error) {
			_, err := tree.Main().Switch(nil)
			if parent := tree.Current().Parent(); parent != killer {
				t.Error("the killer is not the parent")
			}
			return "cleaned up", err
		})
		victim.Switch(nil)
		killer = tree.New(func(*Tree, any) (any, error) { return victim.Kill() })
		call(killer.Switch(nil)).want(t, "cleaned up", nil)
		wantStates(t, "[dead dead dead]", unstarted, victim, killer)
		if victim.Parent() != tree.Main() {
			t.Error("the real parent is not back")
		}
	})
}

// Rule 13.
func TestKillOfOneThatGoesOn(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(func(tree *Tree, _ any) (any, error) {
			tree.Main().Switch(nil)
			tree.Main().Switch("no")
			return nil, errThrown
		})
		g.Switch(nil)
		call(g.Kill()).want(t, "no", greenlet.ErrAlive)
		call(g.Kill()).want(t, nil, errThrown)
		wantStates(t, "[dead]", g)
	})
}

// Rule 13: the caller of Kill is asked to end meanwhile.
func TestTheKillerIsKilled(t *testing.T) {
	inTree(t, func(tree *Tree) {
		victim := tree.New(func(tree *Tree, _ any) (any, error) {
			tree.Main().Switch(nil)
			return tree.Main().Switch("will not") // then it is ended by main
		})
		victim.Switch(nil)
		var came got
		killer := tree.New(func(*Tree, any) (any, error) {
			came = call(victim.Kill())
			return nil, came.err
		})
		call(killer.Switch(nil)).want(t, "will not", nil)
		call(killer.Kill()).want(t, nil, nil)
		came.want(t, nil, greenlet.ErrExit)
	})
}

// Rules 9, 13, 15.
func TestWhatIsRefusedChangesNothing(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := tree.New(func(tree *Tree, _ any) (any, error) {
			self := tree.Current()
			call(self.Kill()).want(t, nil, greenlet.ErrCurrent)
			child := tree.New(func(*Tree, any) (any, error) { return self.Kill() })
			call(child.Switch(nil)).want(t, nil, greenlet.ErrCycle)
			if err := self.SetParent(child); err != greenlet.ErrCycle {
				t.Error(err)
			}
			if err := tree.Close(); err != greenlet.ErrNotMain {
				t.Error(err)
			}
			wantStates(t, "[running dead]", self, child)
			return 1, nil
		})
		call(g.Switch(nil)).want(t, 1, nil)
		inTree(t, func(other *Tree) {
			if err := g.SetParent(other.Main()); err != greenlet.ErrTree {
				t.Error(err)
			}
			wantPanic(t, greenlet.ErrTree, func() { tree.New(nothing, greenlet.Under(other.Main())) })
		})
		wantPanic(t, "greenlet: New needs a function", func() { tree.New(nil) })
	})
}

func wantPanic(t *testing.T, want any, f func()) {
	t.Helper()
	defer func() {
		if got := recover(); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}()
	f()
}
