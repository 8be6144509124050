// SPDX-License-Identifier: MIT
use greenlet::Greenlet;

fn main() {
    let g = Greenlet::new(|n: i32| n + 1);
    let _: String = g.switch(1);
}
