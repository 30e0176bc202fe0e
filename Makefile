# make run    the app, open on the demonstration library (LIBRARY=… for yours)
# make test   prove the program            make check  format, lint, types, tests
# make lock   renew requirements.lock      make bench  the quick ones of docs/figures.md
# A machine without a GPU needs no CUDA packages: where your pip knows of CPU wheels of torch, they are taken;
# otherwise name such an index with PIP_ARGS.

PYTHON ?= python3
LIBRARY ?= guidelines
INDEX ?= index
PIP_ARGS ?=
BIN := .venv/bin
export HF_HUB_OFFLINE = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test check lint types lock bench faults audit-faults audit-replays fuzz vllm-test serve-fuzz clean

# torch first and alone: once it is there, nothing else asks for another build of it
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "RagMed needs Python 3.11 or newer; name one with PYTHON=…"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (the first time takes a few minutes) …"
	@$(BIN)/python -m pip install --quiet $(PIP_ARGS) $$(grep '^torch==' requirements.lock)
	@$(BIN)/python -m pip install --quiet $(PIP_ARGS) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps $(PIP_ARGS) --editable .
	@touch $@

run: .venv/installed
	@$(BIN)/ragmed index --library $(LIBRARY) --index $(INDEX) --yes || test $$? -eq 1  # 1: some files were refused
	@$(BIN)/ragmed app --library $(LIBRARY) --index $(INDEX)

# A worker for each core, at most four (each may load torch and a browser); a file of tests stays in one worker, and the
# files keep their order. One test alone: .venv/bin/python -m pytest tests/…
test: .venv/installed
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: lint types test

lint: .venv/installed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: .venv/installed
	@$(BIN)/mypy

lock: .venv/installed
	@$(BIN)/python tools/lock.py

bench: .venv/installed
	@$(BIN)/python benchmarks/ingest.py
	@$(BIN)/python benchmarks/engines.py
	@$(BIN)/python benchmarks/query.py --chunks 10000 100000
	@$(BIN)/python benchmarks/start.py

# 20,000 damaged files through the readers, and every bomb under the default limits (a few minutes)
fuzz: .venv/installed
	@$(BIN)/python -m tests.corpus.mutants --files 20000 --seed 7
	@$(BIN)/python -m tests.corpus.bombs_at_defaults

# publish, rollback and gc with 20,000 faults (half an hour)
faults: .venv/installed
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.index.faults --runs 20000 --seed 7

# the log of answers: 20,000 flipped bits, every entry deleted, swapped and cut off, 10,000 honest runs, killed writers
# (about 45 minutes)
audit-faults: .venv/installed
	@$(BIN)/python -m tests.audit.faults --flips 20000 --runs 10000 --seed 7

# 200 answers over the demonstration library, asked again in a new process (two minutes)
audit-replays: .venv/installed
	@$(BIN)/python -m tests.audit.replays --questions 200

# the served engine, and exported adapters, against a real vLLM on the CPU, in an environment of its own in .cache/vllm (3.5 GB, the first time)
vllm-test: .venv/installed
	@PIP_ARGS="$(PIP_ARGS)" $(BIN)/python -m tests.generate.vllm_server

# schemathesis for longer against the server's own description, with and without a key (ten minutes)
serve-fuzz: .venv/installed
	@$(BIN)/python -m tests.serve.fuzz 300

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
