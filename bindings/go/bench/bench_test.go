// SPDX-License-Identifier: MIT

// Package bench times the package greenlet beside what it is made of and what it competes with: ./dev bench go
//
// In each benchmark "by" says who does the same thing.
package bench

import (
	"iter"
	"runtime"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
	"github.com/libgreenlet/libgreenlet/bindings/go/internal/glcore"
)

// call is one call of C, the least that asking the core costs.
func call() { glcore.Version() }

func none() {}

// --- Passing control: an operation is one way -------------------------------------------------------------------------------------------

func BenchmarkSwitch(b *testing.B) {
	b.Run("by=channel", func(b *testing.B) { handOver(b, none) })
	b.Run("by=channel+call", func(b *testing.B) { handOver(b, call) })
	b.Run("by=greenlet", pingPong)
	b.Run("by=Pull", func(b *testing.B) { resume(b, none) })
	b.Run("by=Pull+call", func(b *testing.B) { resume(b, call) })
}

func BenchmarkSwitchOnLockedThreads(b *testing.B) {
	b.Run("by=channel", func(b *testing.B) { locked(func() { handOverWith(b, none, locked) }) })
	b.Run("by=greenlet", func(b *testing.B) { locked(func() { pingPongWith(b, locked) }) })
}

func locked(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f()
}

func unlocked(f func()) { f() }

func handOver(b *testing.B, before func()) { handOverWith(b, before, unlocked) }

// handOverWith has two goroutines wake each other.
func handOverWith(b *testing.B, before func(), other func(func())) {
	ping, pong := make(chan struct{}), make(chan struct{})
	go other(func() {
		for range ping {
			before()
			pong <- struct{}{}
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += 2 {
		before()
		ping <- struct{}{}
		<-pong
	}
	b.StopTimer()
	close(ping)
}

func pingPong(b *testing.B) { pingPongWith(b, unlocked) }

func pingPongWith(b *testing.B, other func(func())) {
	run(b, func(t *greenlet.Tree) {
		main := t.Main()
		g := t.New(func(*greenlet.Tree, any) (_ any, err error) {
			other(func() {
				for err == nil {
					_, err = main.Switch(nil)
				}
			})
			return nil, err
		})
		must(g.Switch(nil))
		b.ReportAllocs()
		b.ResetTimer()
		for i := 0; i < b.N; i += 2 {
			must(g.Switch(nil))
		}
		b.StopTimer()
	})
}

func resume(b *testing.B, before func()) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for yield(0) {
			before()
		}
	})
	defer stop()
	b.ReportAllocs()
	for i := 0; i < b.N; i += 2 {
		before()
		next()
	}
}

// --- A life: made, run to its end -------------------------------------------------------------------------------------------------------

func BenchmarkLife(b *testing.B) {
	b.Run("by=goroutine", func(b *testing.B) {
		done := make(chan struct{})
		b.ReportAllocs()
		for b.Loop() {
			go func() { done <- struct{}{} }()
			<-done
		}
	})
	b.Run("by=greenlet", func(b *testing.B) {
		run(b, func(t *greenlet.Tree) {
			b.ReportAllocs()
			for b.Loop() {
				must(t.New(func(*greenlet.Tree, any) (any, error) { return nil, nil }).Switch(nil))
			}
		})
	})
	b.Run("by=Pull", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			next, _ := iter.Pull(func(func(int) bool) {})
			next()
		}
	})
}

// --- A sequence: an operation is one element --------------------------------------------------------------------------------------------

func BenchmarkSequence(b *testing.B) {
	b.Run("by=greenlet", func(b *testing.B) {
		run(b, func(t *greenlet.Tree) {
			count := 0
			b.ReportAllocs()
			for _, err := range greenlet.Seq(t, func(emit func(int) error) error {
				for i := range b.N {
					if err := emit(i); err != nil {
						return err
					}
				}
				return nil
			}) {
				count++
				must(nil, err)
			}
			if count != b.N {
				b.Fatal(count)
			}
		})
	})
	b.Run("by=Pull", func(b *testing.B) {
		next, stop := iter.Pull(func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
		})
		defer stop()
		b.ReportAllocs()
		for range b.N {
			next()
		}
	})
}

// --- What else a switch may be ----------------------------------------------------------------------------------------------------------

func BenchmarkThrow(b *testing.B) {
	run(b, func(t *greenlet.Tree) {
		g := t.New(func(t *greenlet.Tree, _ any) (any, error) {
			for {
				if _, err := t.Main().Switch(nil); err == greenlet.ErrExit {
					return nil, err
				}
			}
		})
		must(g.Switch(nil))
		b.ReportAllocs()
		for b.Loop() {
			must(g.Throw(errThrown))
		}
	})
}

func BenchmarkSwitchTraced(b *testing.B) {
	run(b, func(t *greenlet.Tree) {
		remove := t.Trace(func(greenlet.Event, *greenlet.G, *greenlet.G) {})
		defer remove()
		g := t.New(func(t *greenlet.Tree, _ any) (_ any, err error) {
			for err == nil {
				_, err = t.Main().Switch(nil)
			}
			return nil, err
		})
		b.ReportAllocs()
		for i := 0; i < b.N; i += 2 {
			must(g.Switch(nil))
		}
	})
}

func BenchmarkCall(b *testing.B) {
	for b.Loop() {
		call()
	}
}
