"""Rows for any project, made from its models. What an app's ``seeds.py`` imports stands here.

::

    from nestflux.seeding import Fields, seeds, shares, zipf

    @seeds(Post)
    def posts() -> Fields:
        return {"status": shares({"draft": 1, "published": 8}), "author": zipf()}
"""

from __future__ import annotations

from nestflux.seeding.draws import Row
from nestflux.seeding.factories import from_factory
from nestflux.seeding.generators import (
    Generator,
    choose,
    constant,
    days,
    decimals,
    each,
    moments,
    shares,
    uuids,
    whole,
)
from nestflux.seeding.registry import Fields, generates, seeds, uniform, zipf
from nestflux.seeding.texts import text

__all__ = [
    "Fields",
    "Generator",
    "Row",
    "choose",
    "constant",
    "days",
    "decimals",
    "each",
    "from_factory",
    "generates",
    "moments",
    "seeds",
    "shares",
    "text",
    "uniform",
    "uuids",
    "whole",
    "zipf",
]
