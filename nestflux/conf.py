"""The ``NESTFLUX`` setting, typed and with its defaults.

================  ================================  =============================================
key               default                           meaning
================  ================================  =============================================
DIRECTORY         ``BASE_DIR / "migrations_sql"``   where the histories are
FAMILIES          the family of the database        which histories ``db_generate`` records
SHADOWS           ``{}``                            family -> a ``DATABASES`` entry of a server to
                                                    record on; the database's own server serves
                                                    its own family
SHADOW_NAME       ``"nestflux_shadow"``             what the names of scratch schemas begin with
SHADOW_COLLATION  ``"utf8mb4_esperanto_ci"``        their default collation: one that no column
                                                    states (both families have it), so that what a
                                                    column has from its schema differs from what
                                                    its model says
BACKUPS           ``BASE_DIR / "backups"``          where a run on a terminal puts the dumps that it
                                                    takes before data is lost
START_COMMANDS    ``{}``                            a server's socket or host -> the command that
                                                    starts it, said where it does not answer
DEPLOY_ORDER      ``True``                          whether recording measures which goes first, a
                                                    file or the code that comes with it
LOCK              ``{}``                            how long a deploy waits for another and for a
                                                    table: ``LOCK_SETTINGS``
RULES             ``{}``                            schema rule -> its severity (``"error"``,
                                                    ``"warning"``, ``"advice"``) or ``"off"``;
                                                    ``"*"`` for all that are not named
SIZES             ``SizeLimits()``                  when a table is too large to be written anew
PIN_VERDICTS      ``False``                         are ALGORITHM= and LOCK= of the verdicts written
                                                    into statements that change live tables?
PREFLIGHT         ``PreflightLimits()``             how much is asked of the rows before a run
REPLICAS          ``Replicas()``                    which databases are copies of which, and when a
                                                    read may go to one
================  ================================  =============================================
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS

from nestflux.exceptions import Misconfigured
from nestflux.families import FAMILIES as FAMILIES
from nestflux.history.folder import Folder

_KEYS = {
    "DIRECTORY",
    "FAMILIES",
    "SHADOWS",
    "SHADOW_NAME",
    "SHADOW_COLLATION",
    "BACKUPS",
    "DEPLOY_ORDER",
    "LOCK",
    "START_COMMANDS",
    "RULES",
    "SIZES",
    "PREFLIGHT",
    "PIN_VERDICTS",
    "REPLICAS",
}

_LONGEST_SHADOW_NAME = 55  # of a server's 64, less _ and eight digits
_LONGEST = 31536000  # the servers' own limit of lock_wait_timeout: a year


def seconds(value: object) -> float:
    """A positive, finite number of seconds. Raises ValueError."""
    try:
        number = positive(value)
    except ValueError:
        number = math.inf
    if number > _LONGEST:
        raise ValueError(f"{value!r} is not a number of seconds between 0 and a year")
    return number


def positive(value: object) -> float:
    """A positive, finite number. Raises ValueError."""
    try:
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:  # NaN is neither
        raise ValueError(f"{value!r} is not a positive number")
    return number


def whole_seconds(value: object) -> int:
    """A positive whole number of seconds. Raises ValueError."""
    number = seconds(value)
    if not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number of seconds")
    return int(number)


def count(value: object) -> int:
    """A whole number from 1 on. Raises ValueError."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{value!r} is not a whole number from 1 on")
    return int(text)


def none_or_more(value: object) -> int:
    """A whole number from 0 on. Raises ValueError."""
    return 0 if str(value) == "0" else count(value)


# The keys of ``NESTFLUX["LOCK"]``, each with what reads its value.
LOCK_SETTINGS: Mapping[str, Callable[[object], float]] = {
    "TIMEOUT": seconds,
    "HEARTBEAT": seconds,
    "STALE_AFTER": seconds,
    "DDL_TIMEOUT": whole_seconds,
    "DDL_TRIES": count,
    "DDL_PAUSE": seconds,
    "DDL_LONGEST_PAUSE": seconds,
}


# What ``NESTFLUX["RULES"]`` may say of a rule.
RULE_SEVERITIES = ("error", "warning", "advice", "off")


