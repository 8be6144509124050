// SPDX-License-Identifier: MIT
fn main() {
    let mut text = String::from("borrowed");
    greenlet::scope(|s| {
        let g = s.greenlet(|()| text.push('!'));
        text.clear();
        g.switch(());
    });
}
