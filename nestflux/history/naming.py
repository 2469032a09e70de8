"""Names of SQL migrations: four digits and a codename."""

from __future__ import annotations

import random
import re
from collections.abc import Collection

_ADJECTIVES = """
    amazing astonishing bold brave bright calm careful clever cosmic curious daring
    dashing eager fearless friendly gentle golden graceful happy hidden honest jolly keen
    lively loyal lucky magical mighty modern noble patient polite proud quick quiet rapid
    secret shiny silent smart solid spotty steady strong sturdy swift tidy tough useful
    warm wise wonderful young
""".split()
_HEROES = """
    agent archer aurora beacon captain centurion comet corsair crusader defender dragonfly
    falcon firefly gargoyle gladiator guardian harrier hawk hurricane inspector juggernaut
    kestrel lightning mariner marvel maverick meteor mockingbird navigator nightingale
    nova oracle paladin pathfinder phantom phoenix pilot pioneer quasar ranger raven
    rocketeer sentinel shadow sparrow spiderman starfox storm titan tornado tracker
    trailblazer valkyrie vanguard voyager wanderer warlock watchman wolf
""".split()
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,58}")


def codename(taken: Collection[str] = ()) -> str:
    """An adjective and a hero that no name in ``taken`` ends with: ``amazing_spiderman``."""
    while True:
        name = f"{random.choice(_ADJECTIVES)}_{random.choice(_HEROES)}"  # noqa: S311 not a secret
        if not any(other.endswith(name) for other in taken):
            return name


def numbered(number: int, name: str) -> str:
    """``4, "amazing_spiderman"`` → ``0004_amazing_spiderman``."""
    return f"{number:04d}_{name}"


def is_valid(name: str) -> bool:
    """May ``name`` be given with ``--name``? Lower case, digits and underscores, 59 at the most."""
    return _NAME.fullmatch(name) is not None
