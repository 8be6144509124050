// SPDX-License-Identifier: MIT
//! Transfers as events of the crate `tracing`. Needs the feature `tracing`.

use crate::{AnyGreenlet, Error, Event, Tracer};

/// Reports each transfer of the calling thread as an event of level `TRACE` and target `greenlet`, until the tracer is dropped.
///
/// Its fields are `event` ("switch", "throw", "start", "end"), `from` and `to`: names, or addresses of those that have none.
///
/// ```
/// let _tracer = greenlet::trace::subscribe().unwrap();
/// greenlet::Greenlet::new(|()| ()).switch(()); // four events
/// ```
///
/// # Errors
/// [`Error::NoMemory`].
pub fn subscribe() -> Result<Tracer, Error> {
    Tracer::new(|event, from, to| {
        let event = match event {
            Event::Switch => "switch",
            Event::Throw => "throw",
            Event::Start => "start",
            Event::End => "end",
        };
        tracing::trace!(target: "greenlet", event, from = %Name(from), to = %Name(to));
    })
}

struct Name<'a>(&'a AnyGreenlet);

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.name() {
            "" if self.0.parent().is_none() => f.write_str("main"),
            "" => write!(f, "{:p}", self.0.as_ptr()),
            name => f.write_str(name),
        }
    }
}
