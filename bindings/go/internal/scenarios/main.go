// SPDX-License-Identifier: MIT

// Scenarios runs scenarios (docs/scenarios.md) on the package greenlet and prints their events: scenarios FILE...
//
// What a scenario calls a thread is a tree here, whose main greenlet is a goroutine of its own. Of all of them one runs at a time.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// payload is what `throw` and `raise` throw.
type payload struct{ value any }

func (p *payload) Error() string { return "payload " + text(p.value) }

// exit is what `exit` ends with: to the bodies around it as a kill, to the parent a value.
type exit struct{ value any }

func (e *exit) Error() string { return "exit " + text(e.value) }
func (e *exit) Unwrap() error { return greenlet.ErrExit }

type scenario struct {
	bodies   map[string][][]string
	greenlet map[string]*greenlet.G
	thread   map[string]*thread
	mains    map[*greenlet.Tree]string
	tracer   map[string]func()
	here     *thread // the one that runs
}

// text is a value as events show it.
func text(value any) string {
	if value == nil {
		return "-"
	}
	return value.(string)
}

// value is the reverse of text.
func value(word string) any {
	if word == "-" {
		return nil
	}
	return word
}

// --- Events -----------------------------------------------------------------------------------------------------------------------------

func (s *scenario) record(words ...string) { s.recordOf(s.here.tree.Current(), words...) }

func (s *scenario) recordOf(who *greenlet.G, words ...string) {
	if !s.here.over {
		fmt.Println(s.name(who), strings.Join(words, " "))
	}
}

func (s *scenario) name(g *greenlet.G) string {
	if g == nil {
		return "-"
	}
	if g.Name() == "" { // only main greenlets have none
		return s.mains[g.Tree()]
	}
	return g.Name()
}

// refusal is the name of the status behind an error.
func refusal(err error) string {
	for refused, name := range map[error]string{
		greenlet.ErrCycle:   "ECYCLE",
		greenlet.ErrMain:    "EINVAL",
		greenlet.ErrCurrent: "EINVAL",
		greenlet.ErrTree:    "ETHREAD",
		greenlet.ErrClosed:  "EEXPIRED",
		greenlet.ErrBusy:    "EBUSY",
	} {
		if errors.Is(err, refused) {
			return name
		}
	}
	fail(err)
	return ""
}

// fail tells of a bug here or in the scenario. As a panic it would be the parent's.
func fail(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

// --- Bodies -----------------------------------------------------------------------------------------------------------------------------

func (s *scenario) run(body string) (any, error) {
	for _, words := range s.bodies[body] {
		caught := words[0] == "try"
		if caught {
			words = words[1:]
		}
		step, arguments := words[0], append(words[1:len(words):len(words)], "-", "-") // what a step leaves out is no value
		switch step {
		case "end":
			return value(arguments[0]), nil
		case "raise":
			return nil, &payload{value(arguments[0])}
		case "exit":
			return nil, &exit{value(arguments[0])}
		case "switch", "throw", "kill", "call":
			if err := s.transfer(step, arguments[0], value(arguments[1])); err != nil && (!caught || s.here.over) {
				return nil, err
			}
		default:
			if err := s.do(step, arguments, words[1:]); err != nil {
				s.record(step, refusal(err))
			}
		}
	}
	return nil, nil
}

// transfer lets others run, and records how control came back. It returns what ends a body.
func (s *scenario) transfer(step, target string, sent any) error {
	var came any
	var err error
	switch step {
	case "switch":
		came, err = s.find(target).Switch(sent)
	case "throw":
		came, err = s.find(target).Throw(&payload{sent})
	case "kill":
		came, err = s.find(target).Kill()
	case "call":
		came, err = s.run(target)
	}
	var thrown *payload
	switch {
	case err == nil:
		s.record(step, "ok", text(came))
	case err == greenlet.ErrAlive:
		s.record(step, "alive", text(came))
	case errors.As(err, &thrown):
		s.record(step, "thrown", text(thrown.value))
		return err
	case errors.Is(err, greenlet.ErrExit):
		s.record(step, "killed -")
		return err
	default:
		s.record(step, refusal(err))
	}
	return nil
}

// enter is a greenlet's function.
func (s *scenario) enter(body string) greenlet.Func {
	return func(_ *greenlet.Tree, argument any) (any, error) {
		s.record("start", text(argument))
		result, err := s.run(body)
		var end *exit
		if errors.As(err, &end) {
			result = end.value
		}
		return result, err
	}
}

// --- Steps ------------------------------------------------------------------------------------------------------------------------------

func (s *scenario) find(name string) *greenlet.G {
	if name == "self" {
		return s.here.tree.Current()
	}
	return s.greenlet[name]
}

// do runs a step that is no transfer: with `arguments` that are never missing, or all those that it was given.
func (s *scenario) do(step string, arguments, given []string) error {
	name := arguments[0]
	switch step {
	case "make":
		s.make(name, given[1:])
	case "reparent":
		return s.find(name).SetParent(s.find(arguments[1]))
	case "state":
		s.record(step, name, s.find(name).State().String())
	case "parent":
		s.record(step, name, s.name(s.find(name).Parent()))
	case "say":
		s.record(append([]string{step}, given...)...)
	case "trace":
		s.trace(name, arguments[1], given[2:])
	case "untrace":
		s.tracer[name]()
	case "run":
		s.runThread(name)
	case "pause":
		s.here.pause()
	default:
		fail("unknown step " + step)
	}
	return nil
}

func (s *scenario) make(name string, options []string) {
	body, given := name, []greenlet.Option{greenlet.Name(name)}
	for ; len(options) > 1; options = options[2:] {
		switch options[0] {
		case "runs":
			body = options[1]
		case "under":
			given = append(given, greenlet.Under(s.find(options[1])))
		default:
			fail("unknown option " + options[0])
		}
	}
	s.greenlet[name] = s.here.tree.New(s.enter(body), given...)
}

func (s *scenario) trace(name, body string, events []string) {
	s.tracer[name] = s.here.tree.Trace(func(event greenlet.Event, from, to *greenlet.G) {
		for _, wanted := range events {
			if event.String() != wanted {
				continue
			}
			s.recordOf(from, "trace", name, wanted, s.name(to))
			s.run(body) // no such body: nothing
		}
	})
}

// --- Scenarios --------------------------------------------------------------------------------------------------------------------------

func load(path string) (*scenario, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &scenario{
		bodies:   map[string][][]string{},
		greenlet: map[string]*greenlet.G{},
		thread:   map[string]*thread{},
		mains:    map[*greenlet.Tree]string{},
		tracer:   map[string]func(){},
	}
	body := ""
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "events:":
			return s, nil
		case words[0] == "body:":
			body = words[1]
		case body != "":
			s.bodies[body] = append(s.bodies[body], words)
		}
	}
	return s, nil
}

func main() {
	for _, path := range os.Args[1:] {
		fmt.Println("scenario", strings.TrimSuffix(filepath.Base(path), ".txt"))
		s, err := load(path)
		if err != nil {
			fail(err)
		}
		s.runThread("main")
	}
}
