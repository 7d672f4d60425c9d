# `make serve` and `make test` work on a fresh clone. Everything else is for those who change the code.
.PHONY: serve test check lint sim attack bench bench-peers autobahn schemathesis tlscheck fuzz fuzz-short fuzz-planted fuzz-merge fuzz-build tsan asan golden
.PHONY: metrics
.PHONY: browser browser-bench screenshots sdk sdk-browser histories catalogue format setup clean
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
# Arguments for `thaiyyal serve`, say: make serve SERVE="--port 9000"
SERVE ?=
# The Autobahn runner: `autobahn.sh URL OUTDIR`, exit code 0 when no case failed.
AUTOBAHN ?= ../shared/tools/autobahn.sh
# The TLS auditor: `tlscheck.sh HOST:PORT OUTDIR`, exit code 0 when it finds nothing.
TLSCHECK ?= ../shared/tools/tlscheck.sh
# Makes React Flow from PyPI: `build_reactflow.py OUTDIR`.
REACTFLOW ?= ../shared/tools/build_reactflow.py
# The fuzzer to run, all when empty, and for how long each. Say: make fuzz TARGET=frames SECONDS=60
TARGET ?=
SECONDS ?= 600
SDK_TESTS := $(sort $(wildcard Tests/CollabSDKTests/*.test.js))
# Of the page: what needs no browser.
CANVAS_TESTS := $(sort $(wildcard Tests/CanvasTests/*.test.js))
SOURCES := $(wildcard Package.swift Sources Tests Benchmarks)

serve: setup
	swift build -c release --product thaiyyal
	exec .build/release/thaiyyal serve $(SERVE)

# One test after the other: many of them measure time, on two cores they would starve each other.
test: setup
	python=$$(.ci/chromium) && [ -x "$$python" ]
	.ci/promtool
	swift build --build-tests
	node --test $(SDK_TESTS) $(CANVAS_TESTS)
	swift test --skip-build --no-parallel
	python3 Benchmarks/attack/attack.py .build/debug/thaiyyal --short
	SEED=1 .ci/schemathesis 5
	.ci/browser tests .build/browser

# Layout alone.
lint:
	swift format lint --strict --recursive --parallel $(SOURCES)

# Layout, house rules, no warning, quick tests.
check: setup lint
	WARNINGS=error swift build --build-tests
	WARNINGS=error swift test --skip-build --filter TidyTests
	WARNINGS=error swift test --skip-build --no-parallel --skip 'TidyTests|EndToEndTests|GatewayTests'
	node --test Tests/CollabSDKTests/golden.test.js Tests/CollabSDKTests/client.test.js $(CANVAS_TESTS)

# What /metrics says, by Prometheus' own judge.
metrics: setup
	.ci/promtool
	swift test --filter PromtoolTests

# The JavaScript SDK: golden vectors, histories against the server's document, clients on servers that fail. HISTORIES= and SEED= choose histories.
sdk: setup
	swift build --build-tests
	node --test $(SDK_TESTS)

# Writes the SDK's catalogue of node types anew.
catalogue: setup
	swift build --build-tests
	.build/debug/history-stream catalogue > Sources/CollabSDK/src/catalogue.js

# The SDK in headless Chromium: the real React Flow with two people, reloads, closed tabs; storages in IndexedDB. Screenshots in .build/sdk-browser.
sdk-browser: setup
	swift build --build-tests
	.ci/sdk-browser $(REACTFLOW)

# The pages of a real server in headless Chromium: people, bots, the network and the server going away. ONLY= chooses scenarios. Pictures in .build/browser.
browser: setup
	swift build --build-tests
	.ci/browser tests .build/browser $(ONLY)

# How long a document of 1 000 nodes takes to open in Chromium, and its frames while 20 bots edit: a part of docs/BENCHMARKS.md.
browser-bench: setup
	swift build -c release --product thaiyyal
	.ci/browser bench

# The pictures of README.md.
screenshots: setup
	swift build --build-tests
	.ci/browser screenshots docs/images

# The SDK's document against the server's, both ways, over ten thousand histories.
histories: setup
	swift build --build-tests
	HISTORIES=$(or $(HISTORIES),10000) node --test Tests/CollabSDKTests/theirs.test.js Tests/CollabSDKTests/ours.test.js

# The whole server under seeds: SEED= the first, SEEDS= how many, STEPS= of each. STORY=1 tells every step of one seed, SABOTAGE= plants a defect.
# A debug build: its assertions are part of the proof.
sim: setup
	swift build --build-tests
	.build/debug/thaiyyal-sim --seed $(or $(SEED),1) --seeds $(or $(SEEDS),$(if $(SEED),1,5000)) --steps $(or $(STEPS),400) \
	  $(if $(STORY),--story) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

# Attacks the server on this machine and measures what others notice: the second half of docs/LIMITS.md. ONLY= chooses attacks. About seven minutes.
attack: setup
	swift build -c release --product thaiyyal
	python3 Benchmarks/attack/attack.py .build/release/thaiyyal $(if $(ONLY),--only "$(ONLY)")

# One part with, say: make bench BENCH=fanout. Others to measure beside are installed where that is possible. All of it, what `browser-bench` does included, is written down.
bench: setup
	Benchmarks/peers/setup
	swift build -c release --product thaiyyal-bench
ifeq ($(BENCH),)
	swift build -c release --product thaiyyal
	{ .build/release/thaiyyal-bench && echo && .ci/browser bench; } | tee docs/BENCHMARKS.md
else
	.build/release/thaiyyal-bench $(BENCH)
endif

# Only the map workloads, beside Yrs and Loro.
bench-peers: setup
	Benchmarks/peers/setup
	swift build -c release --product thaiyyal-bench
	.build/release/thaiyyal-bench peers

# What docs/CONFORMANCE.md records: all 517 cases over ws in one run, then 1-10 over wss. With CASES, TLS or CONTEXT only that run.
autobahn: setup
	swift build -c release --product websocket-echo
ifeq ($(CASES)$(TLS)$(CONTEXT),)
	CASES=all OUT=.build/autobahn/ws .ci/autobahn $(AUTOBAHN)
	CASES=1-10 TLS=1 OUT=.build/autobahn/wss .ci/autobahn $(AUTOBAHN)
else
	.ci/autobahn $(AUTOBAHN)
endif

# Everything that protocol/openapi.yaml describes, asked of a real server; EXAMPLES= of each operation, SEED= of a run to be done again.
schemathesis: setup
	swift build --product thaiyyal
	.ci/schemathesis $(or $(EXAMPLES),200)

tlscheck: setup
	swift build -c release --product thaiyyal
	.ci/tlscheck $(TLSCHECK)

# Foreign bytes under libFuzzer and the address sanitizer, see docs/FUZZING.md.
fuzz: fuzz-build
	SECONDS_EACH=$(SECONDS) .ci/fuzz run "$(TARGET)"

# The same work on every machine, and part of CI: the kept inputs, then a fixed number of mutations from a fixed seed.
fuzz-short: fuzz-build
	.ci/fuzz short "$(TARGET)"

# The defect planted in each target is found, or the fuzzers prove nothing.
fuzz-planted: fuzz-build
	.ci/fuzz planted "$(TARGET)"

# Keeps the fewest inputs that reach what all kept and new ones reach. Look at the difference before you commit it.
fuzz-merge: fuzz-build
	.ci/fuzz merge "$(TARGET)"

fuzz-build: setup
	FUZZ=1 swift build -c release --scratch-path .build-fuzz --product fuzz --sanitize address

# The suite and a batch of the simulation under the thread and under the address sanitizer, see docs/FUZZING.md. FILTER= and SKIP= choose tests.
tsan: setup
	swift build --build-tests --scratch-path .build-tsan --sanitize thread
	.ci/sanitize thread

asan: setup
	swift build --build-tests --scratch-path .build-asan --sanitize address
	.ci/sanitize address

# Writes the golden vectors anew. Look at the difference before you commit it: it is a change of the protocol.
golden: setup
	UPDATE_GOLDEN=1 swift test --filter CollabProtocolTests
	git --no-pager diff --stat -- fixtures

format:
	swift format --in-place --recursive --parallel $(SOURCES)

setup:
	@.ci/setup

clean:
	swift package clean
