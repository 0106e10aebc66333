# make run, make test: all there is to setting up. PORT and VAR_DIR (database, files, keys, caches) keep copies apart.
PORT ?= 8000
VAR_DIR ?= var
export PORT VAR_DIR

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
TO_RUN := $(VENV)/installed-to-run
TO_WORK := $(VENV)/installed-to-work
PO := portal/translations/zh_CN/LC_MESSAGES/messages.po
# Where Babel looks, by its own name of zh_CN.
MO := $(subst zh_CN,zh_Hans_CN,$(PO:.po=.mo))
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run test demo bench bom diagrams messages lint lint-ruff lint-format lint-mypy lint-templates format clean

help:
	@echo 'make run       start the portal on http://127.0.0.1:$(PORT), with demo data when its database is empty'
	@echo 'make test      the whole test suite (ARGS="tests/gate -k slip" for a part of it, JOBS=4 for more at once)'
	@echo 'make demo      a client'\''s life from contract to exit slip, without a person'
	@echo 'make bench     figures as JSON lines (ONLY=name for one of them)'
	@echo 'make diagrams  docs/lifecycles.md anew from the tables'
	@echo 'make messages  bring the catalogue of Chinese texts up to date'
	@echo 'make lint      ruff, mypy, djlint; make format puts the Python code into shape'
	@echo 'make bom       build/bom.json: what the portal runs on, as CycloneDX'
	@echo 'make clean     remove what was installed and compiled, never $(VAR_DIR)'

run: $(TO_RUN) $(MO)
	@$(PY) -m portal run

demo: $(TO_RUN) $(MO)
	@$(PY) -m portal.demo.scenario

bench: $(TO_WORK) $(MO)
	@$(PY) -m tests.bench $(ONLY)

test: $(TO_WORK) $(MO)
	$(PY) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

diagrams: $(TO_WORK)
	@$(PY) -m tools.diagrams

messages: $(TO_WORK)
	@$(PY) -m tools.catalogue

bom: $(TO_RUN)
	@$(PY) -m tools.bom

lint: lint-ruff lint-format lint-mypy lint-templates

lint-ruff: $(TO_WORK)
	$(VENV)/bin/ruff check .

lint-format: $(TO_WORK)
	$(VENV)/bin/ruff format --check .

lint-mypy: $(TO_WORK)
	$(VENV)/bin/mypy

lint-templates: $(TO_WORK)
	$(VENV)/bin/djlint --lint --quiet templates

format: $(TO_WORK)
	$(VENV)/bin/ruff check --fix --quiet .
	$(VENV)/bin/ruff format --quiet .

clean:
	rm -rf $(VENV) $(MO) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find config.py portal tests tools migrations -name __pycache__ -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version)'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo 'Python lacks venv: on Debian, apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(TO_RUN): requirements.txt requirements-static.txt | $(PY)
	@echo 'Installing what the portal runs on, once (about half a minute) ...' >&2
	@$(PIP_INSTALL) -r requirements.txt
	@$(PIP_INSTALL) --no-deps -r requirements-static.txt
	@touch $@

$(TO_WORK): requirements-dev.txt requirements-static.txt | $(PY)
	@echo 'Installing what the portal and its tests run on, once (about a minute) ...' >&2
	@$(PIP_INSTALL) -r requirements-dev.txt
	@$(PIP_INSTALL) --no-deps -r requirements-static.txt
	@touch $(TO_RUN) $@

$(MO): $(PO) | $(TO_RUN)
	@$(PY) -m tools.catalogue --compile
