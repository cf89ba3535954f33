# Greenroom. `make` alone lists what there is to make.
.DEFAULT_GOAL := help
SHELL := /bin/bash
TOOL := go tool -modfile=tools/go.mod
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
LDFLAGS := -X greenroom.dev/greenroom/internal/app.version=$(VERSION) -X greenroom.dev/greenroom/internal/app.commit=$(COMMIT)
CONSOLE := $(shell find console sdk/js/src -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help up build test unit browser bench bench-rooms bench-simulate chaos nightly lint gen fresh setup clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: bin/greenroom ## build, and run the demo: a route, a fleet of room servers, some bots, the console
	./bin/greenroom up --demo

build: bin/greenroom ## build bin/greenroom with the console inside

bin/greenroom: console/dist/index.html FORCE
	go build -tags ui -ldflags '$(LDFLAGS)' -o $@ ./cmd/greenroom

FORCE:

node_modules: package.json package-lock.json
	npm ci --no-fund --no-audit --ignore-scripts
	@touch node_modules

console/dist/index.html: node_modules $(CONSOLE)
	npm run --silent build -w console

setup: ## install what the tests need from Debian's packages
	./scripts/setup

test: setup ## install what the tests need and run them all
	./scripts/test

lint: node_modules ## formatting, vet, staticcheck, buf
	./scripts/lint

gen: node_modules ## regenerate code from proto/
	cd tools && go run ./validateproto ../.build/proto
	npx buf lint
	npx buf generate

fresh: gen ## fail if the committed generated code is not what `make gen` makes
	git diff --exit-code -- gen sdk/js/src/gen
	@test -z "$$(git status --porcelain -- gen sdk/js/src/gen)" || { git status --short -- gen sdk/js/src/gen; exit 1; }

bench: bin/greenroom ## measure: joins, registry, plan, and rooms in short; writes bench/go.json
	./scripts/bench

bench-rooms: ## measure rooms beside mosquitto, mochi-mqtt and nats-server, and against targets; writes bench/rooms.json
	./scripts/bench-rooms

bench-simulate: ## simulate three days under the default policy and its rivals; writes bench/simulate.json and plots
	./scripts/bench-simulate

chaos: bin/greenroom ## hurt real processes by a seed (SEED=…) while bots play, two to three minutes: kills, pauses, a full disk, a bad network
	./scripts/chaos

nightly: bin/greenroom ## fuzz every decoder, 20,000 chaotic worlds, and the shows on real processes at full length
	./scripts/nightly

clean: ## remove what was built (not the data folder)
	rm -rf bin console/dist .build node_modules
