# The few commands there are; each installs the Debian packages it needs that are missing.
#   make run      a demonstration server on this machine, with mail in it      (ARGS="..." for options)
#   make test     everything a change must pass; make test-tsan the same code under ThreadSanitizer
#   make test-cluster  servers over a Ceph cluster on this machine (CLUSTER=bluestore, EC=2,1)
#   make fuzz     hunts with every fuzzer in turn, a minute each
#   make test-model  sessions against models, for long: STEPS=100000 commands for each model
#   make test-clients  SOGo, Roundcube and Thunderbird on shared mailboxes; installs them first, and takes five minutes at most for each
#   make test-searches  random searches with and without filters, compared: SEARCHES=100000 of them
#   make check    format, lint, layers, RFC citations, no build products tracked; make lint-deep what lint costs too much for every change
#   make bench    side by side with Dovecot; make bench-quick in under three minutes; bench/README.md has more
#   make deb      a package for Debian 12: build/deb/posthorn_*.deb; make test-deb tries it in a fresh root,
#                 and upgrades from the package of the commit before, or from FROM=older.deb
#   make build    the program: build/release/src/cli/posthorn, with posthorn-extract beside it
JOBS ?= $(shell nproc)
ARGS ?=
SECONDS ?= 60
# TIDY=changed lints only what differs from BASE; TIDY=all everything not known to pass; TIDY=no nothing.
TIDY ?= all
BASE ?= origin/main
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime
# What a source includes is known from compiling it, so it need not be preprocessed first.
export CCACHE_DEPEND := 1
POSTHORN := build/release/src/cli/posthorn
BENCH_PROGRAMS = --load build/release/bench/posthorn_load --posthorn $(POSTHORN)
BENCH = python3 bench/run.py $(BENCH_PROGRAMS)
# clang-tidy reads the precompiled headers of the build it is shown.
TIDY_COMMAND = cmake --preset release >/dev/null && cmake --build build/release --target precompiled_headers && \
  python3 tools/tidy.py build/release --jobs $(JOBS)
OWN_SOURCES = $(shell find src tests bench -name '*.h' -o -name '*.cc' 2>/dev/null)

.PHONY: run test test-tsan test-cluster test-clients test-model test-searches fuzz check lint-deep bench bench-quick bench-growth bench-micro bench-build build build-debug deb test-deb packages packages-test clean
.NOTPARALLEL:

run: build
	$(POSTHORN) demo --dir demo-data --engine rocksdb $(ARGS)

build: packages
	cmake --preset release >/dev/null
	cmake --build build/release --target posthorn posthorn-extract -j $(JOBS)

build-debug: packages
	cmake --preset debug >/dev/null
	cmake --build build/debug -j $(JOBS)

test: packages-test build-debug
	python3 tools/check_layers.py --test
	python3 tools/check_tracked.py --test
	python3 tools/check_rfc.py --test
	python3 tools/protocol_tables.py --test
	ctest --test-dir build/debug --output-on-failure --no-tests=error -j $(JOBS) $(CTEST_ARGS)

# RocksDB is not instrumented; what is known of it stands in the suppressions, nothing of ours does.
test-tsan: packages-test
	cmake --preset tsan >/dev/null
	cmake --build build/tsan --target unit_tests posthorn -j $(JOBS)
	TSAN_OPTIONS=suppressions=$(CURDIR)/src/engine/tsan.supp:halt_on_error=1 \
	  ctest --test-dir build/tsan -L '^(unit|dialogue|model)$$' --output-on-failure --no-tests=error $(CTEST_ARGS)

# Installing Ceph takes minutes, so this is no part of `make test`.
CLUSTER ?= memstore
test-cluster: packages-test
	@sh tools/install-packages cluster
	cmake --preset debug >/dev/null
	cmake --build build/debug --target engine_test store_test posthorn posthorn-extract -j $(JOBS)
	tests/cluster/run build/debug $(CLUSTER)

# Installing these programs takes minutes too. Without root, SOGo's test is skipped.
test-clients: packages-test
	@sh tools/install-packages clients
	cmake --preset debug >/dev/null
	cmake --build build/debug --target posthorn posthorn-extract -j $(JOBS)
	ctest --test-dir build/debug -L '^clients$$' --output-on-failure --no-tests=error $(CTEST_ARGS)

# Each fuzzer in turn: SECONDS=3600 for an hour each.
fuzz: packages
	cmake --preset fuzz >/dev/null
	cmake --build build/fuzz --target fuzzers -j $(JOBS)
	python3 tools/fuzz.py build/fuzz --seconds $(SECONDS)

SEARCHES ?= 100000
test-searches: packages
	cmake --preset release >/dev/null
	cmake --build build/release --target search_test -j $(JOBS)
	POSTHORN_SEARCHES=$(SEARCHES) build/release/src/search/search_test --gtest_filter=SearchFilterTest.FindsWhatTheScanFinds

STEPS ?= 100000
MODEL_SERVER = $(POSTHORN) demo --engine memory --empty --any-user secret --imap 127.0.0.1:0 --imaps 127.0.0.1:0 \
  --lmtp 127.0.0.1:0 --quiet
test-model: build
	for model in model_test shared_model rights_oracle; do \
	  python3 tests/model/$$model.py --server "$(MODEL_SERVER)" --steps $(STEPS) || exit 1; done

check: packages
	python3 tools/check_layers.py
	python3 tools/check_tracked.py
	python3 tools/check_rfc.py
	python3 tools/protocol_tables.py
	@echo clang-format: $(words $(OWN_SOURCES)) files; clang-format-19 --dry-run --Werror $(OWN_SOURCES)
	$(if $(filter-out no,$(TIDY)),$(TIDY_COMMAND) $(if $(filter changed,$(TIDY)),--changed $(BASE)))

lint-deep: packages
	$(TIDY_COMMAND) --deep

bench: bench-build
	$(BENCH) $(ARGS)

bench-quick: bench-build
	$(BENCH) --quick $(ARGS)

bench-growth: bench-build
	python3 bench/growth.py $(BENCH_PROGRAMS) $(ARGS)

bench-micro: packages
	cmake --preset release >/dev/null
	cmake --build build/release --target posthorn_micro -j $(JOBS)
	build/release/bench/posthorn_micro $(ARGS)

bench-build: packages
	@sh tools/install-packages bench
	cmake --preset release >/dev/null
	cmake --build build/release --target posthorn posthorn_load -j $(JOBS)

deb: build
	@sh tools/install-packages deb
	packaging/make-deb

# FROM: the package to upgrade from. By default that of the commit before is made.
FROM ?=
test-deb: deb
	$(if $(FROM),,packaging/make-deb-before)
	python3 tests/packaging/deb_test.py build/deb $(or $(FROM),build/deb-before)

packages:
	@sh tools/install-packages build

packages-test:
	@sh tools/install-packages build test

clean:
	rm -rf build
