"""Names that Python and Django take, made of those that a database has. Pure.

A name is made by rule, not by taste: whoever pulls the same schema again finds the same names.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

from django.core.management.commands.inspectdb import Command as InspectDb
from django.db import models

from nestflux.pulling.templates import templates

# Attributes of a model that a field of the same name would hide, and what a file of models names.
_RESERVED = {name for name in dir(models.Model) if not name.startswith("_")} | {
    "objects",
    "pk",
    "check",
    "models",
    "settings",
}

# Words that end like plurals and are none, or whose singular does not follow the rule.
_LEFT = ("series", "species", "movies", "cookies", "news")


def class_names(tables: Iterable[str], label: str) -> Mapping[str, str]:
    """``shop_order_items`` of the app ``shop`` → ``OrderItem``. The last word is made singular
    where no other table of the app has that name."""
    plural = {table: _capitalised(short) for table, short in _short_names(tables, label).items()}
    single = {table: _singular(name) for table, name in plural.items()}
    counted = Counter(name.lower() for name in single.values())
    kept = {t: _free(n if counted[n.lower()] == 1 else plural[t]) for t, n in single.items()}
    return distinct(kept)


def module_names(tables: Iterable[str], label: str) -> Mapping[str, str]:
    """``shop_order_items`` of the app ``shop`` → ``order_items``."""
    found = {}
    for table, short in _short_names(tables, label).items():
        name = re.sub(r"\W", "_", snake_case(short)).strip("_") or "table"
        if name[0].isdigit():
            name = f"table_{name}"
        found[table] = f"{name}_table" if keyword.iskeyword(name) else name
    return distinct(found)


def _short_names(tables: Iterable[str], label: str) -> Mapping[str, str]:
    """The tables' names less what they begin with: the app's label, or what all of them share up
    to the first underscore."""
    names = list(tables)
    first = {table.partition("_")[0].lower() for table in names}
    shared = first.pop() if len(names) > 1 and len(first) == 1 else label
    return {table: _without(table, f"{shared}_") for table in names}


def _without(table: str, prefix: str) -> str:
    rest = table[len(prefix) :]
    return rest if table.lower().startswith(prefix) and rest.strip("_") else table


def distinct(names: Mapping[str, str], taken: Collection[str] = ()) -> Mapping[str, str]:
    """Number those that differ in nothing but case, from each other or from what is ``taken``."""
    used = {name.lower() for name in taken}
    found = {}
    for key, name in names.items():
        number, candidate = 1, name
        while candidate.lower() in used:
            number += 1
            candidate = f"{name}_{number}"
        used.add(candidate.lower())
        found[key] = candidate
    return found


def _capitalised(table: str) -> str:
    words = [word for word in re.split(r"[\W_]+", table) if word]
    if table.isupper():
        words = [word.lower() for word in words]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Table"
    if name[0].isdigit():
        name = f"Table{name}"
    return f"{name}Table" if keyword.iskeyword(name) else name


def _free(name: str) -> str:
    """A class name that is none of ``sql.py``, which the file of a model imports."""
    return f"{name}Table" if name in templates() else name


def _singular(name: str) -> str:
    """Regular English plurals; a word that may be a singular, or of which nobody can tell what its
    singular is (status, address, houses, series), is left."""
    for ending, single in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch")):
        if name.endswith(ending) and not name.lower().endswith(_LEFT):
            return name.removesuffix(ending) + single
    if name.endswith("s") and not name.lower().endswith(
        (*_LEFT, "ss", "us", "is", "as", "os", "ses")
    ):
        return name[:-1]
    return name


def field_name(column: str, taken: Collection[str], *, relation: bool, primary: bool) -> str:
    """A column's name as a field: inspectdb's rules, and none that a model has already.

    Args:
        relation: ``customer_id`` is the field ``customer``.
        primary: the column is the whole primary key, and may be called ``id``.
    """
    name, _, _ = InspectDb().normalize_col_name(snake_case(column), [], relation)
    if name in _RESERVED or (name == "id" and not primary) or not name.isidentifier():
        name = f"{name}_field" if name.isidentifier() else f"column_{_digest(column)}"
    number, candidate = 0, name
    while candidate in taken or (relation and f"{candidate}_id" in taken):
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def snake_case(name: str) -> str:
    """``customerId`` and ``CustomerID`` → ``customer_id``; ``URLPath`` → ``url_path``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def rule_name(table: str, name: str, taken: Collection[str], longest: int) -> str:
    """A name that Django takes for an index or a constraint: the server's, where no other table
    has it too; otherwise one made of both."""
    if name not in taken and len(name) <= longest and re.match(r"[A-Za-z]", name):
        return name
    whole = re.sub(r"\W", "_", f"{table}_{name}").lstrip("_0123456789") or "rule"
    if len(whole) > longest or whole in taken:
        whole = f"{whole[: longest - 9]}_{_digest(f'{table}.{name}')}"
    return whole


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
