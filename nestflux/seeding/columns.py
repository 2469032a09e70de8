"""The columns that a plan makes by themselves: counted keys, references, links of inheritance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from django.apps import apps
from django.db.models import AutoField, Field, ForeignKey, Model

from nestflux.seeding.draws import BLOCK, Draws
from nestflux.seeding.fields import EMPTY
from nestflux.seeding.generators import Generator, constant
from nestflux.seeding.plan import Column, Table, blocks
from nestflux.seeding.spreading import Pick, Spread
from nestflux.seeding.uniqueness import Choices, Indexes


@dataclass(frozen=True)
class Made:
    """How a field is made, before it is known which row has which choice.

    Args:
        choices: for unique keys.
        indexes: where the plan decides them, whatever the keys.
        follows: another field, whose choice this one shows as well.
        key: what its words belong to, where not to the field itself.
    """

    field: Field[Any, Any]
    generator: Generator
    choices: Choices
    indexes: Indexes | None = None
    follows: str = ""
    key: str = ""


def plain(field: Field[Any, Any], generator: Generator, pick: Pick | None, *, wanted: int) -> Made:
    """A column of values."""
    if wanted and generator.distinct is None:
        generator = _sifted(generator, wanted)
    size = 0 if generator.distinct is None else generator.size
    return Made(field, generator, Choices(size, pick=pick))


def _sifted(generator: Generator, wanted: int) -> Generator:
    """Values that differ, from a generator that does not promise it: drawn until there are enough,
    or no new ones come."""
    found: dict[Any, None] = {}
    draw, start = generator.draw, 0
    while len(found) < wanted and start < 4 * wanted + BLOCK:
        found |= dict.fromkeys(draw(Draws(0, "sifted", range(start, start + BLOCK))))
        start += BLOCK
    pool = list(found)
    return replace(
        generator, distinct=lambda _, indexes: [pool[index] for index in indexes], size=len(pool)
    )


def counted(field: Field[Any, Any], first: int, rows: range) -> Made:
    """A key that the server would count up: given, so that others can refer to it, and so that
    ``--reset`` knows it."""
    generator = Generator(
        lambda draws: [first + row - rows.start for row in draws.rows],
        lambda _, indexes: [first + index for index in indexes],
    )
    return Made(field, generator, Choices(None, of_run=True))


@dataclass(frozen=True)
class Keys:
    """What a foreign key refers to: how many, and the keys themselves, which are there once its
    parent is planned."""

    size: int
    get: Callable[[], Sequence[Any]]


def reference(
    field: ForeignKey[Any, Any], keys: Keys, spread: Spread | None, nulls: float | None
) -> Made:
    """A foreign key: one of the keys of its parent. NULL in some rows where it may be: in a share
    of ``nulls`` (0 to 1), or in the usual one."""
    size = keys.size
    if not size:
        return Made(field, constant(None), Choices(None, free=False, of_run=True))
    key = f"{field.model._meta.label}.{field.name}"
    pick = None if spread is None else spread.over(size, key)

    def draw(draws: Draws) -> Sequence[Any]:
        words, of = draws.words(), keys.get()
        if pick is not None:
            return [of[index] for index in pick(words)]
        if isinstance(of, range):  # keys that count up: nothing is looked up
            first = of.start
            return [first + word % size for word in words]
        return [of[word % size] for word in words]

    def distinct(_: Draws, indexes: Sequence[int]) -> Sequence[Any]:
        of = keys.get()
        return [of[index] for index in indexes]

    share = None if not field.null else EMPTY if nulls is None else nulls
    return Made(
        field, Generator(draw, distinct, size, share), Choices(size, False, 0, pick, of_run=True)
    )


def asked_later(
    field: ForeignKey[Any, Any],
    keys: Callable[[], Sequence[Any]],
    spread: Spread | None,
    nulls: float | None,
    rows: range,
) -> Made:
    """A foreign key that is set when all tables are filled, and to rows that the server then names.
    How many they are is not known before: where there are too few, the rest stay NULL."""
    found: list[Sequence[Any]] = []

    def known() -> Sequence[Any]:
        if not found:
            found.append(keys())
        return found[0]

    def at(index: int) -> Any:
        return known()[index] if index < len(known()) else None

    def draw(draws: Draws) -> Sequence[Any]:
        if not len(known()):
            return [None] * len(draws.rows)
        pick = (spread or Spread()).over(len(known()), f"{field.model._meta.label}.{field.name}")
        return [known()[index] for index in pick(draws.words())]

    generator = Generator(
        draw,
        lambda _, indexes: [at(index) for index in indexes],
        None,
        EMPTY if nulls is None else nulls,
    )
    return Made(field, generator, Choices(len(rows), free=False, of_run=True))


def to_itself(field: ForeignKey[Any, Any], keys: Callable[[], Sequence[Any]], rows: range) -> Made:
    """A reference to an earlier row of the same table; the first row's is NULL, or to itself."""
    start = rows.start

    def earlier(row: int, index: int) -> Any:
        if row == start:
            return None if field.null else keys()[0]
        return keys()[index]

    def draw(draws: Draws) -> list[Any]:
        pairs = zip(draws.rows, draws.words(), strict=True)
        return [earlier(row, word % max(1, row - start)) for row, word in pairs]

    def distinct(draws: Draws, indexes: Sequence[int]) -> list[Any]:
        # Each row's is the one before; where there is no NULL, the row itself.
        if not field.null:
            return [keys()[index] for index in indexes]
        return [earlier(start + index, index - 1) for index in indexes]

    nulls = EMPTY if field.null else None
    return Made(
        field, Generator(draw, distinct, None, nulls), Choices(len(rows), free=False, of_run=True)
    )


