# The house's entrance. `make dev` runs a development chain, `make test` passes the tests.
#
# Dependencies are compiled once a machine: every checkout shares one target directory.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CHAINSTACK_TARGET ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/chainstack/target
export CHAINSTACK_TARGET
export CARGO_TARGET_DIR := $(CHAINSTACK_TARGET)
# RocksDB is compiled once a machine by `.ci/setup`, for every profile.
ROCKSDB_VERSION := $(shell sed -n '/^name = "librocksdb-sys"/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
export ROCKSDB_LIB_DIR := $(CHAINSTACK_TARGET)/rocksdb/$(ROCKSDB_VERSION)
export ROCKSDB_STATIC := 1
export PATH := $(CHAINSTACK_TARGET)/tools/bin:$(HOME)/.cargo/bin:$(PATH)

# The program in the profile of the tests. With an example beside it cargo resolves features as it does for tests, so
# that `make dev` and `make test` share every compiled dependency.
PROGRAM := cargo build --locked --workspace --bin chainstack --example keccak_speed

.PHONY: help setup dev test install contracts bench campaign accept

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Bring what is missing: libclang for RocksDB's bindings, the Wasm target
	@.ci/setup

dev: setup ## Build and run a development chain, ending at `ready http://127.0.0.1:9944`
	$(PROGRAM)
	exec "$(CARGO_TARGET_DIR)/debug/chainstack" dev $(ARGS)

test: setup ## Run every test
	cargo test --locked --workspace
	CARGO_TARGET_DIR="$(CARGO_TARGET_DIR)/contracts" cargo test --locked --manifest-path contracts/Cargo.toml --workspace

install: setup ## Build the release binary and put `chainstack` on the PATH (~/.cargo/bin)
	cargo install --locked --path node

contracts: setup ## Rebuild the contract artifacts and compare them with the committed ones
	contracts/build.sh $(ARGS)

bench: setup ## Run the benchmarks in release, one JSON line each; beside the peers that CHAINSTACK_PEERS holds
	cargo build --locked --release --package chainstack-node
	cargo build --locked --quiet --workspace --bin campaign --example keccak_speed
	CHAINSTACK_BIN="$(CARGO_TARGET_DIR)/release/chainstack" "$(CARGO_TARGET_DIR)/debug/campaign" peers $(SEED)

campaign: setup ## Run the long counts (resumable; seeds printed; results in tests/campaign)
	tests/campaign.sh $(ARGS)

accept: setup ## Run each line under "Done when" of ISSUE=n as a named check
	@.ci/tools
	$(PROGRAM)
	cargo build --locked --quiet --workspace --bin accept --example keccak_speed
	"$(CARGO_TARGET_DIR)/debug/accept" $(ISSUE) $(ONLY)
