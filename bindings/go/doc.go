// SPDX-License-Identifier: MIT

// Package greenlet has function calls that can wait in the middle, at any depth, and hand control to each other: symmetric coroutines with a family tree,
// as Python's greenlet has them.
//
// A greenlet is made with [Tree.New] and runs when somebody switches to it, with [G.Switch], until it switches elsewhere or its body ends. What Switch
// passes comes out of the call in which the other one waits. When a body ends, its outcome, be it a value, an error or a panic, goes to its parent: so
// nothing is lost, and errors travel up a tree of greenlets as they travel up a stack.
//
//	main                    g
//	  |  v, err := g.Switch(1)
//	  |-------- 1 ---------> |  func(t *Tree, arg any): arg is 1
//	  |                      |  x, err := t.Main().Switch(2)
//	  | <------- 2 --------- |
//	  |  v is 2              |
//	  |  v, err = g.Switch(3)
//	  |-------- 3 ---------> |  x is 3
//	  | <------- 4 --------- |  return 4, nil
//	  |  v is 4, g is dead
//
// Each greenlet is carried by a goroutine of its own, but of all that belong to a [Tree] one runs at a time: they share data without locks, and it is
// always clear who runs next. A tree belongs to the goroutine that made it. Bodies are ordinary Go: they may call anything, block, use locks and channels;
// whoever blocks lets the whole tree wait.
//
// # Ends
//
// A greenlet that is suspended is asked to end by [G.Kill], by [Tree.Close], which [Run] calls, and when the garbage collector finds that nobody can reach
// it: its pending call returns [ErrExit]. Check the error of each call and return it, as for any other error; deferred functions run.
//
// # What is not seen
//
// Go's detector of deadlocks is off in programs that contain C. A tree that is used by a goroutine that does not run in it goes wrong in ways that cannot be
// detected at no cost; tests with -race find it, and those with -tags greenletdebug panic with the number of the goroutine.
//
// # Building
//
// The decisions are made by the C++ core of libgreenlet, whose sources come with the module: a C++20 compiler is all that it takes. With the tag
// libgreenlet_system, an installed library is linked, which pkg-config finds.
package greenlet
