// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// Rule 37: nothing is left when the realm ends.
func TestCloseEndsWhatIsSuspended(t *testing.T) {
	var log []string
	body := func(name string, ending func(tree *Tree) error) greenlet.Func {
		return func(tree *Tree, _ any) (any, error) {
			defer func() { log = append(log, name) }()
			tree.Main().Switch(nil)
			return nil, ending(tree)
		}
	}
	err := greenlet.Run(func(tree *Tree) error {
		tree.New(nothing)
		for _, g := range []*G{
			tree.New(body("obeys", func(*Tree) error { return greenlet.ErrExit })),
			tree.New(body("insists", func(tree *Tree) error {
				for {
					tree.Main().Switch(nil)
				}
			})),
			tree.New(body("insists in a deferred function", func(tree *Tree) error {
				defer func() {
					for {
						tree.Main().Switch(nil)
					}
				}()
				return nil
			})),
			tree.New(body("fails", func(*Tree) error { return errThrown })),
			tree.New(body("leaves a child", func(tree *Tree) error {
				_, err := tree.New(body("child", func(*Tree) error { return nil })).Switch(nil)
				return err
			})),
		} {
			g.Switch(nil)
		}
		return nil
	})
	if !errors.Is(err, errThrown) {
		t.Error(err)
	}
	if got := fmt.Sprint(log); got != "[fails obeys child leaves a child insists in a deferred function insists]" {
		t.Error(got)
	}
}

// A victim's deferred functions may still use the tree.
func TestCleanupsMaySwitch(t *testing.T) {
	var log []any
	inTree(t, func(tree *Tree) {
		child := waiting(t, tree)
		logger := tree.New(func(tree *Tree, arg any) (any, error) {
			for {
				log = append(log, arg)
				parent := tree.Current().Parent()
				var err error
				if arg, err = parent.Switch(nil); err != nil {
					return nil, err
				}
			}
		})
		logger.Switch("started")
		tree.New(func(tree *Tree, _ any) (any, error) {
			defer func() {
				logger.SetParent(tree.Current())
				logger.Switch("cleaning up")
				_, err := child.Kill()
				log = append(log, err, child.Dead())
			}()
			return tree.Main().Switch(nil)
		}).Switch(nil)
	})
	if got := fmt.Sprint(log); got != "[started cleaning up <nil> true]" {
		t.Error(got)
	}
}

func TestRunReturnsWhatFails(t *testing.T) {
	if err := greenlet.Run(func(*Tree) error { return errThrown }); err != errThrown {
		t.Error(err)
	}
	cleaned := false
	wantPanic(t, "panic", func() {
		greenlet.Run(func(tree *Tree) error {
			tree.New(func(tree *Tree, _ any) (any, error) {
				defer func() { cleaned = true }()
				return tree.Main().Switch(nil)
			}).Switch(nil)
			panic("panic")
		})
	})
	if !cleaned {
		t.Error("a panic leaves what is suspended")
	}
}

func TestAClosedTree(t *testing.T) {
	tree := greenlet.NewTree()
	g := waiting(t, tree, greenlet.Name("g"))
	remove := tree.Trace(func(greenlet.Event, *G, *G) {})
	for range 2 {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	}
	remove()
	call(g.Switch(nil)).want(t, nil, greenlet.ErrClosed)
	call(g.Throw(errThrown)).want(t, nil, greenlet.ErrClosed)
	call(g.Throw(nil)).want(t, nil, greenlet.ErrClosed)
	call(g.Kill()).want(t, nil, greenlet.ErrClosed)
	call(tree.Main().Switch(nil)).want(t, nil, greenlet.ErrClosed)
	if err := g.SetParent(tree.Main()); err != greenlet.ErrClosed {
		t.Error(err)
	}
	if err := tree.Dump(nil); err != greenlet.ErrClosed {
		t.Error(err)
	}
	if g.State() != greenlet.Dead || g.Parent() != nil || g.Name() != "g" || tree.Current() != tree.Main() {
		t.Error("it tells nonsense")
	}
	wantPanic(t, greenlet.ErrClosed, func() { tree.New(nothing) })
	wantPanic(t, greenlet.ErrClosed, func() { tree.Trace(func(greenlet.Event, *G, *G) {}) })
}

// Rule 33: each tree is a thread of its own, whatever OS threads run it.
func TestManyTreesAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			inTree(t, func(tree *Tree) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				g := tree.New(func(tree *Tree, arg any) (any, error) {
					runtime.LockOSThread()
					for range 100 {
						arg, _ = tree.Main().Switch(arg.(int) + 1)
					}
					return arg, nil
				})
				sum := any(0)
				for !g.Dead() {
					sum, _ = g.Switch(sum)
				}
				if sum != 100 {
					t.Error(sum)
				}
			})
		}()
	}
	all.Wait()
}

func TestManySleepers(t *testing.T) {
	inTree(t, func(tree *Tree) {
		sleepers := make([]*G, 20_000)
		for i := range sleepers {
			sleepers[i] = tree.New(waits)
			sleepers[i].Switch(nil)
		}
		for i, g := range sleepers {
			call(g.Switch(i)).want(t, i, nil)
		}
	})
}

// Each has a main greenlet of its own: the inner one's is a body of the outer.
func TestATreeInABodyOfAnother(t *testing.T) {
	inTree(t, func(outer *Tree) {
		g := outer.New(func(*Tree, any) (result any, err error) {
			err = greenlet.Run(func(inner *Tree) error {
				waiting(t, inner)
				result, err = outer.Main().Switch("out")
				return err
			})
			return result, err
		})
		call(g.Switch(nil)).want(t, "out", nil)
		call(g.Switch("in")).want(t, "in", nil)
	})
}

// Deferred functions that would kill all others, while a tree closes.
func TestCleanupsThatKillEachOther(t *testing.T) {
	ended := 0
	inTree(t, func(tree *Tree) {
		var all []*G
		for range 20 {
			all = append(all, tree.New(func(tree *Tree, _ any) (any, error) {
				defer func() {
					ended++
					for _, g := range all {
						g.Kill()
					}
				}()
				for {
					tree.Main().Switch(nil)
				}
			}))
		}
		for _, g := range all {
			call(g.Switch(nil)).want(t, nil, nil)
		}
	})
	if ended != 20 {
		t.Errorf("%d of 20 have cleaned up", ended)
	}
}
