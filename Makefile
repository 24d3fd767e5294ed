# The version is stamped below, so that git need not be asked while building: it refuses in a checkout that belongs to somebody else.
export GOFLAGS ?= -buildvcs=false
# Only the race detector needs C: everything else is compiled once.
export CGO_ENABLED := 0

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unreleased)
GOLANGCI := v2.15.0
LINT     := .tools/golangci-lint-$(GOLANGCI)
FUZZTIME ?= 20s
MAX_SIZE := 17000000
# What hardly a visitor's request goes through is built for size: half a megabyte less.
COLD     := net/http go.yaml.in/... google.golang.org/protobuf/... github.com/spf13/... github.com/go-jose/... github.com/prometheus/... \
            waitroom/config waitroom/proxy/waiting/choice waitroom/token/identity/... math/big waitroom/cmd/... waitroom/bench/... waitroom/proxy/operator waitroom/queue/audit encoding/json crypto/x509/... mime/... github.com/coreos/... golang.org/x/oauth2/... go.uber.org/...
# What only computes, in one goroutine: the race detector would find nothing in it, and take ten times as long. Its packages stand in `test`.
PURE     := UseTheRateWhateverShare|LosesLittleOfItsFirst|SortedListWithRanks|InAFewHundredKnots|NothingComesFromElsewhere|EveryPageIsWellFormed|FuzzAppend|TestCommands/dialogue/plan
# `make vet` has looked at all of it.
TEST     := CGO_ENABLED=1 go test -race -vet off -p 2 -count 1 -timeout 15m -skip '$(PURE)'
# What drives the built program measures, too: each package runs by itself, and without the race detector in the visitors. Its tests mostly wait.
EVENING  := go test -vet off -p 1 -parallel 3 -count 1 -timeout 15m
# The race detector drops pooled values on purpose: allocations are counted without it, too.
ALONE    := go test -vet off -p 2 -count 1 -run 'Allocat|$(PURE)'

MICRO     := ./token ./queue ./queue/memory ./queue/redis ./proxy/...
BIG       := TicketsInTheLine|Replay
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

.PHONY: help build test race lint fuzz bench bench-micro bench-peers growth check clean fmt vet house tidy size needs

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the commands, static and stripped, into dist/
	go build -tags nethttpomithttp2 -trimpath $(COLD:%=-gcflags='%=-l') -ldflags '-s -w -X main.stamp=$(VERSION)' -o dist/ ./cmd/...

test: needs ## every test, with the race detector where anything is concurrent; installs what tests need where it is missing
	@mkdir -p dist
	@{ $(TEST) -json $$(go list ./queue/redis ./... | grep -v '/bench/') ./.ci/tally; $(ALONE) -json ./cmd/waitroom ./queue ./queue/memory ./token ./proxy ./proxy/bound ./proxy/visitor ./proxy/forward ./proxy/waiting/page ./proxy/waiting/choice; $(EVENING) -json ./bench/...; } | tee dist/test.json | go run ./.ci/tally

race: needs ## the tests of PKG (default: queue, token and proxy), ten times each, to hunt races
	CGO_ENABLED=1 go test -race -p 2 -count 10 -timeout 60m $(or $(PKG),./queue/... ./token/... ./proxy/...)

lint: $(LINT) ## golangci-lint, as configured in .golangci.yml
	$(LINT) run ./... ./.ci/tally

fuzz: ## each fuzz target in the tree for FUZZTIME (default 20s)
	@grep -rn --include='*_test.go' -oE '^func Fuzz\w+' . | sed -E 's/^(.*)\/[^/]+:[0-9]+:func (.*)/\1 \2/' | sort | \
	while read -r dir name; do echo "== $$name in $$dir"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$dir" </dev/null || exit 1; done

bench: bench-micro bench-peers ## what everything costs: microbenchmarks, and the gateway beside others; see bench/README.md

bench-micro: ## the microbenchmarks, compared with bench/baseline.txt; about 3 minutes, QUICK=1 for a half
	@bench/needs
	@mkdir -p dist
	go test -run Allocat -bench . -skip '$(BIG)' -benchmem -count $(if $(QUICK),1,6) -benchtime $(if $(QUICK),20ms,100ms) -p 1 $(MICRO) | tee dist/micro.txt
	@go run $(BENCHSTAT) bench/baseline.txt dist/micro.txt

bench-peers: ## the gateway beside nginx, HAProxy and others, into bench/README.md; about 11 minutes, QUICK=1 for one and shown only
	@bench/needs
	go run ./bench/peers -json dist/peers.json $(if $(QUICK),-quick,-readme bench/README.md)

growth: ## what everything costs against the length of the line, to ten million, and its graph; about 10 minutes, MAX=1000000 for 6
	@bench/needs
	go run ./bench/growth -max $(or $(MAX),10000000) -graph $(if $(MAX),dist/growth.png,docs/images/growth.png)

check: fmt vet house lint tidy size test ## all that CI runs

clean: ## remove what was built and what tools were fetched
	rm -rf dist .tools bench/browser/node_modules bench/provider/independent/node_modules

fmt: # nothing that gofmt would change
	@out=$$(find . -name node_modules -prune -o -name '*.go' -exec gofmt -l {} +); test -z "$$out" || { echo "gofmt these:"; echo "$$out"; exit 1; }

vet:
	go vet ./... ./.ci/tally

house: # the house rules that no linter knows
	@.ci/house

tidy: # go.mod and go.sum say what the code uses
	go mod tidy -diff

size: build # the gateway stays small
	@n=$$(wc -c <dist/waitroom); echo "dist/waitroom: $$n bytes, at most $(MAX_SIZE)"; test "$$n" -lt $(MAX_SIZE)

needs:
	@.ci/needs

$(LINT):
	GOBIN=$(CURDIR)/.tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .tools/golangci-lint $@
