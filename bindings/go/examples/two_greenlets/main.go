// SPDX-License-Identifier: MIT

// The example of every greenlet tutorial: two functions that pass control to each other in their middle.
package main

import (
	"fmt"
	"log"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

func main() {
	err := greenlet.Run(func(t *greenlet.Tree) error {
		var first, second *greenlet.G
		first = t.New(func(*greenlet.Tree, any) (any, error) {
			fmt.Println("first: come")
			v, err := second.Switch("hello") // waits here, for whoever switches to first
			fmt.Println("first: got", v)
			return "first is done", err
		})
		second = t.New(func(_ *greenlet.Tree, v any) (any, error) {
			fmt.Println("second: got", v)
			_, err := first.Switch("hello yourself")
			return nil, err // never a value: Run ends it, and its call returns ErrExit
		})
		v, err := first.Switch(nil)
		fmt.Println("main: got", v)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}
