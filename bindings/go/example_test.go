// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strings"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// Two functions that take turns.
func Example() {
	greenlet.Run(func(t *greenlet.Tree) error {
		var func1, func2 *greenlet.G
		func1 = t.New(func(*greenlet.Tree, any) (any, error) {
			fmt.Println("func1 come")
			_, err := func2.Switch(nil)
			fmt.Println("func1 end")
			return nil, err
		})
		func2 = t.New(func(*greenlet.Tree, any) (any, error) {
			fmt.Println("func2 come")
			_, err := func1.Switch(nil)
			return nil, err
		})
		_, err := func1.Switch(nil)
		return err
	})
	// Output:
	// func1 come
	// func2 come
	// func1 end
}

// A body receives a value by each switch, and sends one.
func ExampleG_Switch() {
	greenlet.Run(func(t *greenlet.Tree) error {
		doubles := t.New(func(t *greenlet.Tree, arg any) (any, error) {
			for {
				n, err := greenlet.As[int](t.Main().Switch(2 * arg.(int)))
				if err != nil {
					return nil, err
				}
				arg = n
			}
		})
		for n := range 3 {
			v, err := greenlet.As[int](doubles.Switch(n))
			if err != nil {
				return err
			}
			fmt.Println(v)
		}
		return nil
	})
	// Output:
	// 0
	// 2
	// 4
}

func ExampleG_Throw() {
	greenlet.Run(func(t *greenlet.Tree) error {
		g := t.New(func(t *greenlet.Tree, _ any) (any, error) {
			_, err := t.Main().Switch(nil)
			return nil, fmt.Errorf("while waiting: %w", err)
		})
		g.Switch(nil)
		_, err := g.Throw(os.ErrDeadlineExceeded)
		fmt.Println(err, errors.Is(err, os.ErrDeadlineExceeded))
		return nil
	})
	// Output: while waiting: i/o timeout true
}

func ExampleG_Kill() {
	greenlet.Run(func(t *greenlet.Tree) error {
		g := t.New(func(t *greenlet.Tree, _ any) (any, error) {
			defer fmt.Println("cleaned up")
			return t.Main().Switch(nil)
		})
		g.Switch(nil)
		_, err := g.Kill()
		fmt.Println(g.State(), err)
		return nil
	})
	// Output:
	// cleaned up
	// dead <nil>
}

// The outcome goes to whoever is the parent when the body ends.
func ExampleG_SetParent() {
	greenlet.Run(func(t *greenlet.Tree) error {
		logger := t.New(func(_ *greenlet.Tree, arg any) (any, error) {
			fmt.Println("logger got:", arg)
			return nil, nil
		})
		worker := t.New(func(*greenlet.Tree, any) (any, error) { return "done", nil })
		if err := worker.SetParent(logger); err != nil {
			return err
		}
		_, err := worker.Switch(nil)
		return err
	})
	// Output: logger got: done
}

// A panic in a body is an error in its parent, and brings the stack along.
func ExamplePanicError() {
	err := greenlet.Run(func(t *greenlet.Tree) error {
		g := t.New(func(*greenlet.Tree, any) (any, error) {
			var none []int
			return none[0], nil
		}, greenlet.Name("reader"))
		_, err := g.Switch(nil)
		return err
	})
	var p *greenlet.PanicError
	var r runtime.Error
	fmt.Println(errors.As(err, &p) && strings.Contains(string(p.Stack), "ExamplePanicError"), errors.As(err, &r))
	fmt.Println(p.Value)
	// Output:
	// true true
	// runtime error: index out of range [0] with length 0
}

// Walking a tree by recursion, while the loop takes one value at a time.
func ExampleSeq() {
	type node struct {
		left, right *node
		value       int
	}
	var walk func(n *node, emit func(int) error) error
	walk = func(n *node, emit func(int) error) error {
		if n == nil {
			return nil
		}
		if err := walk(n.left, emit); err != nil {
			return err
		}
		if err := emit(n.value); err != nil {
			return err
		}
		return walk(n.right, emit)
	}
	root := &node{&node{nil, nil, 1}, &node{&node{nil, nil, 3}, nil, 4}, 2}
	greenlet.Run(func(t *greenlet.Tree) error {
		for v, err := range greenlet.Seq(t, func(emit func(int) error) error { return walk(root, emit) }) {
			if err != nil {
				return err
			}
			fmt.Println(v)
		}
		return nil
	})
	// Output:
	// 1
	// 2
	// 3
	// 4
}

// Two sequences side by side.
func ExamplePull() {
	letters := func(s string) func(emit func(rune) error) error {
		return func(emit func(rune) error) error {
			for _, c := range s {
				if err := emit(c); err != nil {
					return err
				}
			}
			return nil
		}
	}
	greenlet.Run(func(t *greenlet.Tree) error {
		nextA, stopA := greenlet.Pull(t, letters("abc"))
		defer stopA()
		nextB, stopB := greenlet.Pull(t, letters("abd"))
		defer stopB()
		for {
			a, _, more := nextA()
			b, _, _ := nextB()
			if !more || a != b {
				fmt.Printf("%c differs from %c\n", a, b)
				return nil
			}
		}
	})
	// Output: c differs from d
}

// A function that ranges over its input is fed piece by piece.
func ExamplePush() {
	greenlet.Run(func(t *greenlet.Tree) error {
		push, stop := greenlet.Push(t, func(words iter.Seq[string]) error {
			n := 0
			for word := range words {
				n++
				fmt.Println(n, word)
			}
			fmt.Println("that was all")
			return nil
		})
		for _, word := range strings.Fields("to be or") {
			if err := push(word); err != nil {
				return err
			}
		}
		return stop()
	})
	// Output:
	// 1 to
	// 2 be
	// 3 or
	// that was all
}

// Whoever comes to the tree after the context is done gets its error, and what is suspended is ended.
func ExampleRunContext() {
	ctx, cancel := context.WithCancelCause(context.Background())
	err := greenlet.RunContext(ctx, func(ctx context.Context, t *greenlet.Tree) error {
		g := t.New(func(t *greenlet.Tree, _ any) (any, error) {
			defer fmt.Println("cleaned up")
			return t.Main().Switch(nil)
		})
		g.Switch(nil)
		cancel(errors.New("enough"))
		<-ctx.Done()
		for {
			if _, err := t.Main().Switch(nil); err != nil {
				return err
			}
		}
	})
	fmt.Println(err)
	// Output:
	// cleaned up
	// enough
}

func ExampleTree_Dump() {
	greenlet.Run(func(t *greenlet.Tree) error {
		waits := func(t *greenlet.Tree, _ any) (any, error) { return t.Main().Switch(nil) }
		server := t.New(waits, greenlet.Name("server"))
		server.Switch(nil)
		client := t.New(waits, greenlet.Name("client"), greenlet.Under(server))
		t.Dump(os.Stdout)
		fmt.Println(client.Parent().Name())
		return nil
	})
	// Output:
	// main running
	//   #1 server suspended
	//     #2 client unstarted
	// server
}

func ExampleTree_Trace() {
	greenlet.Run(func(t *greenlet.Tree) error {
		remove := t.Trace(func(e greenlet.Event, from, to *greenlet.G) {
			fmt.Printf("%v: %q to %q\n", e, from.Name(), to.Name())
		})
		defer remove()
		g := t.New(func(*greenlet.Tree, any) (any, error) { return nil, nil }, greenlet.Name("g"))
		g.Switch(nil)
		return nil
	})
	// Output:
	// switch: "" to "g"
	// start: "" to "g"
	// end: "g" to ""
	// switch: "g" to ""
}
