// SPDX-License-Identifier: MIT
//! What does not compile: `compile_fail/`, and what the compiler says of it, which differs between its versions. After a change of either,
//! `TRYBUILD=overwrite cargo test --test refusals` with that version writes the texts anew.

const COMPILER: &str = "rustc 1.95.0 ";

#[test]
fn types_refuse() {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(compiler).arg("--version").output().expect("a compiler").stdout;
    if !version.starts_with(COMPILER.as_bytes()) {
        eprintln!("skipped: the texts are those of {COMPILER}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
