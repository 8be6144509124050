// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"fmt"
	"strings"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// record notes down what a tracing function is told.
func record(log *[]string) func(e greenlet.Event, from, to *G) {
	name := func(g *G) string {
		if g.Parent() == nil {
			return "main"
		}
		return g.Name()
	}
	return func(e greenlet.Event, from, to *G) {
		*log = append(*log, fmt.Sprint(e, " ", name(from), "-", name(to)))
	}
}

// Rule 27.
func TestTracersSeeEachTransfer(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var log []string
		remove := tree.Trace(record(&log))
		g := waiting(t, tree, greenlet.Name("g"))
		tree.Main().Switch(nil)
		g.Kill()
		tree.New(nothing, greenlet.Name("unstarted")).Throw(nil)
		remove()
		remove()
		waiting(t, tree)
		want := "switch main-g, start main-g, switch g-main, switch main-main, throw main-g, end g-main, switch g-main, throw main-main"
		if got := strings.Join(log, ", "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// Rules 26 and 27.
func TestInsideATracer(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var g *G
		events := 0
		defer tree.Trace(func(e greenlet.Event, from, to *G) {
			events++
			if tree.Current() != from || from.State() != greenlet.Running || to.State() == greenlet.Running {
				t.Error(e, from.State(), to.State())
			}
			if wantUnstarted := events == 1; (to.State() == greenlet.Unstarted) != wantUnstarted && e == greenlet.EventSwitch {
				t.Error(e, to.State())
			}
			call(g.Switch(nil)).want(t, nil, greenlet.ErrBusy)
			call(g.Throw(errThrown)).want(t, nil, greenlet.ErrBusy)
			call(g.Kill()).want(t, nil, greenlet.ErrBusy)
			if err := tree.Close(); err != greenlet.ErrBusy {
				t.Error(err)
			}
			if child := tree.New(nothing); child.Parent() != from {
				t.Error("not a child of the current one")
			}
		})()
		g = tree.New(waits)
		call(g.Switch(nil)).want(t, "waits", nil)
		call(g.Switch(nil)).want(t, nil, nil)
		if events != 6 {
			t.Error(events)
		}
	})
}

// Rule 27: in the order of adding, from the next event on, and not after the removal.
func TestTracersComeAndGo(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var log []string
		note := func(name string) { log = append(log, name) }
		var removeSecond, removeThird func()
		removeFirst := tree.Trace(func(greenlet.Event, *G, *G) {
			note("first")
			if removeThird == nil {
				removeSecond()
				removeThird = tree.Trace(func(greenlet.Event, *G, *G) { note("third") })
			}
		})
		removeSecond = tree.Trace(func(greenlet.Event, *G, *G) { note("second") })
		self := tree.Main()
		self.Switch(nil)
		self.Switch(nil)
		removeFirst()
		removeThird()
		self.Switch(nil)
		var remove func()
		remove = tree.Trace(func(greenlet.Event, *G, *G) { note("removes itself"); remove() })
		waiting(t, tree)
		if got := strings.Join(log, ", "); got != "first, first, third, removes itself" {
			t.Error(got)
		}
	})
}

func TestATracerThatPanicsIsRemoved(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var told []string
		tree.SetUnhandled(func(err error) { told = append(told, strings.SplitN(err.Error(), "\n", 2)[0]) })
		tree.Trace(func(greenlet.Event, *G, *G) { panic("in a tracer") })
		call(tree.New(func(*Tree, any) (any, error) { return 1, nil }).Switch(nil)).want(t, 1, nil)
		if got := fmt.Sprint(told); got != "[greenlet: panic: in a tracer]" {
			t.Error(got)
		}
	})
}

// Those who are ended because nobody can reach them are seen, too.
func TestTracersSeeTheUnreachableEnd(t *testing.T) {
	inTree(t, func(tree *Tree) {
		var log []string
		tree.New(waits, greenlet.Name("g")).Switch(nil)
		defer tree.Trace(record(&log))()
		eventually(t, tree, func() bool {
			return strings.Contains(strings.Join(log, ", "), "throw main-g, end g-main, switch g-main")
		})
	})
}
