#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints greenlet-sys/src/bindings.rs as bindgen makes it from capi/greenlet.h: bindings/rust/bindgen.sh > greenlet-sys/src/bindings.rs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

echo "// Made by bindings/rust/bindgen.sh with $(bindgen --version) from capi/greenlet.h; do not edit. SPDX-License-Identifier: MIT"
# Sizes and offsets are those of the machine that runs this, so other widths of pointers leave their checks out. The `<` is doxygen's.
bindgen capi/greenlet.h --allowlist-item 'gl_.*|GL_.*' --use-core --ctypes-prefix core::ffi --rust-target 1.77 --rust-edition 2021 \
  --default-enum-style consts --no-prepend-enum-name --merge-extern-blocks --disable-header-comment --no-derive-debug --formatter none -- -std=c11 |
  rustfmt --edition 2021 --config-path bindings/rust |
  sed -e 's/^const _: () = {/#[cfg(target_pointer_width = "64")]\n&/' -e 's/#\[doc = "< /#[doc = "/'
