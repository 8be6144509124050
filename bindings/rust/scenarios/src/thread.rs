// SPDX-License-Identifier: MIT
//! Threads of a scenario, of which one runs at a time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::thread::JoinHandle;

use greenlet::{AnyGreenlet, Tracer};

use crate::{run, Scenario, Word};

thread_local!(static HERE: Cell<Option<&'static Here>> = const { Cell::new(None) });

/// What the calling thread has. It stays as long as the program, so that the last destructors find it.
pub struct Here {
    pub scenario: &'static Scenario,
    pub name: Word,
    pub handles: RefCell<BTreeMap<Word, Vec<AnyGreenlet>>>,
    pub tracers: RefCell<BTreeMap<Word, Tracer>>,
    pub dropped: Cell<Word>,
    keys_with_drop: RefCell<Vec<Word>>,
    resume: Receiver<()>,
    paused: Sender<Pause>,
}

pub fn here() -> &'static Here {
    HERE.get().expect("a thread of a scenario")
}

/// Why the other side goes on.
enum Pause {
    Paused,
    Ended,
}

/// A thread, as others see it.
pub struct Thread {
    resume: Sender<()>,
    paused: Receiver<Pause>,
    handle: JoinHandle<()>,
}

impl Scenario {
    /// Continues the thread, or starts it, and waits until it pauses or has ended.
    pub fn run_thread(&'static self, name: Word) {
        let started = self.threads.lock().expect("no panics").remove(name);
        let thread = started.unwrap_or_else(|| self.spawn(name));
        thread.resume.send(()).expect("it waits");
        match thread.paused.recv().expect("it tells") {
            Pause::Paused => drop(self.threads.lock().expect("no panics").insert(name, thread)),
            Pause::Ended => thread.handle.join().expect("no panic at its end"),
        }
    }

    fn spawn(&'static self, name: Word) -> Thread {
        let (resume, resumed) = channel();
        let (pause, paused) = channel();
        let handle = std::thread::spawn(move || Here::main(self, name, resumed, pause));
        Thread { resume, paused, handle }
    }
}

impl Here {
    fn main(scenario: &'static Scenario, name: Word, resume: Receiver<()>, paused: Sender<Pause>) {
        let new = Here {
            scenario,
            name,
            handles: RefCell::new(BTreeMap::from([(name, vec![greenlet::main()])])),
            tracers: RefCell::default(),
            dropped: Cell::new("-"),
            keys_with_drop: RefCell::default(),
            resume,
            paused,
        };
        let here: &'static Here = Box::leak(Box::new(new));
        HERE.set(Some(here));
        here.resume.recv().expect("it is started");
        drop(run(name)); // how a main ends matters to nobody
        if name == "main" {
            scenario.over.store(true, Ordering::Relaxed);
        }
        drop(here.tracers.take());
        for (_, handles) in here.handles.take() {
            drop(handles);
        }
        here.paused.send(Pause::Ended).expect("somebody waits");
    }

    pub fn pause(&self) {
        self.paused.send(Pause::Paused).expect("somebody waits");
        self.resume.recv().expect("it is continued");
    }

    pub fn add_key(&self, key: Word, tells_drops: bool) {
        if tells_drops {
            self.keys_with_drop.borrow_mut().push(key);
        }
    }

    pub fn tells_drops(&self, key: Word) -> bool {
        self.keys_with_drop.borrow().contains(&key)
    }
}
