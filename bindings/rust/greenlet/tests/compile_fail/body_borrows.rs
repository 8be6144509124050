// SPDX-License-Identifier: MIT
use greenlet::Greenlet;

fn main() {
    let text = String::from("a local");
    let borrow = &text;
    let g = Greenlet::new(move |()| borrow.len());
    g.switch(());
}
