# Thin over scripts/, which need no make.
.DEFAULT_GOAL := help
.PHONY: help run stop test lint typecheck faults soak realworld benchmark reliability-report

help:  ## this list
	@sed -n 's/^\([a-z-]*\):  *## \(.*\)/  make \1\t\2/p' Makefile | expand -t 28

run:  ## set everything up and serve the site on 127.0.0.1:8000 (PORT=… for another)
	@scripts/run

stop:  ## stop this checkout's database servers
	@scripts/server stop

test:  ## set everything up, then lint, types, and tests on MariaDB and on MySQL
	@scripts/test

lint:  ## ruff
	@scripts/check lint

typecheck:  ## mypy, strict
	@scripts/check types

faults:  ## the whole fault walk, on MariaDB and then on MySQL: hours
	@NESTFLUX_FAULTS=all scripts/test mariadb tests/faults
	@NESTFLUX_FAULTS=all scripts/test mysql tests/faults

soak:  ## random edits, deploys, deaths and branches for SOAK_MINUTES (60) a server
	@SOAK_MINUTES=$${SOAK_MINUTES:-60} scripts/test mariadb tests/soak -s
	@SOAK_MINUTES=$${SOAK_MINUTES:-60} scripts/test mysql tests/soak -s

realworld:  ## all real packages against Django's own migrate, on MariaDB and on MySQL: half an hour
	@REALWORLD_WHOLE=1 scripts/test mariadb tests/realworld
	@REALWORLD_WHOLE=1 scripts/test mysql tests/realworld

benchmark:  ## how fast, beside Django's migrate: docs/performance.md (BENCHMARK="--help")
	@scripts/benchmark/run $(BENCHMARK)

reliability-report:  ## the whole fault walk, and all figures into docs/reliability.md
	@code=0; $(MAKE) --no-print-directory faults || code=$$?; \
	python3 -m scripts.reliability_report && exit $$code
