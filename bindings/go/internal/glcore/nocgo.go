// SPDX-License-Identifier: MIT

//go:build !cgo

package glcore

var _ = greenlet_needs_cgo__set_CGO_ENABLED_1_and_install_a_C_plus_plus_compiler
