// SPDX-License-Identifier: MIT
use greenlet::Builder;
use std::rc::Rc;

fn main() {
    let shared = Rc::new(1);
    let _ = Builder::new().unstarted(move |()| *shared);
}
