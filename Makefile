# make deploy DEVICE=phone        a trained checkpoint to measured models
# make test                       all tests
# Variables: DEVICE (phone, tablet, watch, tv, 2in1, board), CONFIG (a deploy.yaml), NIGHT (a nightly.yaml), EMULATE (1 or host, arm64, 0 never)
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV ?= .venv
DEVICE ?= phone
CONFIG ?=
NIGHT ?= configs/nightly.yaml
EMULATE ?=
ARGS ?=
DATA ?=
TESTS ?= tests

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

ARM64_PACKAGES := qemu-user g++-aarch64-linux-gnu libc6-arm64-cross libstdc++6-arm64-cross
APT := apt-get install --yes --no-install-recommends
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo)

emulate_1 := --emulate host
emulate_0 := --no-emulate
EMULATION := $(if $(EMULATE),$(or $(emulate_$(EMULATE)),--emulate $(EMULATE)))

.PHONY: help setup deploy benchmark arm64 numbers experiment nightly test lint format doctor lock clean

help: ## what there is
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: $(STAMP) ## a virtual environment with everything

$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "hint: Debian needs the package python3-venv"; rm -rf $(VENV); exit 4; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c requirements.lock -e '.[examples,onnx,cluster,dev]'
	@touch $@

deploy: $(STAMP) ## checkpoint to measured models on DEVICE
	@$(BIN)/pipeline deploy $(CONFIG) --device $(DEVICE) $(EMULATION) $(ARGS)

benchmark: $(STAMP) ## measure on DEVICE what was deployed last
	@$(BIN)/pipeline benchmark --device $(DEVICE) $(EMULATION) $(ARGS)

arm64: $(STAMP) ## what EMULATE=arm64 takes: Debian packages (as root), then our programs
	@dpkg -s $(ARM64_PACKAGES) >/dev/null 2>&1 || $(AS_ROOT) $(APT) $(ARM64_PACKAGES) || \
	  { $(AS_ROOT) apt-get update --quiet && $(AS_ROOT) $(APT) $(ARM64_PACKAGES); } || \
	  { echo "hint: these Debian packages are needed, and root to install them: $(ARM64_PACKAGES)"; exit 4; }
	@$(BIN)/pipeline toolchain arm64

numbers: $(STAMP) ## train the second example, a MobileNetV2, and deploy it to DEVICE
	@test -f examples/numbers/mobilenetv2.ckpt || $(BIN)/python -m examples.numbers.train
	@$(BIN)/pipeline deploy examples/numbers/deploy.yaml --device $(DEVICE) $(EMULATION) $(ARGS)

experiment: $(STAMP) ## rerun a published comparison (DATA=FOLDER: on MNIST); some minutes a seed
	@$(BIN)/python -m examples.experiment $(if $(DATA),--data "$(DATA)",--readme README.md) $(ARGS)

nightly: $(STAMP) ## every model by every recipe on every device of NIGHT, judged
	@$(BIN)/pipeline nightly $(NIGHT) $(EMULATION) $(ARGS)

test: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## let ruff format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

doctor: $(STAMP) ## what is there, what is missing
	@$(BIN)/pipeline doctor

lock: ## renew requirements.lock (needs uv)
	{ sed -n '/^#/p' requirements.lock; uv pip compile pyproject.toml --quiet --universal \
	  --python-version 3.10 --all-extras --no-header --no-annotate; } > requirements.lock.new
	mv requirements.lock.new requirements.lock

clean: ## remove run folders, finished stages and caches of this checkout
	rm -rf runs dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
