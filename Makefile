# What the checks are stands in .ci/run; make only names them.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: build test check fuzz

build: # bin/huntlake, which knows its version
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/huntlake ./cmd/export

test:
	go test ./...

check: # gofmt, vet, staticcheck, tidy; the import map; everything under the race detector
	.ci/run static check

fuzz: # every fuzz target, briefly; longer with make fuzz HUNTLAKE_FUZZ_RUNS=1000000
	.ci/run fuzz
