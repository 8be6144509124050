#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Go module: ./dev VERB go
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

go=$root/bindings/go
module=github.com/libgreenlet/libgreenlet/bindings/go
version=v$(<"$root/VERSION")
proxy=$root/build/go/proxy # do_package puts it there
swig=4.5.1          # makes internal/glcore
staticcheck=v0.7.0
benchstat=v0.0.0-20260908200009-22c9c6c9d4da # of golang.org/x/perf
export PATH="$cache/go/bin:$PATH" GOFLAGS=-mod=readonly

do_setup() {
  apt_install g++ g++-i686-linux-gnu libc6-i386 pkg-config cmake git binutils python3-venv
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
  in_go timeout 600 go test -v "$@" . ./internal/... 2>&1 | tee "$log" || status=$?
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

# Everything that can be collected is, and the goroutines run on other threads all the time.
run_gogc() {
  go_test -exec "env GOGC=1" -cpu 1,2,4
}

# A short look for programs of a new kind; the tests have random ones.
run_fuzzing() {
  in_go timeout 300 go test -run '^$' -fuzz FuzzTree -fuzztime 5s .
  echo "FuzzTree: 1 passed, 0 failed"
}

run_scenarios() {
  in_go go build -o "$root/build/go/scenarios" ./internal/scenarios
  tests/scenarios/check.py --lacks "$go/internal/scenarios/go.lacks" -- "$root/build/go/scenarios"
}

# As the oracle runs them; it knows of refusals that a tree cannot make.
run_random_scenarios() {
  in_go go build -o "$root/build/go/scenarios" ./internal/scenarios
  tests/scenarios/random_scenarios.py --count 2000 --lacks <(cat "$go/internal/scenarios/go.lacks" && echo "misuse: of trees") -- "$root/build/go/scenarios"
}

# Each prints what stands beside it, also where it is checked which goroutine calls. So do README's programs.
run_examples() {
  local example name
  for example in "$go"/examples/*/; do
    name=$(basename "$example")
    check "$name" diff -u "$example/output.txt" <(in_go timeout 60 go run "./examples/$name" 2>&1)
    check "$name with greenletdebug" diff -u "$example/output.txt" <(in_go timeout 60 go run -tags greenletdebug "./examples/$name" 2>&1)
  done
  check "README.md" in_go go test -count=1 ./examples
  checked
}

# The library as a system has it, found by pkg-config.
run_system() {
  local prefix=$root/build/go/prefix
  cmake -S "$root" -B "$root/build/go/library" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DGREENLET_DEVELOPER=OFF -DGREENLET_EXAMPLES=OFF
  cmake --build "$root/build/go/library" --target install
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
  in_go go build -tags libgreenlet_system -o "$root/build/go/on_system" ./examples/two_greenlets
  check "links the shared library" grep libgreenlet.so.0 <(readelf -d "$root/build/go/on_system")
  check "has no core of its own" bash -c "! nm '$root/build/go/on_system' | grep ' T gl_switch'"
  checked
  go_test -tags libgreenlet_system
}

# cross ARCH PREFIX: sets the environment for the C compiler of another system.
cross() { export GOARCH=$1 CGO_ENABLED=1 CC=$2-gcc CXX=$2-g++; }

run_386() {
  cross 386 i686-linux-gnu
  go_test
}

run_arm64() {
  cross arm64 aarch64-linux-gnu
  export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
  go_test -exec qemu-aarch64
}

# Debian's Wine is too old for programs of Go: they are linked, and not run.
run_windows() {
  export GOOS=windows
  cross amd64 x86_64-w64-mingw32
  check "compiles and links" in_go go test -c -o "$root/build/go/greenlet.test.exe" .
  check "vet" in_go go vet .
  checked
}

do_test() {
  if may_install; then do_setup; fi
  leg_needing "go g++" "go" go_test -cpu 1,2,4
  leg_needing "go g++" "go -race" go_test -race
  leg_needing "go g++" "go with GOGC=1" run_gogc
  leg_needing "go g++" "go with greenletdebug" go_test -tags greenletdebug
  leg_needing "go g++" "go fuzzing" run_fuzzing
  leg_needing "go g++ python3" "go scenarios" run_scenarios
  leg_needing "go g++" "go examples" run_examples
  leg_needing "go g++ cmake pkg-config" "go on the system's library" run_system
  leg_needing "go i686-linux-gnu-g++" "go on 386" run_386
  leg_needing "go g++ git" "go package" run_package
  leg_needing "go g++ swig" "go generated files" run_generated
  leg_needing "go staticcheck" "go lint" do_lint
  [[ ${1-} != --all ]] || test_elsewhere
}

# On other systems, as far as there are compilers.
test_elsewhere() {
  if may_install; then apt_install g++-aarch64-linux-gnu qemu-user g++-mingw-w64-x86-64-posix; fi
  leg_needing "go aarch64-linux-gnu-g++ qemu-aarch64" "go on arm64" run_arm64
  leg_needing "go x86_64-w64-mingw32-g++" "go for Windows" run_windows
  leg_needing "go g++ python3" "go random scenarios" run_random_scenarios
}

do_lint() {
  check "gofmt" bash -c "cd '$go' && test -z \"\$(gofmt -l . | tee /dev/stderr)\""
  check "go vet" in_go go vet ./...
  check "staticcheck" in_go staticcheck ./...
  checked
}

# do_bench [OPTION...]: short rounds, as the machine's speed changes; benchstat's table, then the ratios of the fastest rounds. Options are a test program's,
# such as -test.bench Switch.
do_bench() {
  local program=$root/build/go/bench.test results=$root/build/go/bench.txt who
  mkdir -p "${program%/*}"
  in_go go test -c -o "$program" ./bench
  for _ in {1..10}; do
    "$program" -test.run '^$' -test.bench . -test.skip Million -test.benchtime 50ms -test.cpu 1,2 "$@"
  done >"$results"
  if (($# == 0)); then
    for who in goroutine goroutine goroutine greenlet greenlet greenlet; do # each in a process that has no memory yet
      "$program" -test.run '^$' -test.bench "Million/by=$who$" -test.benchtime 1x
    done >>"$results"
  fi
  benchstat -row '.name /by' -col /gomaxprocs "$results"
  awk '$1 ~ /^Benchmark/ && $4 == "ns/op" && (!($1 in best) || $3 < best[$1]) { best[$1] = $3 }
       function ratio(name, mine, other) {
         if (sub(mine, other, name) && name in best) printf "%s: %.1f ns, %.2f times %s\n", me, best[me], best[me] / best[name], name
       }
       END {
         for (me in best) {
           ratio(me, "by=greenlet", "by=channel+call")
           ratio(me, "Life/by=greenlet", "Switch/by=channel")
         }
       }' "$results"
}

# A module zip, made by the go command from a repository with a version's tag. It leaves what it has downloaded in the layout of a proxy, in build/go/proxy.
do_package() {
  local repository cache=$root/build/go/modcache
  repository=$(mktemp -d)
  mkdir "$repository/bindings"
  cp "$root/LICENSE" "$repository"
  cp -r "$go" "$repository/bindings"
  git -C "$repository" init -q
  git -C "$repository" add .
  git -C "$repository" -c user.name=package -c user.email=package@localhost commit -q -m "$version"
  git -C "$repository" tag "bindings/go/$version"
  rm -rf "$cache" "$proxy"
  (
    cd "$repository"
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$repository.insteadOf" GIT_CONFIG_VALUE_0="https://${module%/bindings/go}"
    GOMODCACHE=$cache GOFLAGS=-modcacherw GOPROXY=direct GONOSUMDB=$module go mod download "$module@$version"
  )
  mv "$cache/cache/download" "$proxy"
  rm -rf "$cache" "$repository"
  ls -l "$proxy/$module/@v/$version.zip"
}

# A module elsewhere gets the zip, with a compiler and nothing else.
run_package() {
  local folder
  do_package
  folder=$(mktemp -d)
  cd "$folder"
  cp "$go/examples/two_greenlets/main.go" .
  export GOPROXY=file://$proxy GOMODCACHE=$folder/cache GONOSUMDB=$module GOFLAGS=-modcacherw
  PATH=$(dirname "$(command -v go)"):/usr/bin:/bin
  export PATH PKG_CONFIG=/bin/false
  check "no swig" bash -c "! command -v swig"
  check "go mod init" go mod init example.org/program
  check "go get" go get "$module@$version"
  check "go run" diff -u "$go/examples/two_greenlets/output.txt" <(go run . 2>&1)
  check "go mod vendor" go mod vendor
  check "go build -mod=vendor" go build -mod=vendor -o program .
  check "the vendored program" diff -u "$go/examples/two_greenlets/output.txt" <(./program)
  check "its libraries" diff -u <(echo libc.so.6) <(readelf -d program | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
  check "a licence" test -s "vendor/$module/LICENSE"
  check "without cgo it says what is missing" grep greenlet_needs_cgo <(CGO_ENABLED=0 go build . 2>&1)
  cd "$root"
  rm -rf "$folder"
  checked
}

do_doc() { in_go go doc -all .; }

run_verb "$@"
