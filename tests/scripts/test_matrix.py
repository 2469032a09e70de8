"""What CI and pre-commit run is what `pyproject.toml` and `requirements-dev.txt` promise."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from tests.scenario import REPOSITORY

Pair = tuple[str, str]  # Python, Django


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def promised() -> set[Pair]:
    """Each Python of the classifiers with each Django that runs on it."""
    classifiers = tomllib.loads(text("pyproject.toml"))["project"]["classifiers"]
    pythons, series = (
        [name.removeprefix(kind) for name in classifiers if re.fullmatch(rf"{kind}\d+\.\d+", name)]
        for kind in ("Programming Language :: Python :: ", "Framework :: Django :: ")
    )
    assert pythons
    assert series
    return {pair for pair in product(pythons, series) if runs(*pair)}


def runs(python: str, django: str) -> bool:
    """Django 6.0 and later need Python 3.12."""
    return int(django.split(".")[0]) < 6 or int(python.split(".")[1]) >= 12


def of_github() -> Iterator[Pair]:
    yield from re.findall(r'^ +- \{ python: "([\d.]+)", django: "([\d.]+)" \}$', text(GITHUB), re.M)


def of_gitlab() -> Iterator[Pair]:
    for pythons, series in re.findall(r"PYTHON: \[(.+)\]\n +DJANGO: \[(.+)\]", text(GITLAB)):
        yield from product(re.findall(r"[\d.]+", pythons), re.findall(r"[\d.]+", series))


GITHUB, GITLAB = ".github/workflows/ci.yml", ".gitlab-ci.yml"


@pytest.mark.parametrize("matrix", [of_github, of_gitlab])
def test_ci_runs_each_python_with_each_django(matrix: Callable[[], Iterator[Pair]]) -> None:
    found = list(matrix())

    assert set(found) == promised()
    assert len(found) == len(promised())


@pytest.mark.parametrize("name", [GITHUB, GITLAB])
def test_ci_runs_what_a_developer_runs(name: str) -> None:
    assert re.findall(r"^ +- (?:run: )?(\.ci/run)$", text(name), re.M) == [".ci/run"]
    assert "make test" in text(".ci/run")


def test_the_scripts_know_the_same_series() -> None:
    series = {django for _, django in promised()}

    [line] = re.findall(r"^    '' \| (.+)\) ;;$", text("scripts/venv"), re.M)
    assert set(line.split(" | ")) == series


def test_the_oldest_python_is_what_pip_knows() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    oldest, *_ = sorted({python for python, _ in promised()}, key=lambda name: int(name[2:]))

    assert project["project"]["requires-python"] == f">={oldest}"
    assert project["tool"]["mypy"]["python_version"] == oldest
    assert project["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_readme_says_the_same() -> None:
    pythons = sorted({python for python, _ in promised()}, key=lambda name: int(name[2:]))
    series = sorted({django for _, django in promised()})

    assert f"Python {pythons[0]} to {pythons[-1]}" in text("README.md")
    assert f"Django {series[0]} to {series[-1]}" in text("README.md")


def test_pre_commit_has_the_ruff_that_is_pinned() -> None:
    [pinned] = re.findall(r"^ruff==(.+)$", text("requirements-dev.txt"), re.M)
    [revision] = re.findall(
        r"ruff-pre-commit\n +rev: v(.+)$", text(".pre-commit-config.yaml"), re.M
    )

    assert revision == pinned


def test_pre_commit_checks_types_as_make_does() -> None:
    assert "scripts/check types" in text(".pre-commit-config.yaml")
    assert "scripts/check types" in text("Makefile")
