# Thin over scripts/, which need no make.
.DEFAULT_GOAL := help
.PHONY: help run stop test lint typecheck

help:  ## this list
	@sed -n 's/^\([a-z]*\):  *## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

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
