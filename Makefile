# `make report` and `make test` need only Python 3.11 or newer and make; both set up what they use.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

.PHONY: report pdf serve test unit check format clean axe bench lighthouse zensical

report: .venv/report  ## data, figures, pages, site
	$(RUN) -m generator build

pdf: .venv/report  ## the chapters of site/ as one PDF; needs Chromium
	$(RUN) -m generator edition pdf

serve: .venv/report  ## the report at http://127.0.0.1:8000, rebuilt as its pages change
	$(BIN)/mkdocs serve

# Three at a time even on two cores: tests of pages and of the probe spend part of their time waiting.
test: .venv/test  ## all tests; those of pages in a browser need Chromium
	$(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

unit: .venv/test  ## the tests that neither build a site nor compute from an archive: under a minute
	$(RUN) -m pytest -n auto -m "not site and not slow"

check: .venv/test  ## lint, format, types, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --no-progress --quiet .github/workflows

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

axe: .cache/npm/axe  ## what the tests of accessibility need from npm

lighthouse: .venv/test .cache/npm/lighthouse  ## Lighthouse on site/, its figures into docs/quality.md; needs Chromium
	$(RUN) benchmarks/lighthouse.py --into docs/quality.md

bench: .venv/test  ## time and memory by size of the archive, into docs/benchmarks.md; an hour, and 20 GB of disk
	$(RUN) -m pip install --quiet --disable-pip-version-check polars
	$(RUN) benchmarks/scaling.py --into docs/benchmarks.md

zensical: .venv/report .cache/zensical/bin/zensical  ## tries the successor of MkDocs and Material on the same files
	$(RUN) benchmarks/zensical.py

clean:  ## everything that can be made again; the archive stays
	rm -rf .venv .cache site site_src/index.md site_src/report site_src/data site_src/assets site_src/charts public

# Each stamp is written when its set-up is complete, so an interrupted one is done again.
.venv/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %s; say which with make PYTHON=…" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(RUN) -m pip --version > $@

.venv/report: .venv/python pyproject.toml requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/test: .venv/report requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	touch $@

# Tools of the tests from npm; each is one pinned version, and none of them is part of the site.
.cache/npm/axe:
	npm install --prefix .cache/npm --no-save --no-audit --no-fund axe-core@4.14.1
	touch $@

.cache/npm/lighthouse: .cache/npm/axe
	npm install --prefix .cache/npm --no-save --no-audit --no-fund axe-core@4.14.1 lighthouse@12.8.2
	touch $@

.cache/zensical/bin/zensical:
	$(PYTHON) -m venv .cache/zensical
	.cache/zensical/bin/python -m pip install --quiet --disable-pip-version-check zensical
