// SPDX-License-Identifier: MIT
//! Values on their way.
//!
//! The library passes one pointer. It is to a [`Parcel`]: the value behind a description of its type, which the receiver compares with what it
//! asked for, because who switches here is not known to the compiler. Most parcels lie on the sender's stack, where they stay in place until the
//! receiver has moved the value out; `transfer` tells when that would not hold. `()` travels as no parcel at all.

use std::any::TypeId;
use std::ffi::c_void;
use std::mem::ManuallyDrop;

use crate::error::{Error, WrongType};

/// A value of type `T`, and whose turn it is to free its memory.
#[repr(C)]
pub(crate) struct Parcel<T> {
    kind: &'static Kind,
    value: ManuallyDrop<T>,
}

/// A type, and where its parcel lies. Equal addresses mean equal contents; the reverse does not hold, for there may be copies.
pub(crate) struct Kind {
    type_id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    drop_value: unsafe fn(*mut c_void),
    /// Frees the memory, without the value.
    free: unsafe fn(*mut c_void),
}

impl<T: 'static> Parcel<T> {
    const ON_STACK: &'static Kind = &Self::kind(leave);
    const ON_HEAP: &'static Kind = &Self::kind(free_box::<T>);

    const fn kind(free: unsafe fn(*mut c_void)) -> Kind {
        Kind { type_id: TypeId::of::<T>, type_name: std::any::type_name::<T>, drop_value: drop_value::<T>, free }
    }

    /// For memory that `free` knows how to free.
    pub(crate) const fn kind_freed_by(free: unsafe fn(*mut c_void)) -> Kind {
        Self::kind(free)
    }

    #[inline(always)]
    pub(crate) fn new(kind: &'static Kind, value: T) -> Self {
        Parcel { kind, value: ManuallyDrop::new(value) }
    }

    #[inline(always)]
    pub(crate) fn on_stack(value: T) -> Self {
        Parcel::new(Self::ON_STACK, value)
    }

    /// The pointer to send. Whoever receives it owns the value.
    #[inline(always)]
    pub(crate) fn pointer(&mut self) -> *mut c_void {
        if is_unit::<T>() {
            std::ptr::null_mut()
        } else {
            std::ptr::from_mut(self).cast()
        }
    }

    /// A pointer to send that depends on no stack.
    pub(crate) fn boxed(value: T) -> *mut c_void {
        if is_unit::<T>() {
            return std::ptr::null_mut();
        }
        Box::into_raw(Box::new(Parcel::new(Self::ON_HEAP, value))).cast()
    }

    /// The value, if nobody received it.
    ///
    /// # Safety
    /// Once, and only when the pointer was not sent.
    #[cold]
    pub(crate) unsafe fn take_back(&mut self) {
        // SAFETY: as the caller promises, it is still here.
        unsafe { ManuallyDrop::drop(&mut self.value) }
    }
}

/// How `()` differs is known to the compiler for each `T`.
#[inline(always)]
fn is_unit<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<()>()
}

unsafe fn leave(_: *mut c_void) {}

unsafe fn free_box<T: 'static>(parcel: *mut c_void) {
    // SAFETY: of this kind are those that `boxed` made; a Parcel does not drop its value.
    drop(unsafe { Box::from_raw(parcel.cast::<Parcel<T>>()) });
}

unsafe fn drop_value<T: 'static>(parcel: *mut c_void) {
    // SAFETY: of this kind are parcels of T, and the caller owns the value.
    unsafe { ManuallyDrop::drop(&mut (*parcel.cast::<Parcel<T>>()).value) }
}

/// Takes out the value that `pointer` brought.
///
/// # Safety
/// `pointer` has just been received as a value, from code of this crate, and nobody has taken it yet.
#[inline(always)]
pub(crate) unsafe fn open<T: 'static>(pointer: *mut c_void) -> Result<T, Error> {
    if is_unit::<T>() {
        if pointer.is_null() {
            // SAFETY: `T` is `()`, of which there is one value and no bytes.
            return Ok(unsafe { std::mem::zeroed() });
        }
    } else if !pointer.is_null() {
        let parcel = pointer.cast::<Parcel<T>>();
        // SAFETY: all parcels begin with their kind.
        if std::ptr::eq(unsafe { (*parcel).kind }, Parcel::<T>::ON_STACK) {
            // SAFETY: the kind says that this is a T, on the stack of a greenlet that waits. It is read once: the pointer came once.
            return Ok(ManuallyDrop::into_inner(unsafe { std::ptr::read(&(*parcel).value) }));
        }
    }
    // SAFETY: as promised to us.
    unsafe { open_other(pointer) }
}

#[inline(never)]
unsafe fn open_other<T: 'static>(pointer: *mut c_void) -> Result<T, Error> {
    let wrong = |received| Error::WrongType(WrongType { expected: std::any::type_name::<T>(), received });
    if pointer.is_null() {
        return Err(wrong(None));
    }
    // SAFETY: all parcels begin with their kind.
    let kind = unsafe { *pointer.cast::<&'static Kind>() };
    if (kind.type_id)() == TypeId::of::<T>() {
        // SAFETY: the kind says that this is a T, and the pointer came once; then nothing is left in the memory.
        let value = unsafe { std::ptr::read(&(*pointer.cast::<Parcel<T>>()).value) };
        unsafe { (kind.free)(pointer) };
        Ok(ManuallyDrop::into_inner(value))
    } else {
        let name = (kind.type_name)();
        // SAFETY: as promised to us.
        unsafe { discard(pointer) };
        Err(wrong(Some(name)))
    }
}

/// Drops the value that `pointer` brought, if it brought any.
///
/// # Safety
/// As for [`open`].
pub(crate) unsafe fn discard(pointer: *mut c_void) {
    struct Free(*mut c_void, &'static Kind);
    impl Drop for Free {
        fn drop(&mut self) {
            // SAFETY: the value is gone, also if dropping it panicked.
            unsafe { (self.1.free)(self.0) }
        }
    }
    if pointer.is_null() {
        return;
    }
    // SAFETY: all parcels begin with their kind, which knows how to drop the value.
    let free = Free(pointer, unsafe { *pointer.cast::<&'static Kind>() });
    unsafe { (free.1.drop_value)(pointer) };
}
