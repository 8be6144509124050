// SPDX-License-Identifier: MIT

// A pipeline in blocking style around a parser that reads. Bytes arrive in pieces, as callbacks of a network hand them out; json.Decoder calls Read, and
// waits there; whoever totals ranges over orders. Each stage is a plain function that waits where it wants, nothing runs at the same time, and a syntax error
// comes out of the call that brought the bytes.
//
//	whoever has a piece --Switch--> pieces.Read <- json.Decoder <- decode --found--> total
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

type order struct {
	Customer string
	Cents    int
}

// pieces is what the decoder reads: an empty piece is the end.
type pieces struct {
	supplier *greenlet.G
	rest     string
}

// Read is called from inside json.Decoder, and waits there.
func (p *pieces) Read(to []byte) (n int, err error) {
	if p.rest == "" {
		if p.rest, err = greenlet.As[string](p.supplier.Switch(nil)); err != nil {
			return 0, err
		}
		if p.rest == "" {
			return 0, io.EOF
		}
	}
	n = copy(to, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func decode(input io.Reader, found func(order) error) error {
	decoder := json.NewDecoder(input)
	for {
		var o order
		if err := decoder.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := found(o); err != nil {
			return err
		}
	}
}

// total has a state that is nothing but its variables.
func total(orders iter.Seq[order]) error {
	sums := map[string]int{}
	for o := range orders {
		sums[o.Customer] += o.Cents
		fmt.Printf("  %s has ordered for %d\n", o.Customer, sums[o.Customer])
	}
	fmt.Println("  customers:", len(sums))
	return nil
}

func run(arriving ...string) error {
	return greenlet.Run(func(t *greenlet.Tree) error {
		found, endOfOrders := greenlet.Push(t, total)
		decoder := t.New(func(t *greenlet.Tree, first any) (any, error) {
			return nil, decode(&pieces{supplier: t.Main(), rest: first.(string)}, found)
		})
		for _, piece := range arriving {
			fmt.Println("arrived:", piece)
			if _, err := decoder.Switch(piece); err != nil {
				return err
			}
		}
		if _, err := decoder.Switch(""); err != nil {
			return err
		}
		return endOfOrders()
	})
}

func main() {
	fmt.Println(run(`{"Customer": "Ada", "Ce`, `nts": 500} {"Customer":`, `"Bob", "Cents": 70}{"Customer": "Ada", "Cents": 30}`))
	fmt.Println(run(`{"Customer": "Eve", "Cents": 1}`, `{"Customer": Eve}`, `{"Customer": "Ada", "Cents": 2}`))
}
