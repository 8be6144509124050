// SPDX-License-Identifier: MIT
//! `./dev bench rust`: Criterion's report of each, then how many times the C functions' time the others take, measured in alternating short rounds of which the
//! best counts, and the bounds.

use std::hint::black_box;
use std::time::Instant;

use bench::{c, corosensei, coroutine, generator, safe};
use criterion::Criterion;

type Run<'a> = (&'a str, Box<dyn FnMut(u64) + 'a>);

fn sink(result: usize) {
    black_box(result);
}

/// Nanoseconds of the best of many rounds, all loops in turn.
fn best(runs: &mut [Run], count: u64) -> Vec<f64> {
    const ROUNDS: usize = 300;
    let mut best = vec![f64::INFINITY; runs.len()];
    for _ in 0..ROUNDS {
        for ((_, run), best) in runs.iter_mut().zip(&mut best) {
            let begin = Instant::now();
            run(count);
            *best = best.min(begin.elapsed().as_nanos() as f64 / count as f64);
        }
    }
    best
}

/// The first is what the others are compared with, the second has a bound.
fn report(criterion: &mut Criterion, what: &str, mut runs: Vec<Run>, transfers: f64, count: u64, bound: f64) -> bool {
    for (name, run) in &mut runs {
        criterion.bench_function(&format!("{what}/{name}"), |b| {
            b.iter_custom(|count| {
                let begin = Instant::now();
                run(count);
                begin.elapsed()
            });
        });
    }
    let best = best(&mut runs, count);
    println!();
    for ((name, _), ns) in runs.iter().zip(&best) {
        println!("{what}: {name:>22} {:6.2} ns {:6.2} of C", ns / transfers, ns / best[0]);
    }
    let kept = best[1] <= bound * best[0];
    println!("{what}: the safe API's bound is {bound}: {}\n", if kept { "kept" } else { "MISSED" });
    kept
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (c_pair, safe_pair) = (c::pair(), safe::pair());
    let (mut co, mut cs, mut gn) = (coroutine::pair(), corosensei::pair(), generator::pair());
    let switch: Vec<Run> = vec![
        ("C", Box::new(|count| sink(c::rounds(&c_pair, count)))),
        ("greenlet", Box::new(|count| sink(safe::rounds(&safe_pair, count)))),
        ("greenlet::Coroutine", Box::new(|count| sink(coroutine::rounds(&mut co, count)))),
        ("corosensei", Box::new(|count| sink(corosensei::rounds(&mut cs, count)))),
        ("generator", Box::new(|count| sink(generator::rounds(&mut gn, count)))),
    ];
    let life: Vec<Run> = vec![
        ("C", Box::new(|count| sink(c::lives(count)))),
        ("greenlet", Box::new(|count| sink(safe::lives(count)))),
        ("corosensei", Box::new(|count| sink(corosensei::lives(count)))),
        ("generator", Box::new(|count| sink(generator::lives(count)))),
    ];
    let switch = report(&mut criterion, "switch", switch, 2.0, 2000, 1.3);
    let life = report(&mut criterion, "create+run+end", life, 1.0, 500, 1.6);
    criterion.final_summary();
    if !(switch && life) {
        std::process::exit(1);
    }
}
