# make demo   install what is missing, run the main job on the built-in Internet, say where the report is
# make test   the same set-up plus test dependencies, then the whole suite (lab included)
# make lint   ruff, mypy, import-linter
# make messages   the texts of the source into the Japanese catalogue (docs/languages.md)
# make bench  this tool beside nmap and masscan, in the lab
# make setup  leaves .venv/bin/v6expose ready; running any target again is quick and changes nothing that is in place

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= /usr/bin/python3
VENV := .venv
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
POLICY := /usr/sbin/policy-rc.d
# Debian packages by the command or file that proves them there; installing one starts no service (policy-rc.d)
RUN_APT := nmap:nmap nft:nftables ip:iproute2 setpriv:util-linux
TEST_APT := pg_lsclusters:postgresql promtool:prometheus atk6-firewall6:thc-ipv6 blackhole6:ipv6toolkit npm:npm systemd-analyze:systemd \
  /usr/share/fonts/opentype/ipafont-gothic/ipag.ttf:fonts-ipafont-gothic /usr/share/doc/libpangoft2-1.0-0:libpangoft2-1.0-0 \
  ip6tables-legacy:iptables ufw:ufw knotd:knot ddclient:ddclient nsupdate:bind9-dnsutils sysctl:procps sshd:openssh-server smbd:samba nginx:nginx-light chromium:chromium sudo:sudo
BENCH_APT := masscan:masscan

.PHONY: setup setup-test setup-bench demo test lint bench messages clean

# need_apt PAIRS: apt-get install the packages whose command is missing
define need_apt
	@missing=; export PATH="$$PATH:/usr/sbin:/sbin"; \
	for pair in $(1); do command -v "$${pair%%:*}" >/dev/null || [ -e "$${pair%%:*}" ] || missing="$$missing $${pair#*:}"; done; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then \
	  echo "installing Debian packages:$$missing"; \
	  $(SUDO) apt-get update -qq; \
	  if [ ! -e $(POLICY) ]; then \
	    printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $(POLICY) >/dev/null; $(SUDO) chmod 755 $(POLICY); \
	    trap '$(SUDO) rm -f $(POLICY)' EXIT; \
	  fi; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

setup: $(VENV)/.setup

$(VENV)/.setup: pyproject.toml
	$(call need_apt,$(RUN_APT))
	@[ -x $(VENV)/bin/python ] || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

setup-test: $(VENV)/.setup-test

$(VENV)/.setup-test: $(VENV)/.setup pyproject.toml
	$(call need_apt,$(RUN_APT) $(TEST_APT))
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --group test --group lint
	@npm ci --prefix tests/npm --no-audit --no-fund --loglevel=error
	@touch $@

setup-bench: setup
	$(call need_apt,$(RUN_APT) $(BENCH_APT))

demo: setup
	@$(VENV)/bin/v6expose demo

test: setup-test
	@$(VENV)/bin/python -m pytest -n 3

lint: setup-test
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: setup-bench setup-test
	@$(VENV)/bin/python bench/sweep.py
	@$(VENV)/bin/python bench/attribution.py
	@$(VENV)/bin/python bench/batteries.py
	@$(VENV)/bin/python bench/report.py
	@$(VENV)/bin/python bench/store.py 1000

PO := scanner/language/locale/ja/LC_MESSAGES/v6expose
messages: setup-test
	@$(VENV)/bin/pybabel -q extract -F babel.cfg --no-default-keywords -k say -k say_many:1,2 -k mark -k _ -k ngettext:1,2 --no-location --sort-output --project v6expose -o messages.pot .
	@$(VENV)/bin/pybabel -q update -i messages.pot -o $(PO).po -l ja --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 120
	@$(VENV)/bin/pybabel -q compile -i $(PO).po -o $(PO).mo

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
