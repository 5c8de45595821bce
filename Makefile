# Two commands: `make dev` and `make test`. The others are for those who stay.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: help install dev test test-snowflake captures lint format fuzz bench pictures marts docs lock sbom clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## the virtual environment, the broker, TICKHOUSE_HOME
	@$(BIN)/tickhouse init

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing into .venv ..."
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Tickhouse wants Python 3.11 to 3.13, this is %d.%d. Try: make PYTHON=python3.12 install" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@awk '/^[a-z]/ { on = /^uv==/ } on' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --compile-bytecode --require-hashes \
		--build-constraints requirements.lock -r requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

dev: install ## everything, live, in the Dagster UI
	@$(BIN)/tickhouse up

test: install ## the whole suite: two tests at a time, then those of a whole running stack, alone
	@$(BIN)/pytest -n 2 --ignore tests/e2e
	@$(BIN)/pytest tests/e2e

test-snowflake: install ## what runs against a stand-in for Snowflake, against the account of your SNOWFLAKE_* variables
	TICKHOUSE_TEST_ACCOUNT=1 $(BIN)/pytest tests/snowflake tests/warehouse/test_landing_contract.py -k "not duckdb"

captures: install ## real recordings of exchanges, for the tests that look at them
	@$(BIN)/python -m tests.support.captures

lint: $(STAMP) ## ruff, pyright, import-linter, sqlfmt, dbt-bouncer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/sqlfmt --check --quiet dbt_project
	cd dbt_project && ../$(BIN)/dbt --quiet parse && ../$(BIN)/dbt-bouncer run

format: $(STAMP) ## let the tools format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --quiet dbt_project

fuzz: install ## 10,000 hostile messages from a new seed, through broker, drain and turns; TICKHOUSE_FUZZ_MESSAGES says how many
	TICKHOUSE_FUZZ_MESSAGES=$${TICKHOUSE_FUZZ_MESSAGES:-10000} $(BIN)/pytest tests/dbt/test_any_messages.py

bench: install ## the figures of docs/benchmarks.md, measured here and now
	$(BIN)/python -m tests.bench

pictures: install ## the pictures of README, of a stack that runs for the purpose
	TICKHOUSE_SCREENSHOTS=docs/images $(BIN)/pytest tests/e2e/test_browser.py

marts: install ## docs/marts.md: all marts and their columns, with example rows
	TICKHOUSE_MARTS_PAGE=1 $(BIN)/pytest -q tests/dbt/test_documented_queries.py -k page

docs: install ## the dbt docs site
	$(BIN)/tickhouse docs

lock: $(STAMP) ## resolve the dependencies again
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --all-extras \
		--python-version 3.11 --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--python-version 3.11 --custom-compile-command "make lock" tests/snowflake/stand_in.in \
		-o tests/snowflake/stand_in.lock

sbom: install ## sbom/: a CycloneDX bill of materials and the third-party notices, from the lock files
	@$(BIN)/python .ci/sbom.py

clean: ## what was generated, but no data
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs *.egg-info
