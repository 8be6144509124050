module github.com/libgreenlet/libgreenlet/bindings/go

go 1.24
