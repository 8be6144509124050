// SPDX-License-Identifier: MIT

package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// Each program in the module's README prints what stands behind it.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile("(?s)```go\n(.*?)```\n\n```text\n(.*?)```").FindAllSubmatch(page, -1)
	if all := len(regexp.MustCompile("(?m)^```go$").FindAll(page, -1)); len(programs) != all {
		t.Fatalf("%d of %d programs have an output", len(programs), all)
	}
	for _, program := range programs {
		path := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(path, program[1], 0o600); err != nil {
			t.Fatal(err)
		}
		printed, err := exec.Command("go", "run", path).CombinedOutput()
		if err != nil || string(printed) != string(program[2]) {
			t.Errorf("%s\nprinted:\n%s%v", program[1], printed, err)
		}
	}
}
