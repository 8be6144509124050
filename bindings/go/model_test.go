// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"errors"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// The rules in a few lines of Go, to compare the package with: no stacks, no goroutines, nothing waits.

// node is a greenlet of the model.
type node struct {
	state   greenlet.State
	parent  *node   // the real one
	killers []*node // who waits in a Kill of it, the innermost last
	victim  *node   // whom its own pending call kills
	arrived got     // what its pending call returns, or its argument: set when it is made current
}

type model struct {
	main, current *node
	canceled      error
}

func newModel() *model {
	main := &node{state: greenlet.Running}
	return &model{main: main, current: main}
}

func (n *node) shownParent() *node {
	if last := len(n.killers) - 1; last >= 0 {
		return n.killers[last]
	}
	return n.parent
}

// descends tells whether n is a, or below it, over real parents and pending killers together (rules 13 and 15).
func (n *node) descends(a *node) bool {
	if n == nil || n == a {
		return n != nil
	}
	for _, killer := range n.killers {
		if killer.descends(a) {
			return true
		}
	}
	return n.parent.descends(a)
}

// isExit tells whether what is returned or thrown asks to end.
func isExit(err error) bool { return errors.Is(err, greenlet.ErrExit) }

// send brings what is sent to n, or to its heir. (Rules 5 to 8 and 10 to 12.)
func (m *model) send(n *node, sent got) {
	heir := n
	for heir.state == greenlet.Dead || heir.state == greenlet.Unstarted && sent.err != nil {
		heir.state = greenlet.Dead
		heir = heir.shownParent()
	}
	if heir != n && isExit(sent.err) {
		sent.err = nil // who was asked to end has
	}
	m.resume(heir, sent)
}

// resume makes n current. If it waits in a Kill, that is over.
func (m *model) resume(n *node, sent got) {
	if m.current.state == greenlet.Running {
		m.current.state = greenlet.Suspended
	}
	m.current = n
	n.state = greenlet.Running
	if v := n.victim; v != nil {
		n.victim = nil
		for i, killer := range v.killers {
			if killer == n {
				v.killers = append(v.killers[:i:i], v.killers[i+1:]...)
				break
			}
		}
		if sent.err == nil && v.state != greenlet.Dead {
			sent.err = greenlet.ErrAlive
		}
	}
	n.arrived = sent
}

func (m *model) switchTo(n *node, value any) (refused error) {
	if m.canceled != nil {
		return m.canceled
	}
	m.send(n, got{value, nil})
	return nil
}

func (m *model) throw(n *node, err error) (refused error) {
	if m.canceled != nil {
		return m.canceled
	}
	m.send(n, got{nil, err})
	return nil
}

func (m *model) kill(n *node) (refused error) {
	switch {
	case n == m.main:
		return greenlet.ErrMain
	case n == m.current:
		return greenlet.ErrCurrent
	case n.state == greenlet.Dead:
		m.current.arrived = got{}
	case m.current.descends(n):
		return greenlet.ErrCycle
	case n.state == greenlet.Unstarted:
		n.state = greenlet.Dead
		m.current.arrived = got{}
	default:
		m.current.victim = n
		n.killers = append(n.killers, m.current)
		m.resume(n, got{nil, greenlet.ErrExit})
	}
	return nil
}

// end is the end of the current one's body.
func (m *model) end(outcome got) {
	if isExit(outcome.err) {
		outcome.err = nil
	}
	m.current.state = greenlet.Dead
	m.send(m.current, outcome)
}

func (m *model) setParent(child, parent *node) (refused error) {
	switch {
	case child == m.main:
		return greenlet.ErrMain
	case parent.descends(child):
		return greenlet.ErrCycle
	}
	child.parent = parent
	return nil
}
