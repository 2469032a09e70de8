"""docs/settings.md names every key and variable that there is, with its default."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields

from nestflux import conf
from tests.docs.documents import REPOSITORY

TEXT = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")


def first_cells() -> dict[str, str]:
    """The first cell of each row of a table, and the one behind it."""
    rows = re.findall(r"^\| (`.+?) \| (.+?) \|", TEXT, flags=re.MULTILINE)
    return {name: second for cell, second in rows for name in re.findall(r"`(\w+)`", cell)}


def test_every_key_with_its_default() -> None:
    told = first_cells()

    assert told.keys() >= conf._KEYS
    assert told["SHADOW_NAME"] == f'`"{conf.Configuration.shadow_name}"`'
    assert told["SHADOW_COLLATION"] == f'`"{conf.Configuration.shadow_collation}"`'


def test_every_limit_of_sizes_with_its_default() -> None:
    told = first_cells()

    for limit in fields(conf.SizeLimits):
        assert told[limit.name.upper()] == f"{limit.default:g}"


def test_every_key_of_replicas_with_its_default() -> None:
    told = first_cells()

    for key in fields(conf.Replicas):
        default = key.default if key.default is not MISSING else ()
        given = f"{default:g}" if isinstance(default, float | int) else f'`"{default}"`'
        assert told[key.name.upper()] == (given if default else "none")


def test_every_variable_of_the_site() -> None:
    source = (REPOSITORY / "nestflux" / "settings.py").read_text(encoding="utf-8")
    read = re.findall(r'env\.\w+\(\s*f?"([A-Z_]+)"', source)

    assert len(read) > 10
    assert set(read) <= first_cells().keys()