@dataclass(frozen=True)
class SizeLimits:
    """``NESTFLUX["SIZES"]``, its keys in capitals: how fast a server copies a table, row by row, or
    rebuilds it, with sorted indexes, in megabytes a second; and from when on that is a finding:
    megabytes of the table, seconds in which those who write to it wait."""

    copy_mb_a_second: float = 20
    rebuild_mb_a_second: float = 50
    large_mb: float = 1000
    blocked_seconds: float = 5


@dataclass(frozen=True)
class PreflightLimits:
    """``NESTFLUX["PREFLIGHT"]``, its keys in capitals: of tables of more than this many rows
    nothing is asked (0: of none), and a question that takes more seconds is given up."""

    rows: float = 1_000_000
    seconds: float = 5


@dataclass(frozen=True)
class Replicas:
    """``NESTFLUX["REPLICAS"]``, its keys in capitals.

    ``of`` names the replicas of each primary, by their aliases in DATABASES. A replica that is
    more than ``max_lag`` seconds behind is left out. A read behind a write of the same user waits
    ``wait`` seconds for a replica that has it, and then goes to the primary; that they wrote is
    remembered for ``remember`` seconds, in ``cookie``, and in ``header`` where it is named, for
    clients without cookies. A replica that failed is asked again after ``pause`` seconds, and so is
    one that is well. ``writable`` are the databases that are migrated though their server is itself
    a replica: of a pair that replicate each other, or one that gets other schemas from elsewhere.
    """

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_lag: float = 5
    wait: float = 0.2
    remember: float = 60
    pause: float = 5
    cookie: str = "nestflux_written"
    header: str = ""
    writable: tuple[str, ...] = ()

    @cached_property
    def aliases(self) -> tuple[str, ...]:
        """All replicas."""
        return tuple(self._primaries)

    def primary_of(self, alias: str) -> str:
        """The primary of a replica; empty for any other alias."""
        return self._primaries.get(alias, "")

    @cached_property
    def _primaries(self) -> Mapping[str, str]:
        return {alias: primary for primary, replicas in self.of.items() for alias in replicas}


@dataclass(frozen=True)
class Configuration:
    """The setting as a value."""

    directory: Path
    backups: Path | None = None
    families: tuple[str, ...] = ()
    shadows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shadow_name: str = "nestflux_shadow"
    shadow_collation: str = "utf8mb4_esperanto_ci"
    deploy_order: bool = True
    lock: Mapping[str, float] = field(default_factory=dict)
    start_commands: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    sizes: SizeLimits = field(default_factory=SizeLimits)
    preflight: PreflightLimits = field(default_factory=PreflightLimits)
    pin_verdicts: bool = False
    replicas: Replicas = field(default_factory=Replicas)


def configuration() -> Configuration:
    """Read the setting. Raises Misconfigured, naming the key; also where the histories would lie by
    default among the packages of a Python environment, as with a product installed by pip."""
    given = dict(getattr(settings, "NESTFLUX", {}))
    if unknown := sorted(given.keys() - _KEYS):
        raise Misconfigured(
            f"NESTFLUX has an unknown key {unknown[0]!r}; known: {sorted(_KEYS)}.",
            then="correct NESTFLUX in the settings",
        )
    base = getattr(settings, "BASE_DIR", None)
    if not given.get("DIRECTORY"):
        _require_a_place_of_its_own(base)
    families = tuple(given.get("FAMILIES", ()))
    shadows = {k: v for k, v in given.get("SHADOWS", {}).items() if v}
    for family in (*families, *shadows):
        if family not in FAMILIES:
            raise Misconfigured(
                f"NESTFLUX names the server family {family!r}; known: {FAMILIES}.",
                then="correct NESTFLUX in the settings",
            )
    return Configuration(
        backups=_backups(given.get("BACKUPS"), base),
        directory=Path(given.get("DIRECTORY") or Path(str(base)) / "migrations_sql"),
        families=families,
        shadows=shadows,
        shadow_name=_shadow_name(given.get("SHADOW_NAME", Configuration.shadow_name)),
        shadow_collation=given.get("SHADOW_COLLATION", Configuration.shadow_collation),
        deploy_order=bool(given.get("DEPLOY_ORDER", Configuration.deploy_order)),
        lock=_lock(given.get("LOCK", {})),
        start_commands={str(k): str(v) for k, v in given.get("START_COMMANDS", {}).items()},
        rules=_rules(given.get("RULES", {})),
        sizes=_sizes(given.get("SIZES", {})),
        preflight=_preflight(given.get("PREFLIGHT", {})),
        pin_verdicts=_truth("PIN_VERDICTS", given.get("PIN_VERDICTS", False)),
        replicas=replicas(),
    )


