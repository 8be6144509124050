// SPDX-License-Identifier: MIT
//! Runs scenarios (docs/scenarios.md) on the crate `greenlet` and prints their events: `scenarios FILE...`
//!
//! What a scenario calls a throw is a panic here. Handles are in tables of their threads. But whoever switches, throws or kills has one more on the target
//! until the call is over, as the reference that such a call takes stands for a handle.

mod thread;
mod value;

use std::any::Any;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

use greenlet::{AnyGreenlet, Builder, Error, Event, GreenletLocal, State, Stats, Tracer};

use thread::{here, Thread};
use value::{with_dropped, Local, Value};

/// A word of a scenario; "-" is no value. Scenarios stay as long as the program.
type Word = &'static str;

struct Scenario {
    bodies: BTreeMap<Word, Vec<Vec<Word>>>,
    threads: Mutex<BTreeMap<Word, Thread>>,
    start: Stats,
    /// Main's steps are done: nothing is recorded, nothing is caught any more.
    over: AtomicBool,
}

/// What a body ends with: a value, or a payload for the parent. A kill's payload is one, too.
type Outcome = Result<Word, Box<dyn Any + Send>>;

/// What `throw` and `raise` throw.
struct Payload(Word);

/// What `exit` ends with: to the bodies around it as a kill, to the parent a value.
struct Exit(Word);

// --- Events ----------------------------------------------------------------------------------------------------------------------------

/// An event of the current greenlet.
fn record(words: &[&str]) {
    record_of(&greenlet::current(), words);
}

fn record_of(who: &AnyGreenlet, words: &[&str]) {
    if !here().scenario.over.load(Ordering::Relaxed) {
        println!("{} {}", name(who), words.join(" "));
        std::io::stdout().flush().expect("stdout"); // the checker shows how far a program came that crashes
    }
}

fn name(g: &AnyGreenlet) -> &str {
    match g.name() {
        "" => here().name, // only main greenlets have none
        name => name,
    }
}

fn refusal(error: &Error) -> &'static str {
    match error {
        Error::Invalid => "EINVAL",
        Error::NoMemory => "ENOMEM",
        Error::OtherThread => "ETHREAD",
        Error::Expired => "EEXPIRED",
        Error::Cycle => "ECYCLE",
        Error::Busy => "EBUSY",
        Error::NotSupported => "ENOTSUP",
        error => panic!("a refusal was expected: {error}"),
    }
}

// --- Bodies ----------------------------------------------------------------------------------------------------------------------------

fn run(body: Word) -> Outcome {
    let scenario = here().scenario;
    for step in &scenario.bodies[body] {
        let caught = step[0] == "try";
        let words = &step[usize::from(caught)..];
        let word = |n: usize| words.get(n).copied().unwrap_or("-");
        match word(0) {
            "end" => return Ok(word(1)),
            "raise" => return Err(Box::new(Payload(word(1)))),
            "exit" => return Err(Box::new(Exit(word(1)))),
            "switch" | "throw" | "kill" | "call" => {
                if let Err(payload) = transfer(words[0], word(1), word(2)) {
                    if !caught || scenario.over.load(Ordering::Relaxed) {
                        return Err(payload);
                    }
                }
            }
            _ => {
                if let Err(error) = step_of(words) {
                    record(&[words[0], refusal(&error)]);
                }
            }
        }
    }
    Ok("-")
}

/// Lets others run, and records how control came back. What is no value is the result.
fn transfer(step: Word, target: Word, value: Word) -> Result<(), Box<dyn Any + Send>> {
    let came = catch_unwind(AssertUnwindSafe(|| match step {
        "switch" => find(target).try_switch::<Value>(Value::new(value)).map(|value| ("ok", value.take())),
        "throw" => find(target).try_throw::<Value>(Box::new(Payload(value))).map(|value| ("ok", value.take())),
        "kill" => {
            let (result, dropped) = with_dropped(|| find(target).kill());
            result.map(|dead| (if dead { "ok" } else { "alive" }, dropped))
        }
        _ => Ok(("ok", run(target).unwrap_or_else(|payload| resume_unwind(payload)))),
    }));
    let payload = match came {
        Ok(Ok((status, value))) => {
            record(&[step, status, value]);
            return Ok(());
        }
        // As a value that is none arrives, from one that was killed.
        Ok(Err(Error::WrongType(wrong))) if wrong.received().is_none() => {
            record(&[step, "ok", "-"]);
            return Ok(());
        }
        Ok(Err(Error::Panicked(panic))) => panic.into_payload(),
        Ok(Err(error)) => {
            record(&[step, refusal(&error)]);
            return Ok(());
        }
        Err(payload) => payload,
    };
    match payload.downcast_ref::<Payload>() {
        Some(thrown) => record(&[step, "thrown", thrown.0]),
        None if payload.is::<Exit>() || greenlet::is_kill(&*payload) => record(&[step, "killed", "-"]),
        None => resume_unwind(payload), // a bug here
    }
    Err(payload)
}

/// A greenlet's body. `_on_drop` belongs to it, as what a closure has captured.
fn enter(body: Word, first: Value, _on_drop: Option<OnDrop>) -> Value {
    record(&["start", first.take()]);
    let payload = match run(body) {
        Ok(value) => return Value::new(value),
        Err(payload) => payload,
    };
    match payload.downcast::<Exit>() {
        Ok(exit) => Value::new(exit.0),
        Err(payload) => resume_unwind(payload),
    }
}

