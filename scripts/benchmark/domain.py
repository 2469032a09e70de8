"""Invented tables, as the text of Django models; what can be changed in one, as the text of a
migration's operation. The same text stands in both, so that the autodetector finds no change."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

# Far from the servers' limits (64 indexes a table, 65,535 bytes a row), and where tables of real
# projects end.
MOST_COLUMNS = 36
MOST_INDEXES = 8
LONGEST = 200

FIRST_COLUMNS = {
    "name": 'models.CharField(max_length=100, default="")',
    "code": "models.CharField(max_length=20, null=True)",
    "amount": "models.DecimalField(max_digits=12, decimal_places=2, default=0)",
    "is_active": "models.BooleanField(default=True)",
    "created_at": "models.DateTimeField(auto_now_add=True)",
}
_KINDS = (
    'models.CharField(max_length={length}, default="")',
    "models.CharField(max_length={length}, null=True)",
    "models.IntegerField(default=0)",
    "models.IntegerField(null=True)",
    "models.BooleanField(default=False)",
    "models.DateTimeField(null=True)",
    "models.DateField(null=True)",
    "models.DecimalField(max_digits=10, decimal_places=2, default=0)",
    "models.TextField(null=True)",
    "models.JSONField(null=True)",
    "models.UUIDField(null=True)",
)
_TO_WIDER = {
    "models.IntegerField(default=0)": "models.BigIntegerField(default=0)",
    "models.IntegerField(null=True)": "models.IntegerField(default=0)",
    "models.BigIntegerField(default=0)": "models.BigIntegerField(default=0, null=True)",
}


@dataclass
class Table:
    """A model: its columns, and what its Meta says, each by its name; ``base``, of its app."""

    app: str
    model: str
    columns: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)  # columns that something else names
    base: str = "models.Model"

    @property
    def database_name(self) -> str:
        return f"{self.app}_{self.model.lower()}"

    @property
    def free(self) -> list[str]:
        """Columns that nothing refers to, but the first ones."""
        return [n for n in self.columns if n not in self.fixed and n not in FIRST_COLUMNS]

    def as_model(self) -> str:
        lines = [f"class {self.model}({self.base}):"]
        lines += [f"    {name} = {text}" for name, text in self.columns.items()]
        lines += ["", "    class Meta:", f"        verbose_name = {self.model.lower()!r}"]
        lines += _listed("indexes", self.indexes)
        lines += _listed("constraints", self.constraints)
        return "\n".join(lines) + "\n"

    def as_creation(self) -> str:
        key = (
            "models.BigAutoField(auto_created=True, primary_key=True, serialize=False, "
            'verbose_name="ID")'
        )
        columns = "".join(f"({name!r}, {text}), " for name, text in self.columns.items())
        return (
            f'migrations.CreateModel(name={self.model!r}, fields=[("id", {key}), {columns}], '
            f'options={{"verbose_name": {self.model.lower()!r}}})'
        )


def _listed(what: str, texts: dict[str, str]) -> list[str]:
    if not texts:
        return []
    return [
        f"        {what} = [",
        *(f"            {text}," for text in texts.values()),
        "        ]",
    ]


@dataclass(frozen=True)
class Change:
    """A migration to be: its name and the text of its operations."""

    name: str
    operations: tuple[str, ...]
    functions: str = ""  # the text of what RunPython calls


Kind = Callable[[Table, int, random.Random], Change | None]


def column_added(table: Table, number: int, chance: random.Random) -> Change | None:
    if len(table.columns) >= MOST_COLUMNS:
        return column_removed(table, number, chance)
    name = f"field_{number}"
    text = chance.choice(_KINDS).format(length=chance.randrange(20, LONGEST, 10))
    table.columns[name] = text
    return _change(f"{table.model}_{name}", f"AddField({table.model!r}, {name!r}, {text})")


def column_removed(table: Table, number: int, chance: random.Random) -> Change | None:
    if not table.free:
        return None
    name = chance.choice(table.free)
    del table.columns[name]
    text = f"RemoveField({table.model!r}, {name!r})"
    return _change(f"remove_{table.model}_{name}", text)


def column_changed(table: Table, number: int, chance: random.Random) -> Change | None:
    name = chance.choice(list(table.columns))
    old = table.columns[name]
    new = _TO_WIDER.get(old, old)
    if "max_length=" in old and name not in table.fixed:
        length = int(old.partition("max_length=")[2].partition(",")[0])
        if length < LONGEST:
            new = old.replace(f"max_length={length}", f"max_length={length + 10}")
    if new == old:
        return None
    table.columns[name] = new
    text = f"AlterField({table.model!r}, {name!r}, {new})"
    return _change(f"alter_{table.model}_{name}_{number}", text)


def column_renamed(table: Table, number: int, chance: random.Random) -> Change | None:
    if not table.free:
        return None
    old, new = chance.choice(table.free), f"renamed_{number}"
    # In its place: the order of columns is the order in which they were added.
    table.columns = {new if name == old else name: t for name, t in table.columns.items()}
    text = f"RenameField({table.model!r}, {old!r}, {new!r})"
    return _change(f"rename_{table.model}_{old}_{number}", text)


def index_added(table: Table, number: int, chance: random.Random) -> Change | None:
    wanted = [n for n in table.columns if "Text" not in table.columns[n]]
    wanted = [n for n in wanted if "JSON" not in table.columns[n]]
    if len(table.indexes) >= MOST_INDEXES:
        return index_removed(table, number, chance)
    fields = chance.sample(wanted, min(len(wanted), chance.choice((1, 1, 2))))
    name = f"{table.app}_ix_{number}"
    text = f"models.Index(fields={fields!r}, name={name!r})"
    table.indexes[name] = text
    table.fixed.update(fields)
    return _change(f"{table.model}_{name}", f"AddIndex({table.model!r}, {text})")


def index_removed(table: Table, number: int, chance: random.Random) -> Change | None:
    if not table.indexes:
        return None
    name = chance.choice(list(table.indexes))
    del table.indexes[name]
    return _change(f"remove_{name}_{number}", f"RemoveIndex({table.model!r}, {name!r})")


def constraint_added(table: Table, number: int, chance: random.Random) -> Change | None:
    """A unique one on a column whose rows are NULL, or a check that all rows pass."""
    name = f"{table.app}_co_{number}"
    unique = [n for n in table.columns if n == "code"]
    if unique and not any("Unique" in text for text in table.constraints.values()):
        text = f"models.UniqueConstraint(fields={unique!r}, name={name!r})"
        table.fixed.update(unique)
    elif len(table.constraints) < MOST_INDEXES:
        text = f"models.CheckConstraint(condition=models.Q(amount__gte={-number}), name={name!r})"
        table.fixed.add("amount")
    else:
        return None
    table.constraints[name] = text
    return _change(f"{table.model}_{name}", f"AddConstraint({table.model!r}, {text})")


def reference_added(to: Table) -> Kind:
    """A foreign key to another table."""

    def add(table: Table, number: int, chance: random.Random) -> Change | None:
        if len(table.columns) >= MOST_COLUMNS:
            return column_removed(table, number, chance)
        name, text = f"reference_{number}", reference(to)
        table.columns[name] = text
        return _change(f"{table.model}_{name}", f"AddField({table.model!r}, {name!r}, {text})")

    return add


def reference(to: Table | None) -> str:
    """A foreign key to the table, or to Django's users."""
    target = f"{to.app}.{to.model.lower()}" if to else "auth.user"
    return f'models.ForeignKey({target!r}, on_delete=models.CASCADE, null=True, related_name="+")'


def rows_updated(table: Table, number: int, chance: random.Random) -> Change | None:
    """A data step in SQL."""
    sql = f"UPDATE `{table.database_name}` SET `name` = 'row {number}' WHERE `name` = ''"
    text = f"RunSQL({sql!r}, migrations.RunSQL.noop)"
    return _change(f"fill_{table.model}_{number}", text)


def rows_made(table: Table, number: int, chance: random.Random) -> Change | None:
    """A data step in Python: ten rows."""
    functions = (
        f"def make_rows(apps, schema_editor):\n"
        f"    model = apps.get_model({table.app!r}, {table.model!r})\n"
        f'    model.objects.bulk_create([model(name=f"row {{n}}") for n in range(10)])\n'
    )
    text = "RunPython(make_rows, migrations.RunPython.noop)"
    return _change(f"rows_of_{table.model}_{number}", text, functions)


def _change(name: str, operation: str, functions: str = "") -> Change:
    return Change(name.lower(), (f"migrations.{operation}",), functions)
