// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

func TestNamesAreLabelsInProfiles(t *testing.T) {
	ctx := pprof.WithLabels(context.Background(), pprof.Labels("tree", "of-the-test"))
	err := greenlet.RunContext(ctx, func(_ context.Context, tree *Tree) error {
		g := waiting(t, tree, greenlet.Name("reader"))
		var profile bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			return err
		}
		if !strings.Contains(profile.String(), `# labels: {"greenlet":"reader", "tree":"of-the-test"}`) {
			t.Error(profile.String())
		}
		if g.Name() != "reader" || tree.Main().Name() != "" {
			t.Error(g.Name())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBodiesAreRegionsInTraces(t *testing.T) {
	var recorded bytes.Buffer
	if err := trace.Start(&recorded); err != nil {
		t.Skip(err) // `go test -trace` records already
	}
	inTree(t, func(tree *Tree) { waiting(t, tree, greenlet.Name("reader")) })
	trace.Stop()
	if !bytes.Contains(recorded.Bytes(), []byte("greenlet reader")) {
		t.Error("no region")
	}
}

func TestDump(t *testing.T) {
	inTree(t, func(tree *Tree) {
		dead := tree.New(nothing, greenlet.Name("dead"))
		dead.Switch(nil)
		middle := tree.New(nothing)
		below := waiting(t, tree, greenlet.Name("below"), greenlet.Under(middle))
		middle.Switch(nil)
		defer tree.New(nothing).Dead()
		var text strings.Builder
		if err := tree.Dump(&text); err != nil {
			t.Error(err)
		}
		want := "main running\n  #2 dead\n    #3 below suspended\n  #4 unstarted\n"
		if text.String() != want {
			t.Errorf("%s\nwant %s", text.String(), want)
		}
		below.Kill()
	})
}
