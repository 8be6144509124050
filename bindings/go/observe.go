// SPDX-License-Identifier: MIT

package greenlet

import (
	"runtime/pprof"
	"runtime/trace"
	"strings"
)

// observed calls the body where profiles and execution traces can tell it from others.
func (s *state) observed(arg any) (any, error) {
	t := s.tree
	if s.name != "" {
		pprof.SetGoroutineLabels(pprof.WithLabels(t.ctx, pprof.Labels("greenlet", s.name)))
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(t.ctx, strings.TrimSpace("greenlet "+s.name)).End()
	}
	return s.run(t, arg)
}
