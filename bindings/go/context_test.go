// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"context"
	"errors"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// Rule 9: what is refused changes nothing.
func TestACanceledTree(t *testing.T) {
	reason := errors.New("reason")
	parent, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	unwound := false
	err := greenlet.RunContext(parent, func(ctx context.Context, tree *Tree) error {
		tree.New(func(tree *Tree, _ any) (any, error) {
			_, err := tree.Main().Switch(nil)
			unwound = err == greenlet.ErrExit
			return nil, err
		}).Switch(nil)
		g := tree.New(func(tree *Tree, _ any) (any, error) {
			cancel(reason)
			wait(t, tree)
			call(tree.Main().Switch("not sent")).want(t, nil, reason)
			return tree.Main().Throw(errThrown)
		})
		_, err := g.Switch(nil)
		wantStates(t, "[dead]", g)
		return err
	})
	if !errors.Is(err, reason) || !unwound {
		t.Error(err, unwound)
	}
}

// wait until the tree has heard of it.
func wait(t *testing.T, tree *Tree) {
	t.Helper()
	for greenlet.Canceled(tree) == nil {
	}
}

func TestKillInACanceledTree(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tree := greenlet.NewTreeContext(ctx)
	g := waiting(t, tree)
	cancel()
	wait(t, tree)
	call(g.Switch(nil)).want(t, nil, context.Canceled)
	call(g.Kill()).want(t, nil, nil)
	wantStates(t, "[dead]", g)
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
}

func TestATreeIsInItsContext(t *testing.T) {
	if greenlet.FromContext(context.Background()) != nil {
		t.Error("a tree out of nowhere")
	}
	type key struct{}
	err := greenlet.RunContext(context.WithValue(context.Background(), key{}, 1), func(ctx context.Context, tree *Tree) error {
		if greenlet.FromContext(ctx) != tree || tree.Context() != ctx || ctx.Value(key{}) != 1 {
			t.Error("it is another context")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	inTree(t, func(tree *Tree) {
		if greenlet.FromContext(tree.Context()) != tree {
			t.Error("Run's tree has no context")
		}
	})
}

func TestATreeOfAContextThatIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := greenlet.RunContext(ctx, func(_ context.Context, tree *Tree) error {
		_, err := tree.New(nothing).Switch(nil)
		return err
	})
	if err != context.Canceled {
		t.Error(err)
	}
}