def inherited(field: ForeignKey[Any, Any], keys: Sequence[Any], rows: range, offset: int) -> Made:
    """The key of a row that inherits: that of its row in the parent's table."""
    own = keys[offset : offset + len(rows)]
    start = rows.start
    generator = Generator(
        lambda draws: [own[row - start] for row in draws.rows],
        lambda _, indexes: [own[index] for index in indexes],
    )
    return Made(
        field, generator, Choices(None, of_run=True), lambda some: [row - start for row in some]
    )


def keys_of(table: Table, name: str) -> Sequence[Any]:
    """All values of a column that others refer to; a range where they count up."""
    column = next(one for one in (*table.columns, *table.later) if one.name == name)
    count = len(table.rows)
    if count:
        ends = _at(column, table.rows.start), _at(column, table.rows.stop - 1)
        if _counts_up(column, table, ends):
            return range(ends[0], ends[0] + count)
    found: list[Any] = []
    for rows in blocks(table.rows, 50 * BLOCK):
        found += column.values(rows)
    return found


def _at(column: Column, row: int) -> Any:
    return column.values(range(row, row + 1))[0]


def _counts_up(column: Column, table: Table, ends: tuple[Any, Any]) -> bool:
    field = column.field
    link = isinstance(field, ForeignKey) and field.remote_field.parent_link
    counted = link or isinstance(field, AutoField)
    return bool(counted and isinstance(ends[0], int) and ends[1] - ends[0] == len(table.rows) - 1)


def generic_fields(model: type[Model]) -> list[tuple[str, str]]:
    """Of each generic foreign key of a model: the field of the content type, and of the key."""
    if not apps.is_installed("django.contrib.contenttypes"):
        return []
    from django.contrib.contenttypes.fields import GenericForeignKey

    return [
        (one.ct_field, one.fk_field)
        for one in model._meta.private_fields
        if isinstance(one, GenericForeignKey)
    ]


def generic_columns(
    model: type[Model],
    targets: Mapping[str, Sequence[Any]],
    ids: Mapping[str, Mapping[str, int]],
) -> dict[str, Made]:
    """The two columns of each generic foreign key: which table, and which row of it. Each row of
    the tables is as likely as any other.

    Args:
        targets: the keys of tables, by their labels.
        ids: of content types, by the field that holds one: those that it may hold, by label.
    """
    found: dict[str, Made] = {}
    for kind, key in generic_fields(model):
        found |= _generic(model, kind, key, targets, ids[kind])
    return found


def _generic(
    model: type[Model],
    kind: str,
    key: str,
    targets: Mapping[str, Sequence[Any]],
    ids: Mapping[str, int],
) -> dict[str, Made]:
    type_field: Any = model._meta.get_field(kind)
    key_field: Any = model._meta.get_field(key)
    fitting = list(_fitting(key_field, targets, ids))
    if not fitting:
        return {}
    ends = list(accumulate(len(keys) for _, keys in fitting))
    total = ends[-1]

    def place(index: int) -> tuple[int, Any]:
        number = next(n for n, end in enumerate(ends) if index < end)
        content_type, keys = fitting[number]
        return content_type, keys[index - (ends[number] - len(keys))]

    def generator(part: int) -> Generator:
        return Generator(
            lambda draws: [place(word % total)[part] for word in draws.words()],
            lambda _, indexes: [place(index)[part] for index in indexes],
            total,
        )

    shared = f"{model._meta.label}.{key}"
    choices = Choices(total, free=False, of_run=True)
    return {
        key: Made(key_field, generator(1), choices, key=shared),
        kind: Made(type_field, generator(0), choices, follows=key, key=shared),
    }


def _fitting(
    field: Field[Any, Any], targets: Mapping[str, Sequence[Any]], ids: Mapping[str, int]
) -> Iterator[tuple[int, Sequence[Any]]]:
    numbers = "Integer" in field.get_internal_type()
    for label, keys in targets.items():
        if label in ids and len(keys) and (not numbers or isinstance(keys[0], int)):
            yield ids[label], keys
