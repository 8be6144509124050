// SPDX-License-Identifier: MIT
//! A recursive walk as an iterator: `cargo run --example tree`

use greenlet::Yielder;

struct Tree {
    value: i32,
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
}

/// In order, from any depth of the recursion.
fn walk<'t>(tree: &'t Tree, out: &Yielder<&'t i32>) {
    tree.left.iter().for_each(|left| walk(left, out));
    out.yield_(&tree.value);
    tree.right.iter().for_each(|right| walk(right, out));
}

#[allow(clippy::unnecessary_wraps)] // it is what a subtree is
fn insert(tree: Option<Box<Tree>>, value: i32) -> Option<Box<Tree>> {
    let Some(mut tree) = tree else { return Some(Box::new(Tree { value, left: None, right: None })) };
    let side = if value < tree.value { &mut tree.left } else { &mut tree.right };
    *side = insert(side.take(), value);
    Some(tree)
}

fn main() {
    let tree = [5, 2, 8, 1, 9, 3].into_iter().fold(None, insert).expect("values");
    greenlet::scope(|s| {
        let sorted: Vec<_> = s.generator(|out| walk(&tree, out)).collect();
        println!("{sorted:?}");
        let first = s.generator(|out| walk(&tree, out)).find(|n| **n > 4);
        println!("{first:?}"); // and the rest of that walk is unwound
    });
}
