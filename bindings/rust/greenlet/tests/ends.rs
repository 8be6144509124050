// SPDX-License-Identifier: MIT
//! Ends of programs, each in a process of its own.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::{Command, Output};

use greenlet::{parent, Greenlet, GreenletLocal};

const WHICH: &str = "GREENLET_TEST_END";

/// Runs `body` in a child process: the test `name` once more, where `body` ends the program.
fn in_child(name: &str, body: impl FnOnce()) -> Output {
    if std::env::var(WHICH).is_ok_and(|which| which == name) {
        body();
        std::process::exit(0);
    }
    let this = std::env::current_exe().unwrap();
    Command::new(this).args(["--exact", name, "--nocapture"]).env(WHICH, name).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits, whatever is done about it.
fn stubborn() -> Greenlet<(), ()> {
    Greenlet::new(|()| loop {
        let _ = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
    })
}

#[test]
fn a_stubborn_greenlet_does_not_survive_its_thread() {
    let output = in_child("a_stubborn_greenlet_does_not_survive_its_thread", || {
        let thread = std::thread::spawn(|| {
            let g = stubborn();
            g.switch(());
            std::mem::forget(g);
        });
        drop(thread.join());
    });
    assert!(!output.status.success());
    assert!(said(&output).contains("a thread ends while a greenlet that has caught its kill goes on waiting"), "{}", said(&output));
}

#[test]
fn a_stubborn_greenlet_does_not_survive_its_scope() {
    let output = in_child("a_stubborn_greenlet_does_not_survive_its_scope", || {
        greenlet::scope(|s| {
            let g = s.greenlet(|()| loop {
                let _ = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
            });
            g.switch(());
        });
    });
    assert!(!output.status.success());
    assert!(said(&output).contains("a scope ends while a greenlet that catches its kills goes on waiting"), "{}", said(&output));
}

#[test]
fn a_panic_in_a_callback_ends_the_program() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor of a local");
        }
    }
    static LOCAL: GreenletLocal<Panics> = GreenletLocal::new(|| Panics);
    let output = in_child("a_panic_in_a_callback_ends_the_program", || {
        Greenlet::new(|()| LOCAL.with(|_| ())).switch(());
    });
    assert!(!output.status.success());
    assert!(said(&output).contains("greenlet: a panic in a callback"), "{}", said(&output));
}

#[test]
fn the_end_of_the_process_unwinds_nothing() {
    struct Tell;
    impl Drop for Tell {
        fn drop(&mut self) {
            eprintln!("unwound");
        }
    }
    let output = in_child("the_end_of_the_process_unwinds_nothing", || {
        let g = Greenlet::new(|()| {
            let _tell = Tell;
            parent().switch::<()>(());
        });
        g.switch(());
        std::mem::forget(g);
        Greenlet::new(|()| std::process::exit(0)).switch(());
    });
    assert!(output.status.success());
    assert!(!said(&output).contains("unwound"), "{}", said(&output));
}