/// The drop of a greenlet's data.
struct OnDrop {
    name: Word,
    body: Word,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        record(&["drop", self.name]);
        run_callback(self.body);
    }
}

fn run_callback(body: Word) {
    if body != "-" {
        drop(run(body)); // nobody waits for how it ends
    }
}

// --- Steps -----------------------------------------------------------------------------------------------------------------------------

fn find(name: Word) -> AnyGreenlet {
    match name {
        "self" => greenlet::current(),
        name => here().handles.borrow()[name].last().expect("the scenario has a handle").clone(),
    }
}

/// The name of one that may be called `self`.
fn real_name(name: Word) -> Word {
    let all = here().handles.borrow();
    let found = all.keys().find(|key| name == "self" && **key == self::name(&greenlet::current()));
    found.copied().unwrap_or(name)
}

static LOCALS: GreenletLocal<Local> = GreenletLocal::new(Local::default);

/// Of the current greenlet: Rust's greenlets do not see each other's.
fn locals<R>(of: Word, f: impl FnOnce(&Local) -> R) -> R {
    assert!(find(of) == greenlet::current(), "a greenlet reaches its own locals alone");
    LOCALS.with(f)
}

fn step_of(words: &'static [Word]) -> Result<(), Error> {
    let word = |n: usize| words.get(n).copied().unwrap_or("-");
    match words[0] {
        "make" => make(words)?,
        "retain" => {
            let (name, g) = (real_name(word(1)), find(word(1)));
            here().handles.borrow_mut().entry(name).or_default().push(g);
        }
        "release" => {
            let name = real_name(word(1));
            let released = here().handles.borrow_mut().get_mut(name).and_then(Vec::pop);
            drop(released.expect("the scenario has a handle")); // with the table free, for others may run
        }
        "reparent" => find(word(1)).set_parent(&find(word(2)))?,
        "state" => {
            let state = match find(word(1)).state() {
                State::Unstarted => "unstarted",
                State::Suspended => "suspended",
                State::Running => "running",
                State::Dead => "dead",
            };
            record(&["state", word(1), state]);
        }
        "parent" => record(&["parent", word(1), find(word(1)).parent().as_ref().map_or("-", name)]),
        "say" => record(words),
        "count" => {
            let (now, start) = (greenlet::stats(), here().scenario.start);
            let count = match word(1) {
                "created" => now.created - start.created,
                "alive" => now.alive - start.alive,
                _ => now.leaked - start.leaked,
            };
            record(&["count", word(1), &count.to_string()]);
        }
        "key" => here().add_key(word(1), word(2) == "drop"),
        "set-local" => locals(word(1), |local| local.set(word(2), word(3))),
        "local" => record(&["local", word(1), word(2), locals(word(1), |local| local.get(word(2)))]),
        "trace" => trace(word(1), word(2), &words[3..])?,
        "untrace" => drop(here().tracers.borrow_mut().remove(word(1))),
        "run" => here().scenario.run_thread(word(1)),
        "pause" => here().pause(),
        step => panic!("unknown step {step}"),
    }
    Ok(())
}

fn make(words: &[Word]) -> Result<(), Error> {
    let name = words[1];
    let (mut builder, mut body, mut on_drop) = (Builder::new().name(name), name, None);
    let mut options = words[2..].iter();
    while let Some(option) = options.next() {
        let mut value = || options.next().copied().unwrap_or("-");
        match *option {
            "under" => builder = builder.parent(&find(value())),
            "runs" => body = value(),
            "drop" => on_drop = Some(OnDrop { name, body: value() }),
            option => panic!("unknown option {option}"),
        }
    }
    let g = builder.build(move |first: Value| enter(body, first, on_drop))?;
    here().handles.borrow_mut().insert(name, vec![g.into_any()]);
    Ok(())
}

fn trace(tracer: Word, body: Word, events: &'static [Word]) -> Result<(), Error> {
    let added = Tracer::new(move |event, from, to| {
        let event = match event {
            Event::Switch => "switch",
            Event::Throw => "throw",
            Event::Start => "start",
            Event::End => "end",
        };
        if events.contains(&event) {
            record_of(from, &["trace", tracer, event, name(to)]);
            run_callback(body);
        }
    })?;
    here().tracers.borrow_mut().insert(tracer, added);
    Ok(())
}

// --- Scenarios -------------------------------------------------------------------------------------------------------------------------

fn load(path: &str) -> &'static Scenario {
    let text: Word = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}")).leak();
    let mut bodies = BTreeMap::<Word, Vec<Vec<Word>>>::new();
    let mut into = None;
    for line in text.lines() {
        let words: Vec<Word> = line.split_whitespace().collect();
        match words.first() {
            None => {}
            Some(first) if first.starts_with('#') => {}
            Some(&"events:") => break,
            Some(&"body:") => into = Some(bodies.entry(words[1]).or_default()),
            Some(_) => {
                if let Some(steps) = &mut into {
                    steps.push(words);
                }
            }
        }
    }
    Box::leak(Box::new(Scenario { bodies, threads: Mutex::default(), start: greenlet::stats(), over: AtomicBool::new(false) }))
}

fn main() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        tell(info); // throws and kills come without a hook: this is a bug here or in the scenario, and others wait
        std::process::exit(2);
    }));
    for path in std::env::args().skip(1) {
        let name = Path::new(&path).file_stem().unwrap_or_default();
        println!("scenario {}", name.to_string_lossy());
        load(&path).run_thread("main");
    }
}
