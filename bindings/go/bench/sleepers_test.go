// SPDX-License-Identifier: MIT

package bench

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

var errThrown = errors.New("thrown")

func must(_ any, err error) {
	if err != nil {
		panic(err)
	}
}

func run(b *testing.B, f func(t *greenlet.Tree)) {
	b.Helper()
	err := greenlet.Run(func(t *greenlet.Tree) error {
		f(t)
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}

const sleepers = 1_000_000

// BenchmarkMillionSleepers tells what one of a million suspended takes of the process's memory, Go's and the core's, and how long it takes to make.
func BenchmarkMillionSleepers(b *testing.B) {
	b.Run("by=goroutine", func(b *testing.B) {
		measure(b, func() func() {
			awake, started := make(chan struct{}), make(chan struct{})
			for range sleepers {
				go func() {
					started <- struct{}{}
					<-awake
				}()
				<-started
			}
			return func() { close(awake) }
		})
	})
	b.Run("by=greenlet", func(b *testing.B) {
		run(b, func(t *greenlet.Tree) {
			measure(b, func() func() {
				all := make([]*greenlet.G, sleepers)
				for i := range all {
					all[i] = t.New(func(t *greenlet.Tree, _ any) (any, error) { return t.Main().Switch(nil) })
					must(all[i].Switch(nil))
				}
				return func() {
					for _, g := range all {
						must(g.Switch(nil))
					}
				}
			})
		})
	})
}

func measure(b *testing.B, makeAll func() (wake func())) {
	var bytes uint64
	var taken time.Duration
	for range b.N {
		runtime.GC()
		before, start := resident(b), time.Now()
		wake := makeAll()
		taken += time.Since(start)
		bytes += resident(b) - before
		wake()
	}
	b.ReportMetric(float64(bytes)/float64(b.N)/sleepers, "B/sleeper")
	b.ReportMetric(float64(taken.Nanoseconds())/float64(b.N)/sleepers, "ns/sleeper")
	b.ReportMetric(0, "ns/op") // not reported
}

// resident is the process's memory in bytes.
func resident(b *testing.B) uint64 {
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	pages, err := strconv.ParseUint(strings.Fields(string(content))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}
