// SPDX-License-Identifier: MIT
//! Locals, tracers, figures, threads.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use greenlet::{parent, Builder, Error, Event, Greenlet, GreenletLocal, Tracer};

#[test]
fn locals_are_dropped_when_their_greenlet_ends() {
    thread_local!(static DROPS: Cell<u32> = const { Cell::new(0) });
    struct CountDrop;
    impl Drop for CountDrop {
        fn drop(&mut self) {
            let refused = greenlet::main().try_switch::<()>(());
            assert!(matches!(refused, Err(Error::Busy | Error::Panicking)));
            DROPS.set(DROPS.get() + 1);
        }
    }
    static LOCAL: GreenletLocal<CountDrop> = GreenletLocal::new(|| CountDrop);
    let body = |()| {
        assert!(!LOCAL.is_set());
        LOCAL.with(|_| ());
        assert!(LOCAL.is_set());
        parent().switch::<()>(());
    };
    let (ends, is_killed) = (Greenlet::new(body), Greenlet::new(body));
    ends.switch(());
    is_killed.switch(());
    assert_eq!(DROPS.get(), 0);
    ends.switch(());
    assert_eq!(DROPS.get(), 1);
    drop(is_killed);
    assert_eq!(DROPS.get(), 2);
}

#[test]
fn tracers_see_names_and_stop() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let seen = log.clone();
    let tracer = Tracer::new(move |event, from, to| {
        assert!(matches!(to.try_switch::<()>(()), Err(Error::Busy)));
        seen.borrow_mut().push((event, from.name().to_owned(), to.name().to_owned()));
    });
    let g = Builder::new().name("g").build(|()| parent().switch::<()>(())).unwrap();
    g.switch(());
    g.kill().unwrap();
    drop(tracer);
    Greenlet::new(|()| ()).switch(());
    let expected = [
        (Event::Switch, "", "g"),
        (Event::Start, "", "g"),
        (Event::Switch, "g", ""),
        (Event::Throw, "", "g"),
        (Event::End, "g", ""),
        (Event::Switch, "g", ""),
    ];
    let log: Vec<_> = log.borrow().iter().map(|(event, from, to)| (*event, from.clone(), to.clone())).collect();
    assert_eq!(log, expected.map(|(event, from, to)| (event, from.to_owned(), to.to_owned())));
}

#[test]
fn a_tracer_may_drop_itself() {
    let slot: Rc<RefCell<Option<Tracer>>> = Rc::default();
    let calls = Rc::new(Cell::new(0));
    let (own, count) = (slot.clone(), calls.clone());
    *slot.borrow_mut() = Tracer::new(move |_, _, _| {
        own.borrow_mut().take();
        count.set(count.get() + 1);
    })
    .ok();
    Greenlet::new(|()| ()).switch(());
    assert_eq!(calls.get(), 1);
}

#[test]
fn the_tree_as_text() {
    let g = Builder::new().name("shown").build(|()| parent().switch::<()>(())).unwrap();
    g.switch(());
    assert!(greenlet::dump().contains("shown"));
    assert!(format!("{g:?}").contains("\"shown\", Suspended"));
    assert!(g.backtrace(64).unwrap().len() > 1);
    assert_eq!(g.backtrace(1).unwrap().len(), 1);
}

#[test]
fn the_unstarted_move_with_their_closures() {
    struct Tell(std::sync::mpsc::Sender<std::thread::ThreadId>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.send(std::thread::current().id()).unwrap();
        }
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let tell = Tell(sender.clone());
    let g = Builder::new().unstarted(move |n: u32| {
        let _tell = tell;
        n + 1
    });
    let thread = std::thread::spawn(move || {
        assert_eq!(g.unwrap().attach().unwrap().switch(1), 2);
        std::thread::current().id()
    });
    assert_eq!(thread.join().unwrap(), receiver.recv().unwrap());

    let tell = Tell(sender);
    drop(Builder::new().unstarted(move |()| drop(tell)));
    assert_eq!(receiver.recv().unwrap(), std::thread::current().id());
    let refused = Builder::new().parent(&greenlet::main()).unstarted(|()| ());
    assert!(matches!(refused, Err(Error::Invalid)));
}

#[test]
fn errors_are_errors() {
    fn is_error<E: std::error::Error + Send + Sync + 'static>(_: &E) {}
    let error = greenlet::main().kill().unwrap_err();
    is_error(&error);
    assert_eq!(error.to_string(), "invalid argument");
}
