// SPDX-License-Identifier: MIT

// Package glcore calls the part of the C++ core that decides who runs next. Its sources are copies, which `go generate` renews: a module is built from
// what lies in its own package folders.
package glcore

//go:generate ../../../../packaging/vendor.py --host --flat --go-build "cgo && !libgreenlet_system" .
//go:generate swig -go -cgo -c++ -o glcore_wrap.cxx glcore.i
//go:generate gofmt -w glcore.go
