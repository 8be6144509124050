#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Go module: ./dev VERB go
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

go=$root/bindings/go
swig=4.5.1          # makes internal/glcore
staticcheck=v0.7.0
benchstat=v0.0.0-20260908200009-22c9c6c9d4da # of golang.org/x/perf
export PATH="$cache/go/bin:$PATH" GOFLAGS=-mod=readonly

do_setup() {
  apt_install g++ pkg-config cmake
  have go || die "install Go: https://go.dev/dl"
  pip_install "swig==$swig"
  [[ $("$cache/go/bin/staticcheck" -version 2>/dev/null) == *"$staticcheck"* ]] ||
    GOBIN=$cache/go/bin GOFLAGS='' go install "honnef.co/go/tools/cmd/staticcheck@$staticcheck"
  [[ $(go version -m "$cache/go/bin/benchstat" 2>/dev/null) == *"$benchstat"* ]] ||
    GOBIN=$cache/go/bin GOFLAGS='' go install "golang.org/x/perf/cmd/benchstat@$benchstat"
  (cd "$go" && go mod download)
}

# in_go COMMAND...: from the module, with a line of counts for `go test -v` or `-json`.
in_go() { (cd "$go" && "$@"); }

# go_test OPTION...: counts each test, example and fuzz seed at its end.
go_test() {
  local log status=0
  log=$(mktemp)
  in_go timeout 600 go test -v "$@" ./... 2>&1 | tee "$log" || status=$?
  printf '%d passed, %d failed\n' "$(grep -c '^--- PASS' "$log")" "$(grep -cE '^--- FAIL|^FAIL.*\[|^panic:' "$log")"
  rm -f "$log"
  return "$status"
}

# What is checked in is what the generator makes.
run_generated() {
  local copy
  copy=$(mktemp -d)
  mkdir -p "$copy/bindings/go/internal" "$copy/packaging"
  cp -r "$root/core" "$root/capi" "$root/LICENSE" "$copy"
  cp -r "$root/packaging/vendor.py" "$copy/packaging"
  cp -r "$go/internal/glcore" "$copy/bindings/go/internal"
  cp "$go/go.mod" "$copy/bindings/go"
  (cd "$copy/bindings/go" && go generate ./internal/glcore)
  check "internal/glcore" diff -ru "$go/internal/glcore" "$copy/bindings/go/internal/glcore"
  rm -rf "$copy"
  checked
}

do_test() {
  if may_install; then do_setup; fi
  leg_needing "go g++" "go" go_test
  leg_needing "go g++" "go -race" go_test -race
  leg_needing "go g++ swig" "go generated files" run_generated
  leg_needing "go staticcheck" "go lint" do_lint
}

do_lint() {
  check "gofmt" bash -c "cd '$go' && test -z \"\$(gofmt -l . | tee /dev/stderr)\""
  check "go vet" in_go go vet ./...
  check "staticcheck" in_go staticcheck ./...
  checked
}

# do_bench [OPTION...]: short rounds, for the machine's speed changes; benchstat's table, then how often the fastest round of a peer goes into that of the
# package. Options are a test program's, such as -test.bench Switch.
do_bench() {
  local program=$root/build/go/bench.test results=$root/build/go/bench.txt
  mkdir -p "${program%/*}"
  in_go go test -c -o "$program" ./bench
  for _ in {1..10}; do
    "$program" -test.run '^$' -test.bench . -test.skip Million -test.benchtime 100ms -test.cpu 1,2 "$@"
  done | tee "$results" | grep --line-buffered '^Benchmark'
  (($#)) || "$program" -test.run '^$' -test.bench Million -test.benchtime 1x -test.count 3 >>"$results"
  benchstat -row '.name /by' -col /gomaxprocs "$results"
  awk '$1 ~ /^Benchmark/ && $4 == "ns/op" && (!($1 in best) || $3 < best[$1]) { best[$1] = $3 }
       END { for (name in best) {
               peer = name
               if (sub("by=greenlet", "by=channel+call", peer) && peer in best) print name ": " best[name] / best[peer] " times channel+call"
               peer = name
               if (sub("Life/by=greenlet", "Switch/by=channel", peer)) print name ": " best[name] / best[peer] " hand-offs by channel" } }' "$results"
}

do_doc() { in_go go doc -all .; }

run_verb "$@"
