# Every command a person needs. What CI runs is `.ci/run`, which calls these.
#
# The build cache lives outside the clone, so a fresh clone on the same machine is warm:
# set LIANQIAO_CACHE to move it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export LIANQIAO_CACHE ?= $(HOME)/.cache/lianqiao
export CARGO_TARGET_DIR ?= $(LIANQIAO_CACHE)/target
export CCACHE_DIR ?= $(LIANQIAO_CACHE)/ccache

# Make sets CC and CXX itself; only a value from outside counts.
ifeq ($(origin CC),default)
  CC := $(if $(shell command -v ccache),ccache )gcc
endif
ifeq ($(origin CXX),default)
  CXX := $(if $(shell command -v ccache),ccache )g++
endif
export CC CXX

ROUNDS ?= 200
SECONDS ?= 60

# What foreign clients, servers and browsers say of us, and what kills leave.
SUITES := js-sdk openid-provider matrix-nio calendar dingtalk feishu demo wecom voice mautrix matrix-bot-sdk matrix-sdk \
  synapse differential transcripts races crash soak
differential_ARGUMENTS := 0 10
soak_ARGUMENTS := --messages 1000

# Suites measure waits and kill servers: one at a time, whatever `-j` says.
.NOTPARALLEL:
.PHONY: help setup run demo test lint complement crash soak sim synapse differential bench fuzz

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: ## Installs missing system packages (Debian 12)
	@config/setup

run: setup ## Builds and starts the server on ./data
	cargo build --release --bin lianqiao
	exec $(CARGO_TARGET_DIR)/release/lianqiao serve --config data/lianqiao.toml

demo: setup ## Starts a sample organisation with simulated platforms and their pages, one room across all
	@complement-tests/demo/show

# One build of everything first: another choice of packages would choose other features of the
# libraries and compile them again. The suites below then use the binaries of that build.
test: export LIANQIAO_BIN = $(CARGO_TARGET_DIR)/debug/lianqiao
test: export LIANQIAO_CALENDAR_DESK = $(CARGO_TARGET_DIR)/debug/examples/calendar_desk
test: export LIANQIAO_MEETINGS_DESK = $(CARGO_TARGET_DIR)/debug/examples/meetings_desk
test: export LIANQIAO_DINGTALK_SIMULATOR = $(CARGO_TARGET_DIR)/debug/lianqiao-simulator-dingtalk
test: export LIANQIAO_FEISHU_SIMULATOR = $(CARGO_TARGET_DIR)/debug/lianqiao-simulator-feishu
test: export LIANQIAO_WECOM_SIMULATOR = $(CARGO_TARGET_DIR)/debug/lianqiao-simulator-wecom
test: export LIANQIAO_STATE_GRAPHS = $(CARGO_TARGET_DIR)/debug/examples/state_graphs
test: setup ## Every test that a fresh machine can run
	@config/setup tests
	cargo build --workspace --all-targets
	$(MAKE) --keep-going --no-print-directory cargo-tests $(SUITES:%=suite-%)

# One that fails stops none of the others, but it fails the whole.
.PHONY: cargo-tests
cargo-tests:
	cargo test --workspace --no-fail-fast

suite-%:
	complement-tests/$*/run $($*_ARGUMENTS)

lint: ## Format, clippy, layer order, dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	.ci/check-layers
	.ci/check-dependencies

complement: setup ## Upstream Complement; FILTER=TestName runs one test
	complement-tests/run $(FILTER)

crash: setup ## Kills the server at random moments; ROUNDS=n, SEED=n
	cargo build --bin lianqiao
	ROUNDS=$(ROUNDS) complement-tests/crash/run

soak: setup ## Speaks on all platforms at once and kills the bridges and the server; MESSAGES=n, SEED=n
	cargo build --workspace --bins
	MESSAGES=$(or $(MESSAGES),10000) complement-tests/soak/run

sim: setup ## Three servers, a hostile one, wires that break; ROUNDS=n seeds from SEED=n
	SEED=$(or $(SEED),1) ROUNDS=$(ROUNDS) cargo test -p lianqiao-testkit --test scenarios sim::

synapse: setup ## Federates with Synapse from PyPI: rooms of every version, people, media, outages
	complement-tests/synapse/run

differential: setup ## Asks Synapse's rules what ours answered; SEEDS=n rooms of each version
	complement-tests/differential/run $(or $(SEED),0) $(or $(SEEDS),20)

bench: setup ## Compares with Synapse, where it can be installed
	complement-tests/bench/run

# Without the address sanitizer: our code has no `unsafe`, each target runs several times as fast, and the stable
# compiler is enough.
fuzz: setup ## Fuzzes event parsing and sync tokens; SECONDS=n each
	@command -v cargo-fuzz >/dev/null || CARGO_TARGET_DIR=$(LIANQIAO_CACHE)/tools cargo install --locked cargo-fuzz
	cd homeserver && export CARGO_TARGET_DIR=$(LIANQIAO_CACHE)/fuzz && \
	for target in $$(cargo fuzz list --fuzz-dir fuzz); do \
	  mkdir -p $(LIANQIAO_CACHE)/corpus/$$target && \
	  cargo fuzz run -s none --fuzz-dir fuzz "$$target" $(LIANQIAO_CACHE)/corpus/$$target -- \
	    -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048; \
	done
