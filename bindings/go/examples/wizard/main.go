// SPDX-License-Identifier: MIT

// A conversation over HTTP as one function: each session is a greenlet, and a question waits, in the middle of that function, for the request that answers
// it. There is no table of states, and sessions need no locks, for all are in one tree, which one goroutine runs in.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"

	greenlet "github.com/libgreenlet/libgreenlet/bindings/go"
)

// checkout is a session. ask answers the pending request with a page, and returns what the next one says.
func checkout(ask func(page string) (answer string, err error)) (page string, err error) {
	name, err := ask("Who are you?")
	if err != nil {
		return "", err
	}
	for total := 0; ; {
		answer, err := ask(fmt.Sprintf("%s, you owe %d. How many apples more?", name, total))
		if err != nil {
			return "", err
		}
		count, err := strconv.Atoi(answer)
		if err != nil {
			if _, err := ask("That is no number."); err != nil {
				return "", err
			}
			continue
		}
		if count == 0 {
			return fmt.Sprintf("Thank you, %s: %d.", name, total), nil
		}
		total += 3 * count
	}
}

// visit is a request, on its way to the goroutine that has the tree.
type visit struct {
	session, answer string
	page            chan string
}

// serve runs the sessions until there are no more visits; those that wait then are ended.
func serve(visits <-chan visit) error {
	return greenlet.Run(func(t *greenlet.Tree) error {
		sessions := map[string]*greenlet.G{}
		body := func(t *greenlet.Tree, _ any) (any, error) {
			return checkout(func(page string) (string, error) { return greenlet.As[string](t.Main().Switch(page)) })
		}
		for v := range visits {
			session := sessions[v.session]
			if session == nil {
				session = t.New(body, greenlet.Name("session "+v.session))
				sessions[v.session] = session
			}
			page, err := greenlet.As[string](session.Switch(v.answer))
			if err != nil {
				page = "Something went wrong."
				log.Print(err)
			}
			if session.Dead() {
				delete(sessions, v.session)
			}
			v.page <- page
		}
		return nil
	})
}

func main() {
	visits, served := make(chan visit), make(chan error)
	go func() { served <- serve(visits) }()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{r.FormValue("session"), r.FormValue("answer"), make(chan string)}
		visits <- v
		io.WriteString(w, <-v.page)
	}))

	for _, request := range [][2]string{
		{"1", ""}, {"1", "Ada"}, {"2", ""}, {"1", "2"}, {"2", "Bob"}, {"1", "many"}, {"1", ""}, {"1", "1"}, {"1", "0"}, {"2", "7"},
	} {
		response, err := http.PostForm(server.URL, url.Values{"session": {request[0]}, "answer": {request[1]}})
		if err != nil {
			log.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Printf("session %s: %-5q -> %s\n", request[0], request[1], page)
	}
	server.Close()
	close(visits)
	if err := <-served; err != nil { // Bob's session is ended here
		log.Fatal(err)
	}
}