@cache
def replicas() -> Replicas:
    """``NESTFLUX["REPLICAS"]`` alone, read once: it is asked for at each query. Raises
    Misconfigured."""
    return _replicas(getattr(settings, "NESTFLUX", {}).get("REPLICAS", {}))


def _setting_changed(*, setting: str, **kwargs: object) -> None:
    if setting in ("NESTFLUX", "DATABASES"):
        replicas.cache_clear()


setting_changed.connect(_setting_changed)  # tests override settings


def _shadow_name(name: str) -> str:
    if len(name) > _LONGEST_SHADOW_NAME:
        raise Misconfigured(
            f'NESTFLUX["SHADOW_NAME"] has {len(name)} characters; more than {_LONGEST_SHADOW_NAME} '
            "leave no room for what makes each scratch schema's name its own.",
            then='give NESTFLUX["SHADOW_NAME"] a shorter one',
        )
    return name


def _lock(given: Mapping[str, object]) -> dict[str, float]:
    return _numbers("LOCK", given, LOCK_SETTINGS)


def _sizes(given: Mapping[str, object]) -> SizeLimits:
    known = {limit.name.upper(): positive for limit in fields(SizeLimits)}
    found = _numbers("SIZES", given, known)
    return SizeLimits(**{name.lower(): number for name, number in found.items()})


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Misconfigured(
            f'NESTFLUX["{key}"] is {value!r}, and is to be True or False.',
            then="correct NESTFLUX in the settings",
        )
    return value


def _preflight(given: Mapping[str, object]) -> PreflightLimits:
    found = _numbers("PREFLIGHT", given, {"ROWS": none_or_more, "SECONDS": seconds})
    return PreflightLimits(**{name.lower(): number for name, number in found.items()})


def _replicas(given: Mapping[str, object]) -> Replicas:
    _require_mapping("REPLICAS", given)
    names = {"OF", "COOKIE", "HEADER", "WRITABLE"}
    known = {"MAX_LAG": seconds, "WAIT": seconds, "REMEMBER": seconds, "PAUSE": seconds}
    if unknown := sorted(given.keys() - known.keys() - names):
        raise _replicas_wrong(
            f'NESTFLUX["REPLICAS"] has an unknown key {unknown[0]!r}; '
            f"known: {['OF', *known, 'COOKIE', 'HEADER', 'WRITABLE']}."
        )
    numbers = {name: given[name] for name in known if name in given}
    read: dict[str, Any] = {**_numbers("REPLICAS", numbers, known)}
    if "OF" in given:
        read["OF"] = _replicas_of(given["OF"])
    if "WRITABLE" in given:
        read["WRITABLE"] = _aliases('NESTFLUX["REPLICAS"]["WRITABLE"]', given["WRITABLE"])
    read |= {name: _token(name, given[name]) for name in ("COOKIE", "HEADER") if name in given}
    found = Replicas(**{name.lower(): value for name, value in read.items()})
    if found.remember <= found.max_lag + found.pause:
        raise _replicas_wrong(
            f'NESTFLUX["REPLICAS"]["REMEMBER"] is {found.remember:g}, and is to be more than '
            f"MAX_LAG and PAUSE together ({found.max_lag:g} + {found.pause:g}): who wrote would "
            "not see it on a replica that is so far behind."
        )
    return found


def _replicas_of(given: object) -> dict[str, tuple[str, ...]]:
    """Every alias is there, and stands for one thing."""
    key = 'NESTFLUX["REPLICAS"]["OF"]'
    if not isinstance(given, Mapping):
        raise _replicas_wrong(f"{key} is {given!r}, and is to be a dictionary.")
    found: dict[str, tuple[str, ...]] = {}
    for primary, replicas in given.items():
        _aliases(key, [primary])
        found[str(primary)] = _aliases(f'{key}["{primary}"]', replicas)
    every = [*found, *(alias for replicas in found.values() for alias in replicas)]
    for alias in every:
        if every.count(alias) > 1:
            raise _replicas_wrong(f"{key} names {alias!r} twice.")
    return found


