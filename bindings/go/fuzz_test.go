// SPDX-License-Identifier: MIT

package greenlet_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// program is a sequence of bytes that says what happens: whoever is current takes the next ones. Each call is made in the model first, and what comes out of
// it is compared.
type program struct {
	t       *testing.T
	code    []byte
	model   *model
	tree    *Tree
	real    []*G
	nodes   []*node // of the same greenlets
	cancel  context.CancelCauseFunc
	closing bool // nothing is compared any more
	values  int
	running int // bodies that have started and not ended
}

const most = 12 // greenlets in a program

var errCanceled = errors.New("canceled")

// next is the next byte, below n; 0 when there are no more.
func (p *program) next(n int) int {
	if len(p.code) == 0 {
		return 0
	}
	b := int(p.code[0])
	p.code = p.code[1:]
	return b % n
}

func (p *program) value() any {
	p.values++
	return p.values
}

func (p *program) index(g *G) int {
	for i := range p.real {
		if p.real[i] == g {
			return i
		}
	}
	return -1
}

// fail is for any greenlet, where t.Fatal is for the test's goroutine. The rest of the program is left out.
func (p *program) fail(format string, values ...any) {
	p.t.Helper()
	p.t.Errorf(format, values...)
	p.closing, p.code = true, nil
}

// arrive compares what came, after a call or as the argument of me.
func (p *program) arrive(me int, came got) got {
	if p.closing {
		return came
	}
	if p.nodes[me] != p.model.current {
		p.fail("greenlet %d runs, which does not in the model, and got %v, %v", me, came.value, came.err)
	}
	want := p.model.current.arrived
	var panicked *greenlet.PanicError
	if errors.As(came.err, &panicked) {
		came.err, _ = panicked.Value.(error)
	}
	if came != want {
		p.fail("greenlet %d got %v, %v; want %v, %v", me, came.value, came.err, want.value, want.err)
	}
	p.compareStates()
	return came
}

func (p *program) compareStates() {
	for i, n := range p.nodes {
		if state := p.real[i].State(); state != n.state {
			p.fail("greenlet %d is %v; want %v", i, state, n.state)
		}
		if parent := p.real[i].Parent(); parent != nil && p.nodes[p.index(parent)] != n.shownParent() {
			p.fail("the parent of greenlet %d is %d", i, p.index(parent))
		}
	}
}

// called compares a call that the model refuses, or has carried out.
func (p *program) called(me int, refused error, came got) got {
	if p.closing || refused == nil {
		return p.arrive(me, came)
	}
	if came != (got{nil, refused}) {
		p.fail("greenlet %d got %v, %v; refused by the model: %v", me, came.value, came.err, refused)
	}
	return got{} // it goes on
}

func (p *program) add(g *G, n *node) {
	p.real = append(p.real, g)
	p.nodes = append(p.nodes, n)
}

func (p *program) create(parent int) {
	me := len(p.real)
	g := p.tree.New(func(_ *Tree, argument any) (any, error) {
		p.running++
		defer func() { p.running-- }()
		p.arrive(me, got{argument, nil})
		return p.run(me)
	}, greenlet.Under(p.real[parent]))
	p.add(g, &node{parent: p.nodes[parent]})
}

// abandon makes a greenlet that waits, and that nobody can reach: the collector's prey.
func (p *program) abandon() {
	back := p.tree.Current()
	g := p.tree.New(func(*Tree, any) (any, error) { return back.Switch(nil) })
	if _, err := g.Switch(nil); err != nil && p.model.canceled == nil && !p.closing {
		p.fail("abandoned: %v", err)
	}
}

// run is the body of all, main included.
func (p *program) run(me int) (any, error) {
	for len(p.code) > 0 {
		came := got{}
		switch op, other := p.next(16), p.next(len(p.real)); op {
		case 0, 1:
			if len(p.real) < most {
				p.create(other)
			}
		case 2, 3, 4, 5:
			value := p.value()
			refused := p.model.switchTo(p.nodes[other], value)
			came = p.called(me, refused, call(p.real[other].Switch(value)))
		case 6, 7:
			err := []error{errThrown, errCanceled, greenlet.ErrExit}[p.next(3)]
			refused := p.model.throw(p.nodes[other], err)
			came = p.called(me, refused, call(p.real[other].Throw(err)))
		case 8, 9:
			refused := p.model.kill(p.nodes[other])
			came = p.called(me, refused, call(p.real[other].Kill()))
		case 10:
			parent := p.next(len(p.real))
			refused := p.model.setParent(p.nodes[other], p.nodes[parent])
			if err := p.real[other].SetParent(p.real[parent]); err != refused && !p.closing {
				p.fail("SetParent(%d, %d): %v; want %v", other, parent, err, refused)
			}
		case 11:
			p.abandon()
		case 12:
			if p.next(8) == 0 {
				runtime.GC()
			}
		case 13:
			if p.next(64) == 0 && p.model.canceled == nil && !p.closing {
				p.cancel(errCanceled)
				for greenlet.Canceled(p.tree) == nil {
					runtime.Gosched()
				}
				p.model.canceled = errCanceled
			}
		default:
			if me != 0 {
				return p.leave(p.next(8))
			}
		}
		if isExit(came.err) && p.next(2) == 0 && me != 0 {
			return p.finish(nil, came.err)
		}
	}
	return p.finish(p.value(), nil)
}

// finish ends a body in the model, too.
func (p *program) finish(value any, err error) (any, error) {
	if p.model.current != p.model.main {
		p.model.end(got{value, err})
	}
	return value, err
}

// leave ends a body in one of many ways.
func (p *program) leave(how int) (any, error) {
	switch how {
	case 0:
		return p.finish(nil, errThrown)
	case 1:
		return p.finish(p.value(), fmt.Errorf("wrapped: %w", greenlet.ErrExit))
	case 2:
		p.finish(nil, errThrown)
		panic(errThrown)
	case 3:
		p.finish(nil, greenlet.ErrGoexit)
		runtime.Goexit()
	}
	return p.finish(p.value(), nil)
}

func runProgram(t *testing.T, code []byte) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p := &program{t: t, code: code, model: newModel(), cancel: cancel}
	greenlet.RunContext(ctx, func(_ context.Context, tree *Tree) error {
		p.tree = tree
		tree.SetUnhandled(func(error) {})
		p.add(tree.Main(), p.model.main)
		p.run(0)
		p.closing = true
		p.code = code // what is ended does it all again
		return nil
	})
	if p.running != 0 {
		t.Errorf("%d bodies have not ended", p.running)
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte{0, 0, 2, 1, 2, 0, 2, 1, 14, 0})
	f.Fuzz(runProgram)
}

var (
	firstProgram = flag.Uint64("first-program", rand.Uint64(), "the first of the random programs")
	programs     = flag.Int("programs", 300, "how many random programs there are")
)

func TestRandomPrograms(t *testing.T) {
	for i := range *programs {
		seed := *firstProgram + uint64(i)
		random := rand.New(rand.NewPCG(seed, 0))
		code := make([]byte, random.IntN(400))
		for i := range code {
			code[i] = byte(random.Uint32())
		}
		runProgram(t, code)
		if t.Failed() {
			t.Fatalf("program %d of length %d: repeat with -args -programs 1 -first-program %d", i, len(code), seed)
		}
	}
}
