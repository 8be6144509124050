// SPDX-License-Identifier: MIT

package greenlet

// Places returns how many greenlets the tree has not forgotten.
func Places(t *Tree) (n int) {
	for _, s := range t.slots {
		if s != nil {
			n++
		}
	}
	return n
}

// Canceled returns why the tree refuses transfers.
func Canceled(t *Tree) error { return t.cause() }
