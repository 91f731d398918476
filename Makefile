# Everything a developer or CI runs. `make demo` and `make test` need python3 (with venv), git and make, nothing else.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo example test test-e2e lint generate bench clean

bin := .venv/bin
install := python/requirements/install.py
example := examples/flight-delay
# Tools and their Python must not take up what belongs to the caller's project.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

help:  ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1 	\2/p' Makefile | expand -t 20

setup: .venv/.installed  ## Make .venv with locked tools and mlops-actions
	@:

.venv/.installed: python/requirements/dev.txt pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "Python 3.11 or newer is needed; python3 is: $$(python3 --version 2>&1)" >&2; exit 2; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "Making .venv, about half a minute the first time ..."
	@python3 $(install) python/requirements/dev.txt --into .venv
	@$(bin)/uv pip install --quiet --no-config --offline --no-deps --no-build-isolation --python $(bin)/python --editable .
	@touch $@

demo: setup example  ## Take real models from data to production, and refuse the bad ones (about 3 minutes)
	@$(bin)/python examples/flight-delay/demo.py

example: setup  ## Make the environment of the example from its own lock
	@test examples/flight-delay/.venv/.installed -nt examples/flight-delay/requirements.txt || { \
	    echo "Making examples/flight-delay/.venv, about half a minute the first time ..."; \
	    PATH="$(CURDIR)/$(bin):$$PATH" UV_COMPILE_BYTECODE=1 $(bin)/python $(install) \
	        examples/flight-delay/requirements.txt --into examples/flight-delay/.venv && \
	    touch examples/flight-delay/.venv/.installed; }

test: setup  ## Run the unit and integration tests
	@$(bin)/python -m pytest -n auto --dist worksteal

test-e2e: setup  ## Run consumers' workflows (needs act, see .ci/run)
	@$(bin)/python -m pytest tests/e2e

lint: setup  ## Check style, types, layers, spelling, workflows and scripts
	@PATH="$(CURDIR)/$(bin):$$PATH" .ci/lint

generate: setup  ## Write what is generated from the actions' inputs: action.yml, READMEs, schemas
	@$(bin)/python -m mlops_actions.generate

bench: setup  ## Measure the speed targets on this machine
	@$(bin)/python benchmarks/gate_startup.py
	@$(bin)/python benchmarks/cold_start.py
	@$(bin)/python benchmarks/gate.py
	@$(bin)/python benchmarks/canary.py
	@$(bin)/python benchmarks/canary_families.py
	@$(bin)/python benchmarks/canary_dependence.py
	@$(bin)/python benchmarks/comparisons.py
	@$(bin)/python benchmarks/registry.py
	@$(bin)/python benchmarks/bucket_log.py
	@$(bin)/python benchmarks/races.py disk
	@$(bin)/python benchmarks/races.py bucket
	@$(bin)/python benchmarks/coverage.py
	@$(bin)/python benchmarks/validation

clean:  ## Remove what the other targets made
	rm -rf .venv examples/*/.venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