def _aliases(key: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Collection):
        raise _replicas_wrong(f"{key} is {given!r}, and is to be a list.")
    for alias in given:
        if alias not in settings.DATABASES:
            raise _replicas_wrong(f"{key} names {alias!r}, which DATABASES does not have.")
    return tuple(given)


def _replicas_wrong(what: str) -> Misconfigured:
    return Misconfigured(
        what, then='NESTFLUX["REPLICAS"] = {"OF": {"default": ["replica_1"]}}   (in the settings)'
    )


def _token(name: str, value: object) -> str:
    """The name of a cookie or a header: a token of RFC 9110, section 5.6.2."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise _replicas_wrong(
            f'NESTFLUX["REPLICAS"]["{name}"] is {value!r}, which names no {name.lower()}.'
        )
    return value


def _numbers(
    key: str, given: Mapping[str, object], known: Mapping[str, Callable[[object], float]]
) -> dict[str, float]:
    """The numbers of one key of the setting. ``known``: their names, each with what reads it."""
    _require_mapping(key, given)
    if unknown := sorted(given.keys() - known.keys()):
        raise Misconfigured(
            f'NESTFLUX["{key}"] has an unknown key {unknown[0]!r}; known: {list(known)}.',
            then="correct NESTFLUX in the settings",
        )
    found = {}
    for name, value in given.items():
        try:
            found[name] = known[name](value)
        except ValueError as error:
            raise Misconfigured(
                f'NESTFLUX["{key}"]["{name}"]: {error}.', then="correct NESTFLUX in the settings"
            ) from None
    return found


def _rules(given: Mapping[str, object]) -> dict[str, str]:
    """The names are checked where the rules are known (``reviewing``)."""
    _require_mapping("RULES", given)
    for name, severity in given.items():
        if severity not in RULE_SEVERITIES:
            raise Misconfigured(
                f'NESTFLUX["RULES"]["{name}"] is {severity!r}; known: {list(RULE_SEVERITIES)}.',
                then="correct NESTFLUX in the settings",
            )
    return {str(name): str(severity) for name, severity in given.items()}


def _require_mapping(key: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise Misconfigured(
            f'NESTFLUX["{key}"] is {given!r}, and is to be a dictionary.',
            then="correct NESTFLUX in the settings",
        )


def _require_a_place_of_its_own(base: Any) -> None:
    if base is None:
        raise Misconfigured(
            'Set NESTFLUX["DIRECTORY"]: where the SQL migrations are kept.',
            then='NESTFLUX = {"DIRECTORY": BASE_DIR / "migrations_sql"}   (in the settings)',
        )
    if _is_of_packages(base):
        raise Misconfigured(
            'Set NESTFLUX["DIRECTORY"]: BASE_DIR lies among the packages of a Python environment, '
            "and what is written there is lost when the environment is built again.",
            where=f"BASE_DIR = {base}, environment {sys.prefix}",
            stands="nothing was changed",
            then='NESTFLUX = {"DIRECTORY": "/…/migrations_sql", "BACKUPS": "/…/backups"}: folders '
            "outside of it, the first under version control",
        )


def _is_of_packages(path: Any) -> bool:
    """Where pip puts packages: of a virtual environment, of a user, or of the system."""
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(str(path)).parts)


def _backups(given: Any, base: Any) -> Path | None:
    if given:
        return Path(given)
    return None if base is None or _is_of_packages(base) else Path(str(base)) / "backups"


def history_folder(alias: str, family: str) -> Folder:
    """Where the history of a database alias on a server family is."""
    root = configuration().directory
    path = root / family if alias == DEFAULT_DB_ALIAS else root / alias / family
    return Folder(path, family)


def profile_path(alias: str) -> Path:
    """Where the profile of an alias's production database is: one, for it runs on one server."""
    root = configuration().directory
    return (root if alias == DEFAULT_DB_ALIAS else root / alias) / "profile.json"


def has_history(alias: str) -> bool:
    """Does the alias have a history, of whichever family? Asks no server."""
    return any(history_folder(alias, family).exists for family in FAMILIES)
