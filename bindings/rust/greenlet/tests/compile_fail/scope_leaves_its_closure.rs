// SPDX-License-Identifier: MIT
fn main() {
    let mut kept = None;
    greenlet::scope(|s| kept = Some(s));
}
