// SPDX-License-Identifier: MIT
use greenlet::Greenlet;

fn main() {
    let text = String::from("a local");
    let g = Greenlet::new(|()| text.len());
    g.switch(());
}
