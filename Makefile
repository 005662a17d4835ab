# From a bare Python >= 3.11: `make demo` shows the whole way, `make test` runs the suite, `make test-fast` most of it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

CORPORA ?=
CORPORA ?=
RESULTS := benchmarks
OPTIONS ?=
MODELS := src/tiankong/models
TOOLS := .venv-release
UPGRADE ?=
SENTENCE := 外套做工__，穿着很暖和

# A file's tests stay in one worker, with its fixtures; tests/conftest.py puts those that take longest first.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --quiet --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-fast test-slow check benchmark model reference install dist lock hooks clean

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 demo"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (torch is large, this takes a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,serve,excel,icu,jieba,dev]'
	@touch $@

install: $(VENV)/installed

# The benchmark's peers. KenLM is built from source: without a compiler and cmake it is left out, and named as not run.
$(VENV)/peers: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[benchmark]' \
		|| echo "the benchmark's peers can't be installed here: they are left out"
	@touch $@

demo: install
	$(BIN)/tiankong fill --top-k 5 '外套做工__，穿着很暖和'
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	$(BIN)/tiankong sample $(DEMO)/reviews.txt
	$(BIN)/tiankong prepare $(DEMO)/reviews.txt -o $(DEMO)/prepared --force --quiet
	$(BIN)/tiankong train $(DEMO)/prepared -o $(DEMO)/model --preset small --force
	$(BIN)/tiankong evaluate --model $(DEMO)/model --prepared $(DEMO)/prepared
	@for sentence in '外套做工__，穿着很暖和' '物流__，第二天就到了' '给__买的，他很喜欢' '屏幕很__，看电影很舒服' '客服态度__，以后不会再来了'; do \
		echo; echo "$$sentence"; $(BIN)/tiankong fill --model $(DEMO)/model --top-k 5 "$$sentence" || exit 1; done

# The tests of the benchmark's peers run where those are installed: after `make benchmark`, and always in CI.
test: $(VENV)/$(if $(CI),peers,installed)
	$(PYTEST) -m 'not slow'

# What `make test` leaves out: the longer programs of benchmarks/, run whole on little text.
test-slow: $(VENV)/peers
	$(PYTEST) -m slow

# Everything that trains no model, starts no browser and no server, and builds no package.
test-fast: install
	$(PYTEST) -m 'not trains and not browser and not service and not builds and not slow'

# make benchmark CORPORA="reviews.txt more.zip" [OPTIONS="--epochs 2"]: everything that RESULTS.md shows, from text
# files on. After a stop, the same command continues.
benchmark: $(VENV)/peers
	@test -n "$(CORPORA)" || { echo 'name the files of texts: make benchmark CORPORA="reviews.txt more.zip"'; exit 2; }
	$(BIN)/tiankong prepare $(CORPORA) --column review -o $(RESULTS)/prepared --force
	$(BIN)/tiankong benchmark $(RESULTS)/prepared -o $(RESULTS) $(OPTIONS)
	$(BIN)/python benchmarks/answering.py $$(test -d $(RESULTS)/softmax/model && echo --original $(RESULTS)/softmax/model) --page $(RESULTS)/RESULTS.md
	$(BIN)/python benchmarks/serving.py --soak 600 --page $(RESULTS)/RESULTS.md

# make model CORPORA=FOLDER: the built-in models, from the folder of the corpora that `tiankong corpus` lists. The
# classifier is fine-tuned from a small network that fills blanks, so that it classifies thousands of texts a second.
model: install
	@test -n "$(CORPORA)" || { echo 'name the folder of the corpora: make model CORPORA=FOLDER'; exit 2; }
	$(BIN)/tiankong prepare $(CORPORA)/goods_zh.txt $(CORPORA)/online_shopping_10_cats.zip --column review \
		--name-label 1=好评 --name-label 0=差评 -o build/prepared --force
	$(BIN)/tiankong train build/prepared -o build/reviews-zh --epochs 12 --force
	$(BIN)/tiankong export build/reviews-zh --prepared build/prepared -o $(MODELS)/reviews-zh --force
	$(BIN)/tiankong train build/prepared -o build/reviews-zh-small --preset small --negatives 2048 --force
	$(BIN)/tiankong train build/prepared -o build/reviews-zh-sentiment --task classify --from build/reviews-zh-small \
		--epochs 4 --force
	$(BIN)/tiankong export build/reviews-zh-sentiment --prepared build/prepared -o $(MODELS)/reviews-zh-sentiment --force
	$(BIN)/python recipes/general.py zh $(CORPORA) build/zh $(MODELS)/zh
	$(BIN)/python recipes/general.py en $(CORPORA) build/en $(MODELS)/en

# The command-line and Python reference in docs/, from the program itself.
reference: install
	$(BIN)/python tools/reference.py

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tools for releases and for the hooks, away from what the program needs.
$(TOOLS)/installed: requirements/release.txt
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Builds the sdist, and the wheel from it; then installs the wheel alone into a new environment and fills a blank with
# the built-in model. Python isolates itself (-I) from this folder, so that nothing comes from src.
dist: $(TOOLS)/installed
	rm -rf build dist .venv-dist
	$(TOOLS)/bin/python -m build
	$(TOOLS)/bin/twine check --strict dist/*
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python -I -m pip install --quiet --disable-pip-version-check --constraint constraints.txt dist/*.whl
	.venv-dist/bin/python -I -m tiankong --version
	.venv-dist/bin/python -I -m tiankong fill '$(SENTENCE)'
	rm -rf .venv-dist

# The locked requirements, with hashes, at the versions of constraints.txt: run it whenever that file or pyproject.toml
# changes. UPGRADE=--upgrade raises the release tools.
LOCK := $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'
lock: $(TOOLS)/installed
	$(LOCK) pyproject.toml --constraint constraints.txt --extra serve --output-file requirements/serve.txt
	$(LOCK) pyproject.toml --constraint constraints.txt --extra train --excludes requirements/unlocked.txt \
		--output-file requirements/train.txt
	$(LOCK) $(UPGRADE) requirements/release.in --output-file requirements/release.txt

hooks: install $(TOOLS)/installed
	$(TOOLS)/bin/pre-commit install --hook-type pre-commit --hook-type commit-msg

clean:
	rm -rf $(VENV) $(TOOLS) $(DEMO) .venv-base .venv-dist build dist
