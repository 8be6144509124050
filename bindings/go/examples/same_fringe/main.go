// SPDX-License-Identifier: MIT

// Have two trees the same leaves in the same order, whatever their shapes? A recursive walk of each, and a loop that takes from both by turns and stops at
// the first difference. A walk does not know that it waits in the middle of its recursion.
package main

import (
	"fmt"
	"log"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

type node struct {
	leaf        string
	left, right *node
}

func leaf(name string) *node       { return &node{leaf: name} }
func join(left, right *node) *node { return &node{left: left, right: right} }

// walk visits the leaves from left to right.
func (n *node) walk(visit func(leaf string) error) error {
	if n.left == nil {
		fmt.Println("  looking at", n.leaf)
		return visit(n.leaf)
	}
	if err := n.left.walk(visit); err != nil {
		return err
	}
	return n.right.walk(visit)
}

func sameFringe(t *greenlet.Tree, a, b *node) (bool, error) {
	nextA, stopA := greenlet.Pull(t, a.walk)
	defer stopA()
	nextB, stopB := greenlet.Pull(t, b.walk)
	defer stopB()
	for {
		leafA, err, moreA := nextA()
		if err != nil {
			return false, err
		}
		leafB, err, moreB := nextB()
		if err != nil {
			return false, err
		}
		if leafA != leafB || moreA != moreB {
			return false, nil
		}
		if !moreA {
			return true, nil
		}
	}
}

func main() {
	left := join(join(leaf("a"), leaf("b")), leaf("c"))
	right := join(leaf("a"), join(leaf("b"), leaf("c")))
	other := join(leaf("a"), join(leaf("x"), leaf("c")))
	err := greenlet.Run(func(t *greenlet.Tree) error {
		for _, tree := range []*node{right, other} {
			same, err := sameFringe(t, left, tree)
			if err != nil {
				return err
			}
			fmt.Println("same:", same)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
