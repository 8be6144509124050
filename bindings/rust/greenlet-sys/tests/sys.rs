// SPDX-License-Identifier: MIT
//! The library that is linked is the one that the bindings were made from, and it works.

use core::ffi::{c_void, CStr};
use core::ptr::{null_mut, NonNull};
use greenlet_sys::*;

#[test]
fn versions_agree() {
    let mut parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse::<u32>().unwrap());
    let mut next = || parts.next().unwrap();
    let crate_version = next() * 10000 + next() * 100 + next();
    assert_eq!(crate_version, GL_VERSION);
    assert_eq!(unsafe { gl_version() }.unsigned_abs(), GL_VERSION);
}

#[test]
fn statuses_have_names() {
    let name = unsafe { CStr::from_ptr(gl_status_name(GL_ETHREAD)) };
    assert_eq!(name.to_str().unwrap(), "GL_ETHREAD");
}

unsafe extern "C" fn echo(data: *mut c_void, value: *mut c_void, result: *mut *mut c_void) -> gl_status {
    let mut received = null_mut();
    let status = gl_switch(gl_parent(gl_current()), value, &mut received);
    *data.cast::<bool>() = true;
    *result = received;
    status
}

#[test]
fn values_pass_both_ways() {
    let mut ran = false;
    let (mut first, mut second) = (1, 2);
    unsafe {
        let g = gl_new(Some(echo), raw_of(&mut ran).cast());
        let mut received = null_mut();
        assert_eq!(gl_switch(g, raw_of(&mut first).cast(), &mut received), GL_OK);
        assert_eq!(received, raw_of(&mut first).cast());
        assert_eq!(gl_switch(g, raw_of(&mut second).cast(), &mut received), GL_OK);
        assert_eq!(received, raw_of(&mut second).cast());
        assert_eq!(gl_state(g).unsigned_abs(), GL_DEAD);
        gl_release(g);
    }
    assert!(ran);
}

fn raw_of<T>(place: &mut T) -> *mut T {
    NonNull::from(place).as_ptr()
}

#[test]
fn a_dropped_one_is_killed() {
    let mut ran = false;
    unsafe {
        let g = gl_new(Some(echo), raw_of(&mut ran).cast());
        assert_eq!(gl_switch(g, null_mut(), null_mut()), GL_OK);
        gl_release(g);
    }
    assert!(ran);
}
