// SPDX-License-Identifier: MIT

package greenlet

import "context"

type treeKey struct{}

// RunContext is [Run] with a tree that ends with ctx: once ctx is done, [G.Switch] and [G.Throw] return its cause and transfer nothing. So bodies that
// pass errors up end one after the other, and in the end f; what is suspended then is ended as by [Tree.Close]. A body that waits for something else, such
// as a channel, has to look at ctx itself.
//
// f gets ctx with the tree in it: see [FromContext].
func RunContext(ctx context.Context, f func(ctx context.Context, t *Tree) error) error {
	return run(newTree(ctx), func(t *Tree) error { return f(t.ctx, t) })
}

// NewTreeContext is [NewTree] with a context, as [RunContext] uses it.
func NewTreeContext(ctx context.Context) *Tree { return newTree(ctx) }

// FromContext returns the tree in ctx, or nil. Only the goroutine that runs in the tree may use it.
func FromContext(ctx context.Context) *Tree {
	t, _ := ctx.Value(treeKey{}).(*Tree)
	return t
}

// Context returns the context that the tree was made with, with the tree in it.
func (t *Tree) Context() context.Context { return t.ctx }

func (t *Tree) attach(ctx context.Context) {
	t.ctx = context.WithValue(ctx, treeKey{}, t)
	cancel := func() { t.notice.Or(canceled) }
	if ctx.Err() != nil {
		cancel() // at once
	}
	t.stopCtx = context.AfterFunc(ctx, cancel)
}

// cause returns why transfers are refused, or nil.
func (t *Tree) cause() error {
	if t.notice.Load()&canceled == 0 {
		return nil
	}
	return context.Cause(t.ctx)
}
