# One line each; whatever is longer lives in scripts/.
.PHONY: build demo test test-unit test-integration bench check fuzz fmt install base-images dependencies clean test-guest conformance

PREFIX ?= /usr/local

build: ; scripts/build
demo: ; scripts/demo
test: ; scripts/test unit integration guest fuzz
test-unit: ; scripts/test unit
test-integration: ; scripts/test integration
test-guest: ; scripts/test guest
conformance: ; scripts/test conformance
bench: ; scripts/bench
check: ; scripts/check
fuzz: ; scripts/fuzz
fmt: ; swift format --in-place --recursive --parallel Sources Tests Package.swift
install: build ; install -D -t $(DESTDIR)$(PREFIX)/bin bin/gantry bin/gantryd bin/gantry-shim bin/gantry-oci
base-images: dependencies ; scripts/base-images
dependencies: ; scripts/dependencies
clean: ; rm -rf .build .build-shim .build-check .build-fuzz bin
