"""What a person's RunSQL makes in a table, of which Django's state knows nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.soak.description import Field, Model, Site
from tests.soak.steps import table_of

_SHORT = ("small", "integer", "big", "char", "moment", "boolean")
# A field's type as Django has it, and one that a person gives its column.
_TYPES = {
    "char": (
        ("varchar({length})", "varchar(12)"),
        ("varchar({length})", "varchar(50) CHARACTER SET latin1"),
        ("varchar({length})", "varchar({length}) COMMENT 'by hand'"),
    ),
    "integer": (("int", "int unsigned"), ("int", "smallint"), ("int", "int INVISIBLE DEFAULT 3")),
    "big": (("bigint", "int"), ("bigint", "bigint unsigned")),
    "text": (("longtext", "varchar(30)"), ("longtext", "longtext COLLATE utf8mb4_bin")),
    "moment": (("datetime(6)", "datetime"), ("datetime(6)", "timestamp")),
}


@dataclass(frozen=True)
class ByHand:
    """A migration's statement and what undoes it."""

    app: str
    forwards: str
    backwards: str

    def __str__(self) -> str:
        return f"by hand in {self.app}: {self.forwards}"

    def fill(self, text: str) -> str:
        """An empty migration's text with the statement in it."""
        operation = f"migrations.RunSQL({self.forwards!r}, {self.backwards!r})"
        return text.replace("operations = [", f"operations = [{operation}")


def possible(site: Site, number: int) -> list[ByHand]:
    """Every one that the models allow.

    Args:
        number: makes names that are free.
    """
    return [
        ByHand(model.app, *both)
        for model in site.models
        for both in _in_table(model, f"hand_{number}")
    ]


def _is_short(field: Field) -> bool:
    return field.is_relation or (field.kind in _SHORT and field.length <= 60)


def _in_table(model: Model, name: str) -> Iterator[tuple[str, str]]:
    alter = f"ALTER TABLE `{table_of(model)}`"
    fields = [field for field in model.fields if field.kind != "many" and not field.of]
    short = [f.column_name for f in fields if _is_short(f)]
    drop, drop_column = f"{alter} DROP INDEX `{name}`", f"{alter} DROP COLUMN `{name}`"
    # An index that begins with a foreign key's column takes the place of the server's own, and the
    # server refuses to drop it (1553): nobody's way back.
    for one in (f.column_name for f in fields if _is_short(f) and not f.is_relation):
        yield f"{alter} ADD INDEX `{name}` (`{one}`)", drop
        for other in short:
            if one != other:
                yield f"{alter} ADD INDEX `{name}` (`{one}`, `{other}`)", drop
                yield f"{alter} ADD UNIQUE INDEX `{name}` (`{one}`, `{other}`)", drop
    for field in fields:
        column = field.column_name
        if field.kind in ("char", "text"):
            yield f"{alter} ADD FULLTEXT INDEX `{name}` (`{column}`)", drop
            yield f"{alter} ADD INDEX `{name}` (`{column}`(10))", drop
        if field.kind in ("small", "integer", "big") and field.null:
            yield (
                f"{alter} ALTER COLUMN `{column}` SET DEFAULT 5",
                f"{alter} ALTER COLUMN `{column}` SET DEFAULT NULL",
            )
        for was, made in _TYPES.get(field.kind, ()):
            null = "NULL" if field.null else "NOT NULL"
            modify = f"{alter} MODIFY `{column}`"
            was = was.format(length=field.length)
            made = made.format(length=field.length)
            yield f"{modify} {made} {null}", f"{modify} {was} {null}"
        yield f"{alter} ADD COLUMN `{name}` int NULL AFTER `{column}`", drop_column
    yield f"{alter} ADD COLUMN `{name}` int NOT NULL DEFAULT 3 FIRST", drop_column
    yield f"{alter} ROW_FORMAT=COMPACT", f"{alter} ROW_FORMAT=DEFAULT"
    yield (
        f"CREATE TRIGGER `{name}` BEFORE INSERT ON `{table_of(model)}` FOR EACH ROW SET @made = 1",
        f"DROP TRIGGER `{name}`",
    )
