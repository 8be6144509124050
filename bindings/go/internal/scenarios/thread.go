// SPDX-License-Identifier: MIT

package main

import greenlet "github.com/libgreenlet/libgreenlet/bindings/go"

// thread is a tree on a goroutine that runs only while somebody waits for it.
type thread struct {
	name   string
	tree   *greenlet.Tree
	over   bool // its steps are done, and what is left ends: nothing is recorded, nothing is caught any more
	resume chan struct{}
	paused chan bool // whether it has ended
}

// runThread continues the thread, or starts it, and waits until it pauses or has ended.
func (s *scenario) runThread(name string) {
	caller, t := s.here, s.thread[name]
	if t == nil {
		t = &thread{name: name, resume: make(chan struct{}), paused: make(chan bool)}
		s.thread[name] = t
		go s.threadMain(t)
	}
	s.here = t
	t.resume <- struct{}{}
	if <-t.paused {
		delete(s.thread, name)
	}
	s.here = caller
}

func (s *scenario) threadMain(t *thread) {
	<-t.resume
	t.tree = greenlet.NewTree()
	s.greenlet[t.name], s.mains[t.tree] = t.tree.Main(), t.name
	s.run(t.name) // how a main ends matters to nobody
	t.over = true
	if err := t.tree.Close(); err != nil {
		fail(err)
	}
	t.paused <- true
}

func (t *thread) pause() {
	t.paused <- false
	<-t.resume
}
