// SPDX-License-Identifier: MIT

//go:build !greenletdebug

package greenlet

func goroutine() uint64 { return 0 }

func (t *Tree) checkCaller() {}
