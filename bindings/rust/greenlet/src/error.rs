// SPDX-License-Identifier: MIT
//! What can go wrong.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use greenlet_sys as sys;

/// Why a call did not do what was asked.
///
/// All but the last two mean that nothing has happened: nobody ran, and nothing has changed.
///
/// ```
/// let error = greenlet::current().kill().unwrap_err();
/// assert_eq!(error.to_string(), "invalid argument");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// That makes no sense: to kill the current greenlet, say, or to give a main greenlet a parent.
    Invalid,
    /// No memory, or no stack.
    NoMemory,
    /// The greenlet belongs to another thread.
    OtherThread,
    /// The greenlet's thread has ended, or the calling thread is just ending.
    Expired,
    /// That parent would make a cycle; or, from a kill, the greenlet is an ancestor of the caller.
    Cycle,
    /// Not from inside a callback: a tracer, or the destructor of a greenlet-local value.
    Busy,
    /// This platform cannot do that, or not with this kind of greenlet.
    NotSupported,
    /// Not while the thread is panicking: others would run in the middle of the unwinding, and take its panic for theirs.
    Panicking,
    /// What came is not of the type that was asked for. It has been dropped.
    WrongType(WrongType),
    /// A panic arrived: of a child that ended with it, or thrown here.
    Panicked(Panic),
}

impl Error {
    /// What a negative status of the library means.
    pub(crate) fn from_status(status: sys::gl_status) -> Self {
        match status {
            sys::GL_ENOMEM => Error::NoMemory,
            sys::GL_ETHREAD => Error::OtherThread,
            sys::GL_EEXPIRED => Error::Expired,
            sys::GL_ECYCLE => Error::Cycle,
            sys::GL_EBUSY => Error::Busy,
            sys::GL_ENOTSUP => Error::NotSupported,
            _ => Error::Invalid,
        }
    }

    pub(crate) fn check(status: sys::gl_status) -> Result<(), Self> {
        if status < 0 {
            Err(Self::from_status(status))
        } else {
            Ok(())
        }
    }

    /// Goes on as the panic that arrived, or panics about what went wrong.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn raise(self) -> ! {
        match self {
            Error::Panicked(panic) => std::panic::resume_unwind(panic.into_payload()),
            error => panic!("{error}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Invalid => "invalid argument",
            Error::NoMemory => "no memory, or no stack",
            Error::OtherThread => "the greenlet belongs to another thread",
            Error::Expired => "the greenlet's thread has ended",
            Error::Cycle => "that would make a cycle of parents",
            Error::Busy => "not from inside a callback",
            Error::NotSupported => "this platform or this kind of greenlet cannot do that",
            Error::Panicking => "no switching while the thread is panicking",
            Error::WrongType(wrong) => return wrong.fmt(f),
            Error::Panicked(panic) => return panic.fmt(f),
        })
    }
}

impl std::error::Error for Error {}

/// Which type was asked for, and which came: see [`Error::WrongType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType {
    pub(crate) expected: &'static str,
    pub(crate) received: Option<&'static str>,
}

impl WrongType {
    /// The name of the type that was asked for.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// The name of the type that came; `None` when there was no value, which is also how `()` travels.
    #[must_use]
    pub fn received(&self) -> Option<&'static str> {
        self.received
    }
}

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, received ", self.expected)?;
        match self.received {
            Some(name) => f.write_str(name),
            None => f.write_str("no value"),
        }
    }
}

/// A panic on its way: see [`Error::Panicked`].
///
/// ```
/// use greenlet::{Error, Greenlet};
///
/// let g = Greenlet::new(|()| panic!("no luck"));
/// let Err(Error::Panicked(panic)) = g.try_switch(()) else { unreachable!() };
/// assert_eq!(panic.message(), Some("no luck"));
/// ```
pub struct Panic {
    payload: Box<dyn Any + Send>,
    message: Option<Cow<'static, str>>,
}

// SAFETY: a shared `Panic` gives out its message alone; the payload, which may not be `Sync`, needs it by value.
unsafe impl Sync for Panic {}

impl Panic {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = match payload.downcast_ref::<&'static str>() {
            Some(text) => Some(Cow::Borrowed(*text)),
            None => payload.downcast_ref::<String>().cloned().map(Cow::Owned),
        };
        Panic { payload, message }
    }

    /// What `panic!` said; `None` for a payload of another type.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The payload, as [`std::panic::catch_unwind`] would give it.
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(text) => write!(f, "a greenlet panicked: {text}"),
            None => f.write_str("a greenlet panicked"),
        }
    }
}
