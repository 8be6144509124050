#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Rust crates: ./dev VERB rust
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

rust=$root/bindings/rust
packages=(g++ cmake pkg-config libclang1-14 valgrind)
bindgen=0.72.1 # makes greenlet-sys/src/bindings.rs
oldest=1.77.0  # as rust-version says in Cargo.toml
export PATH="$cache/bindgen-$bindgen/bin:$PATH" CARGO_TERM_COLOR=never
export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-2}

do_setup() {
  apt_install "${packages[@]}"
  have cargo || die "install Rust: https://rustup.rs"
  [[ -x $cache/bindgen-$bindgen/bin/bindgen ]] ||
    cargo install --quiet --locked --version "$bindgen" --root "$cache/bindgen-$bindgen" bindgen-cli
  (cd "$rust" && cargo fetch --quiet --locked)
  if have rustup && ! rustup run "$oldest" rustc --version >/dev/null 2>&1; then
    rustup toolchain install "$oldest" --profile minimal || echo "Rust $oldest cannot be had: the oldest version stays unchecked"
  fi
  # It has an index of its own; `fetch` would unpack what only tests need, too, and some of that is too new for it.
  if have rustup && rustup run "$oldest" cargo --version >/dev/null 2>&1; then
    (cd "$rust" && CARGO_TARGET_DIR=$rust/target/oldest cargo "+$oldest" check --quiet --locked -p greenlet --features tracing)
  fi
}

# in_rust COMMAND...: from the workspace, with the counts of `cargo test` in the form that legs count.
in_rust() { (cd "$rust" && "$@" 2>&1 | sed -E 's/([0-9]+ passed); ([0-9]+ failed)/\1, \2/'); }

run_tests() { in_rust cargo test --offline --locked --workspace "$@"; }

# What is checked in is what bindgen makes.
run_bindgen() {
  check "bindings.rs" diff -u "$rust/greenlet-sys/src/bindings.rs" <("$rust/bindgen.sh")
  checked
}

# The library as a system has it, shared and as an archive.
run_system() {
  local prefix=$root/build/rust/prefix
  cmake -S "$root" -B "$root/build/rust/library" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DGREENLET_DEVELOPER=OFF -DGREENLET_EXAMPLES=OFF
  cmake --build "$root/build/rust/library" --target install
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib CARGO_TARGET_DIR=$rust/target/system
  GREENLET_SYS_USE_PKG_CONFIG=1 in_rust cargo test --offline --locked --workspace --lib --tests
  in_rust cargo test --offline --locked -p greenlet-sys --features system,static --tests
}

run_scenarios() {
  in_rust cargo build --offline --locked -p scenarios
  tests/scenarios/check.py --lacks "$rust/scenarios/rust.lacks" -- "${CARGO_TARGET_DIR:-$rust/target}/debug/scenarios"
}

run_examples() {
  local example
  cd "$rust"
  for example in greenlet/examples/*.rs; do
    example=$(basename "$example" .rs)
    check "$example" timeout 60 cargo run --quiet --offline --locked -p greenlet --example "$example"
  done
  checked
}

run_oldest() {
  cd "$rust"
  export CARGO_TARGET_DIR=$rust/target/oldest
  check "greenlet with Rust $oldest" cargo "+$oldest" check --offline --locked -p greenlet
  check "greenlet --all-features with Rust $oldest" cargo "+$oldest" check --offline --locked -p greenlet --features tracing
  checked
}

# Every access, and what is never freed. Forgotten handles never are.
run_valgrind() {
  local runner="['valgrind', '-q', '--error-exitcode=9', '--leak-check=full', '--errors-for-leak-kinds=definite', '--suppressions=$root/tests/valgrind.supp']"
  RUST_BACKTRACE=0 in_rust cargo test --offline --locked -p greenlet --tests --config "target.'cfg(all())'.runner=$runner" -- --test-threads=1 --skip forgotten --skip types_refuse
}

do_test() {
  if may_install; then do_setup; fi
  leg_needing "cargo g++" "rust" run_tests
  leg_needing "cargo g++" "rust release, all features" run_tests --release --features greenlet/tracing
  leg_needing "cargo g++ python3" "rust scenarios" run_scenarios
  leg_needing "cargo g++ cmake pkg-config" "rust on the system's library" run_system
  leg_needing "cargo g++ valgrind" "rust under valgrind" run_valgrind
  leg_needing "bindgen" "rust bindings" run_bindgen
  if have cargo && cargo "+$oldest" --version >/dev/null 2>&1; then leg "rust $oldest" run_oldest; fi
  leg_needing "cargo g++" "rust examples" run_examples
  leg_needing "cargo g++ python3" "rust packages" run_packages
  leg_needing "cargo" "rust lint" do_lint
}

do_lint() {
  cd "$rust"
  check "rustfmt" cargo fmt --check
  check "clippy" cargo clippy --offline --locked --workspace --all-targets --features greenlet/tracing -- -D warnings
  check "rustdoc" env RUSTDOCFLAGS="-D warnings" cargo doc --offline --locked --workspace --no-deps --features greenlet/tracing
  checked
}

# do_bench [CRITERION'S OPTION...]: the crate beside the C functions and other crates.
do_bench() {
  local what
  cd "$rust/bench"
  if have valgrind; then
    cargo build --quiet --locked --release --example count
    for what in c-switch switch coroutine c-life life; do
      echo "instructions of a round of $what: $(count_instructions "$what")"
    done
  fi
  cargo bench --quiet --locked -- --noplot "$@"
}

# count_instructions WHAT: what a round takes, by the difference of two runs.
count_instructions() {
  local program=${CARGO_TARGET_DIR:-target}/release/examples/count rounds
  for rounds in 10000 20000; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$rounds" 2>&1 | sed -n 's/.*Collected : //p'
  done | awk '{ taken = $1 - last; last = $1 } END { print taken / 10000 }'
}

do_doc() { (cd "$rust" && cargo doc --workspace --no-deps --features greenlet/tracing); }

# Both .crate files, in target/package, each built from what it holds.
do_package() {
  trap 'rm -rf "$rust/greenlet-sys/vendor"' RETURN
  "$root/packaging/vendor.py" "$rust/greenlet-sys/vendor"
  (cd "$rust" && cargo package --locked --allow-dirty -p greenlet-sys -p greenlet "$@")
  rm -rf "$rust/greenlet-sys/vendor"
  ls -l "$rust"/target/package/*.crate
}

# A program elsewhere, which has the two packages and nothing else of this repository.
run_packages() {
  local folder
  do_package --offline
  folder=$(mktemp -d)
  for crate in "$rust"/target/package/greenlet*.crate; do tar -xzf "$crate" -C "$folder"; done
  mv "$folder"/greenlet-sys-[0-9]* "$folder/greenlet-sys"
  mv "$folder"/greenlet-[0-9]* "$folder/greenlet"
  mkdir -p "$folder/program/src"
  cat >"$folder/program/Cargo.toml" <<'END'
[package]
name = "program"
version = "0.0.0"
edition = "2021"

[dependencies]
greenlet = "*"

[patch.crates-io]
greenlet = { path = "../greenlet" }
greenlet-sys = { path = "../greenlet-sys" }
END
  cp "$rust/greenlet/examples/two_greenlets.rs" "$folder/program/src/main.rs"
  cp "$rust/Cargo.lock" "$folder/program/"
  check "a program on the packages" cargo run --offline --manifest-path "$folder/program/Cargo.toml"
  rm -rf "$folder"
  checked
}

run_verb "$@"
