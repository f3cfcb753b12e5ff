# Everything is installed into .venv by itself. Needed beforehand: make, and Python 3.11 or newer.
#
#   make demo    the demonstration archive, and the chat on http://127.0.0.1:7860
#   make test    every test that takes less than a minute or so
#   make lint    ruff, its formatter, mypy
#   make bench   the tests marked slow: fuzzing at full length, large indexes

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# The first Python that runs and is new enough; a name on the PATH may be a shim with nothing behind it.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Processes that the tests are shared out to: one drives the browser meanwhile. See tests/conftest.py.
JOBS ?= 2
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint format bench chromium orthanc tesseract postgres vllm clean

demo: $(VENV)/.base
	$(BIN)/wardround demo

test: $(VENV)/.dev chromium orthanc tesseract postgres vllm
	$(BIN)/python -m pytest --numprocesses $(JOBS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy assistant

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev chromium orthanc tesseract postgres vllm
	$(BIN)/python -m pytest -m slow --timeout 0 || [ $$? -eq 5 ] # 5: no test is marked slow

# The stamps are older than pyproject.toml only after it has changed, so a second start installs nothing.
$(VENV)/.base: pyproject.toml | $(BIN)/python
	@echo "Installing Wardround into $(VENV) (about two minutes the first time) ..."
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "Installing Wardround and what its tests need into $(VENV) (about two minutes the first time) ..."
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/.base $@

# Debian's Python leaves venv out; its package is python3-venv.
$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed: install it, or say where: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update --quiet --quiet && apt-get install --yes --quiet --quiet python3-venv; } \
		|| { echo "$(PYTHON) has no venv module: install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The browser tests drive Debian's Chromium; without one they skip and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing chromium for the browser tests ..." \
		&& apt-get update --quiet --quiet \
		&& DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends chromium >/dev/null; } \
	|| echo "No chromium: the browser tests will be skipped (on Debian: apt-get install chromium)"

# The PACS that the tests fetch studies from, on a port of their own: RUNLEVEL keeps Debian from starting a service.
orthanc:
	@command -v Orthanc >/dev/null && [ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Orthanc for the PACS tests ..." \
		&& apt-get update --quiet --quiet && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --quiet --quiet --no-install-recommends orthanc orthanc-dicomweb >/dev/null; } \
	|| echo "No Orthanc: the PACS tests will be skipped (on Debian: apt-get install orthanc orthanc-dicomweb)"

# Text recognition of scanned pages, an extra of the product.
tesseract:
	@command -v tesseract >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Tesseract for the OCR tests ..." \
		&& apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --quiet --quiet --no-install-recommends tesseract-ocr tesseract-ocr-deu >/dev/null; } \
	|| echo "No Tesseract: the OCR tests will be skipped (on Debian: apt-get install tesseract-ocr)"

# The tests start a server of their own, on a free port. Debian's package would make a cluster and start a service;
# its common part comes first, so that it can be told not to.
postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing PostgreSQL for the database tests ..." \
		&& apt-get update --quiet --quiet && export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		&& apt-get install --yes --quiet --quiet --no-install-recommends postgresql-common >/dev/null \
		&& sed -i -E 's/^#?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
		&& apt-get install --yes --quiet --quiet --no-install-recommends postgresql >/dev/null; } \
	|| echo "No PostgreSQL: the database tests will be skipped (on Debian: apt-get install postgresql)"

# A real vLLM on the CPU and a tiny vision-language model, outside the checkout; see the script.
vllm: $(BIN)/python
	@$(BIN)/python tests/serving/vllm_environment.py || true

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
