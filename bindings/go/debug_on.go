// SPDX-License-Identifier: MIT

//go:build greenletdebug

package greenlet

import (
	"fmt"
	"runtime"
)

// goroutine returns the number of the goroutine that calls: nothing but a stack trace tells.
func goroutine() (number uint64) {
	var trace [64]byte // "goroutine 7 [running]:..."
	runtime.Stack(trace[:], false)
	for _, c := range trace[len("goroutine "):] {
		if c < '0' || c > '9' {
			break
		}
		number = 10*number + uint64(c-'0')
	}
	return number
}

// checkCaller panics unless the goroutine that runs in the tree calls.
func (t *Tree) checkCaller() {
	if g := goroutine(); g != t.cur.goroutine {
		panic(fmt.Sprintf("greenlet: goroutine %d uses a tree that runs on goroutine %d", g, t.cur.goroutine))
	}
}
