# Greenroom. `make` alone lists what there is to make.
.DEFAULT_GOAL := help
SHELL := /bin/bash
TOOL := go tool -modfile=tools/go.mod

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules: package.json package-lock.json sdk/js/package.json console/package.json
	npm ci --no-fund --no-audit --ignore-scripts
	@touch node_modules

.PHONY: gen
gen: node_modules ## regenerate code from proto/
	cd tools && go run ./validateproto ../.build/proto
	npx buf lint
	npx buf generate
