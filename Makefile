# Everything happens in .venv, from locks that name every package by version and hash. Needs Python 3.11 or newer and make.
# PYTHON=… chooses the Python; ARGS=… goes to pytest or to bench-day; HOST, PORT and ROADLENS_… reach the server (see
# docs/settings.md).

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-system soak lab lab-mutants rules fuzz check format screenshots bench bench-http bench-day bench-dashboard lock audit clean remake

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
COMPILE := $(BIN)/uv --no-config --quiet pip compile --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
CODE := $(wildcard src tests tools benchmarks fuzzing lab)

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{ printf "  %-12s", $$1 " " $$2; $$1 = $$2 = ""; print $$0 }'

run: .venv/project.stamp ## Run Roadlens with its own PostgreSQL, on 127.0.0.1:8000
	@exec $(BIN)/roadlens serve

test: .venv/dev.stamp ## Run every test that needs no system package
	@PYTHONDONTWRITEBYTECODE= exec $(BIN)/python -m pytest $(ARGS)

test-system: .venv/dev.stamp .venv/spark.stamp rules ## Run the dashboard in a browser, the cache on Debian's Redis, writers at once, what is deployed, a cluster of Spark; needs the Debian packages in .ci/run
	@PATH=$$PATH:/usr/sbin sh tools/need.sh redis-server openssl bwrap nginx pgbouncer prometheus java systemd-analyze $${CHROMIUM:-chromium}
	@PATH=$$PATH:/usr/sbin PYTHONDONTWRITEBYTECODE= TEST_REDIS_SERVER=$$(command -v redis-server) exec $(BIN)/python -m pytest -m "system or redis" $(ARGS)

rules: ## Check Prometheus's configuration, its rules, and that each alert fires when it should; needs Debian's package prometheus
	@sh tools/need.sh prometheus
	@promtool check config deploy/prometheus/prometheus.yml
	@promtool test rules deploy/prometheus/tests/*.yml

fuzz: .venv/fuzz.stamp ## Ask every operation a thousand odd things, and feed parsers odd bytes; a quarter of an hour on two cores, then an hour for the parsers
	@$(BIN)/python -m fuzzing $(ARGS)
	@$(BIN)/python -m fuzzing.guided

soak: .venv/dev.stamp ## Mixed work on two workers for SOAK_MINUTES (10) with Redis and workers that die; writes docs/soak.md
	$(BIN)/python -m lab.soak --page docs/soak.md $(ARGS)

lab: .venv/dev.stamp ## Attack three workers at random for LAB_MINUTES (15) and judge what clients saw; writes docs/lab.md
	$(BIN)/python -m lab --page docs/lab.md $(ARGS)

lab-mutants: .venv/dev.stamp ## Build one mistake at a time into Roadlens and see that the laboratory finds it
	$(BIN)/python -m lab.mutated $(ARGS)

check: .venv/dev.stamp ## Check format, lint, types, import contracts and house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.house

format: .venv/dev.stamp ## Format the code and repair what lint can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: .venv/dev.stamp ## Take the pictures of docs/img anew; needs Debian's package chromium
	@sh tools/need.sh $${CHROMIUM:-chromium}
	$(BIN)/python -m tools.screenshots

bench: .venv/dev.stamp ## Measure what answers cost, with and without read models, and how fast positions come in; an hour, 15 GB
	$(BIN)/python -m benchmarks.reads
	$(BIN)/python -m benchmarks.lists
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.ingest_http

bench-http: .venv/bench.stamp ## Measure a hit beside other caches, for a quarter of an hour; needs Debian's package wrk
	$(BIN)/python -m benchmarks.http

bench-day: .venv/dev.stamp ## Replay a working day on 100,000 drivers, for a quarter of an hour; needs Debian's package apache2-utils
	$(BIN)/python -m benchmarks.day $(ARGS)

bench-dashboard: .venv/dev.stamp ## Measure the dashboard over 100,000 drivers in a browser; needs Debian's package chromium
	@sh tools/need.sh $${CHROMIUM:-chromium}
	$(BIN)/python -m benchmarks.dashboard $(ARGS)

lock: .venv/dev.stamp ## Write the locks anew, with the newest versions that pyproject.toml allows
	$(COMPILE) pyproject.toml --group build --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --extra otel --group build --constraints requirements/run.txt --output-file requirements/otel.txt
	$(COMPILE) pyproject.toml --extra calibrate --group build --constraints requirements/run.txt --output-file requirements/calibrate.txt
	$(COMPILE) pyproject.toml --extra spark --group build --constraints requirements/run.txt --output-file requirements/spark.txt
	$(COMPILE) pyproject.toml --extra otel --extra calibrate --group dev --constraints requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --group fuzz --constraints requirements/run.txt --output-file requirements/fuzz.txt
	$(COMPILE) pyproject.toml --group bench --constraints requirements/run.txt --output-file requirements/bench.txt
	$(COMPILE) pyproject.toml --group audit --constraints requirements/dev.txt --output-file requirements/audit.txt

audit: .venv/audit.stamp ## Ask the advisories' service whether a locked library has a known hole; needs the internet
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/run.txt $(ARGS)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/otel.txt $(ARGS)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/calibrate.txt $(ARGS)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/spark.txt $(ARGS)

clean: ## Remove the virtual environment and what tools left behind; never the data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment holds absolute paths: one that was moved with its tree, or whose Python has gone, is made anew.
ifneq ($(shell .venv/bin/python -c pass 2>/dev/null && cat .venv/place.stamp),$(CURDIR))
.venv/place.stamp: remake
endif

.venv/place.stamp:
	@sh tools/make_venv.sh .venv $(PYTHON)
	@echo '$(CURDIR)' > $@

.venv/run.stamp: requirements/run.txt .venv/place.stamp
	@echo "Installing what Roadlens needs (once; about a minute)"
	@$(PIP) install --quiet --require-hashes --requirement requirements/run.txt
	@touch $@

.venv/project.stamp: pyproject.toml .venv/run.stamp
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/project.stamp
	@echo "Installing what its tests and checks need"
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv/fuzz.stamp: requirements/fuzz.txt .venv/dev.stamp
	@echo "Installing what chooses odd bytes"
	@$(PIP) install --quiet --require-hashes --requirement requirements/fuzz.txt
	@touch $@

.venv/spark.stamp: requirements/spark.txt .venv/dev.stamp
	@echo "Installing Spark"
	@$(PIP) install --quiet --require-hashes --no-build-isolation --requirement requirements/spark.txt
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/dev.stamp
	@echo "Installing what Roadlens is compared with"
	@$(PIP) install --quiet --require-hashes --requirement requirements/bench.txt
	@touch $@

.venv/audit.stamp: requirements/audit.txt .venv/dev.stamp
	@$(PIP) install --quiet --require-hashes --requirement requirements/audit.txt
	@touch $@
