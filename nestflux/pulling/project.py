"""The project that models are pulled into: the models that it has, and how long its lines are."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings

from nestflux.pulling.python_text import WIDTH, Layout
from nestflux.pulling.references import Known, Target

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field, Model


def installed_targets(connection: BaseDatabaseWrapper) -> dict[str, Target]:
    """The tables of installed apps, by name: not pulled, and referred to."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        fields = {each.column: each for each in options.local_fields if each.column}
        related = (relation.get_accessor_name() for relation in options.related_objects)
        label, name = options.app_label, options.object_name or ""
        found[options.db_table] = Target(
            label=label,
            model=name,
            primary=(options.pk.column,) if options.pk and options.pk.column else (),
            keys=frozenset(frozenset({column}) for column, each in fields.items() if each.unique),
            fields={column: each.name for column, each in fields.items()},
            types={column: each.rel_db_type(connection) or "" for column, each in fields.items()},
            taken=frozenset({*(each.name for each in fields.values()), *filter(None, related)}),
            setting="settings.AUTH_USER_MODEL"
            if f"{label}.{name}" == settings.AUTH_USER_MODEL
            else "",
        )
    return found


def layout_of_project() -> Layout:
    """The length of lines that the project's pyproject.toml asks of ruff or black."""
    base = getattr(settings, "BASE_DIR", None)
    try:
        text = (Path(str(base)) / "pyproject.toml").read_text(encoding="utf-8") if base else ""
        tools = tomllib.loads(text).get("tool", {})
    except (OSError, ValueError):
        return Layout()
    found = (tools.get(name, {}).get("line-length") for name in ("ruff", "black"))
    return Layout(next((width for width in found if isinstance(width, int)), WIDTH))


@dataclass(frozen=True)
class InstalledModel:
    """A model of an installed app, and the file that its class is written in. ``why_fixed``: why
    db_pull does not edit it, or empty. ``base_of`` names the base that a field comes from, by the
    field's name, and ``base_of_meta`` the one whose ``Meta`` it has; ``implicit`` are the fields
    that Django adds."""

    known: Known
    model: type[Model] = field(repr=False)
    path: Path
    why_fixed: str
    base_of: Mapping[str, str] = field(default_factory=dict)
    implicit: frozenset[str] = frozenset()
    base_of_meta: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.label

    def field_of(self, column: str) -> Field[Any, Any]:
        return self.model._meta.get_field(self.known.fields[column])  # type: ignore[return-value]


def installed_models(label: str) -> dict[str, InstalledModel]:
    """The managed models of an app, by table."""
    config = apps.get_app_config(label)
    return {
        model._meta.db_table: _installed_model(model, label)
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def _installed_model(model: type[Model], label: str) -> InstalledModel:
    options = model._meta
    columns = {each.column or "": each for each in options.local_concrete_fields}
    known = Known(
        label=label,
        model=model.__name__,
        module=model.__module__.rpartition(".")[2],
        fields={column: each.name for column, each in columns.items()},
        relations={column: to for column, each in columns.items() if (to := _leads_to(each))},
        unique=frozenset(column for column, each in columns.items() if each.unique),
        taken=frozenset(dir(model)),
    )
    path = _file_of(model)
    abstract: list[Any] = [base for base in model.__mro__[1:] if _is_abstract(base)]
    return InstalledModel(
        known,
        model,
        path,
        _why_fixed(model, path),
        {f.name: base.__name__ for base in reversed(abstract) for f in base._meta.local_fields},
        frozenset(each.name for each in columns.values() if each.auto_created),
        next((base.__name__ for base in abstract if "Meta" in vars(base)), ""),
    )


def _leads_to(each: Any) -> tuple[str, str] | None:
    """The table and column that a relation leads to."""
    if not each.remote_field or each.remote_field.model == "self":
        return None
    target = each.target_field
    return (target.model._meta.db_table, target.column)


def _is_abstract(base: Any) -> bool:
    return bool(getattr(base, "_meta", None) and base._meta.abstract)


def _file_of(model: type[Model]) -> Path:
    module = sys.modules.get(model.__module__)
    return Path(getattr(module, "__file__", None) or "").resolve()


def _why_fixed(model: type[Model], path: Path) -> str:
    owner: Any = model._meta.auto_created
    if owner:
        return f"Django makes it of a ManyToManyField of {owner._meta.label}"
    if path.suffix != ".py" or not path.is_relative_to(base_folder()) or _is_installed(path):
        return "its class belongs to another package"
    if "." in model.__qualname__:
        return "code builds its class"
    return ""


def _is_installed(path: Path) -> bool:
    return bool({"site-packages", "dist-packages"} & set(path.parts))


def base_folder() -> Path:
    """The project's folder."""
    return Path(str(getattr(settings, "BASE_DIR", Path.cwd()))).resolve()
