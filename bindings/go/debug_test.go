// SPDX-License-Identifier: MIT

//go:build greenletdebug

package greenlet_test

import (
	"strings"
	"testing"
)

// Rule 33: who is inside a tree is up to the host.
func TestAnotherGoroutineIsRefused(t *testing.T) {
	inTree(t, func(tree *Tree) {
		g := waiting(t, tree)
		for name, use := range map[string]func(){
			"Switch": func() { g.Switch(nil) },
			"State":  func() { g.State() },
			"New":    func() { tree.New(nothing) },
			"Close":  func() { tree.Close() },
		} {
			reason := make(chan any)
			go func() {
				defer func() { reason <- recover() }()
				use()
			}()
			if text, _ := (<-reason).(string); !strings.HasPrefix(text, "greenlet: goroutine ") {
				t.Errorf("%s: %q", name, text)
			}
		}
	})
}
