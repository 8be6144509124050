// SPDX-License-Identifier: MIT
//! Builds the library from source, or finds the system's.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=GREENLET_SYS_USE_PKG_CONFIG");
    println!("cargo:rerun-if-env-changed=GREENLET_SYS_STATIC");
    let target = Target::from_cargo();
    target.check();
    if feature("SYSTEM") || wanted("GREENLET_SYS_USE_PKG_CONFIG") {
        link_system(feature("STATIC") || wanted("GREENLET_SYS_STATIC"));
    } else {
        build_vendored(&target);
    }
}

fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

/// Set to something that does not say no.
fn wanted(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "no" | "false"))
}

struct Target {
    arch: String,
    os: String,
    env: String,
}

impl Target {
    fn from_cargo() -> Self {
        let part = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
        Target { arch: part("ARCH"), os: part("OS"), env: part("ENV") }
    }

    fn check(&self) {
        assert!(
            !(self.os == "windows" && self.env == "msvc"),
            "\n\ngreenlet-sys does not build for windows-msvc: its assembly and thread-local variables are written for GNU tools.\n\
                 Use a windows-gnu target: rustup target add x86_64-pc-windows-gnu\n"
        );
        if self.os == "macos" || self.os == "ios" {
            println!(
                "cargo:warning=greenlet-sys builds for Apple's systems, where the project has never run it; please report what happens"
            );
        }
    }
}

fn link_system(archive: bool) {
    // Before 1.0 each minor version may differ.
    let part = |name| env::var(name).ok().and_then(|part| part.parse::<u32>().ok()).expect("cargo sets it");
    let (major, minor) = (part("CARGO_PKG_VERSION_MAJOR"), part("CARGO_PKG_VERSION_MINOR"));
    let (from, to) = (format!("{major}.{minor}"), format!("{major}.{}", minor + 1));
    pkg_config::Config::new()
        .range_version(from.as_str()..to.as_str())
        .statik(archive)
        .probe("libgreenlet")
        .unwrap_or_else(|error| panic!("greenlet-sys was asked to use the system's libgreenlet, but:\n{error}"));
}

/// The library's sources: packaged with the crate, or those of the repository that it lies in.
fn sources() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let vendored = here.join("vendor");
    if vendored.is_dir() {
        vendored
    } else {
        here.join("../../..")
    }
}

fn build_vendored(target: &Target) {
    let root = sources();
    for folder in ["capi/greenlet.h", "core"] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
    }
    let assembly = compiler(target, &root).file(root.join("core/arch/arch.S")).compile_intermediates();
    let mut cxx = compiler(target, &root);
    cxx.cpp(true)
        .cpp_link_stdlib(None) // it needs libc alone
        .std("c++20")
        .file(root.join("core/all.cc"))
        .objects(assembly);
    for flag in [
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-threadsafe-statics",
        "-fasynchronous-unwind-tables", // panics and backtraces of others walk through
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
    ] {
        cxx.flag(flag);
    }
    for flag in ["-fno-semantic-interposition", "-foptimize-sibling-calls"] {
        cxx.flag_if_supported(flag);
    }
    if target.os == "windows" {
        // Its compilers do not know visibility, and check formats for another printf().
        cxx.flag("-Wno-attributes").flag("-Wno-format");
    }
    cxx.compile("greenlet");
    if target.arch == "riscv64" {
        println!("cargo:rustc-link-lib=atomic"); // operations on atomic bytes
    }
    println!("cargo:include={}", root.join("capi").display());
}

/// What C++ and assembly have in common.
fn compiler(target: &Target, root: &Path) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .include(root.join("capi"))
        .define("GREENLET_STATIC", None) // several copies may live in one process
        .opt_level(2) // also below a debug build: nobody debugs a switch by accident
        .force_frame_pointer(false);
    match target.arch.as_str() {
        "x86_64" | "x86" if target.os != "windows" => build.flag_if_supported("-fcf-protection=branch"),
        "aarch64" => build.flag_if_supported("-mbranch-protection=bti"),
        _ => &mut build,
    };
    build
}
