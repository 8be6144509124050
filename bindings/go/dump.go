// SPDX-License-Identifier: MIT

package greenlet

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	core "github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// Dump writes the tree: a line for each greenlet that is not dead, indented below its parent's, with its number, name and state; the dead only where they
// have descendants. The words are for people and may change.
func (t *Tree) Dump(w io.Writer) error {
	t.checkCaller()
	if t.realm == 0 {
		return ErrClosed
	}
	children := make([][]int, len(t.slots))
	shown := make([]bool, len(t.slots))
	for i, s := range t.slots {
		if s == nil || i == 0 {
			continue
		}
		parent := core.ParentSlot(s.ref)
		children[parent] = append(children[parent], i)
		for a := int64(i); State(core.State(s.ref)) != Dead && a > 0 && !shown[a]; a = core.ParentSlot(t.slots[a].ref) {
			shown[a] = true
		}
	}
	out := bufio.NewWriter(w)
	type line struct{ slot, depth int }
	for todo := []line{{0, 0}}; len(todo) > 0; {
		last := len(todo) - 1
		l := todo[last]
		todo = todo[:last]
		s := t.slots[l.slot]
		name := "main"
		if l.slot > 0 {
			name = strings.TrimSpace(fmt.Sprintf("#%d %s", l.slot, s.name))
		}
		fmt.Fprintf(out, "%*s%s %v\n", 2*l.depth, "", name, State(core.State(s.ref)))
		below := children[l.slot]
		for i := len(below) - 1; i >= 0; i-- {
			if shown[below[i]] {
				todo = append(todo, line{below[i], l.depth + 1})
			}
		}
	}
	return out.Flush()
}
