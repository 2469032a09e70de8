"""What the ORM does with models on a schema: queries that are rolled back, and their outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import (
    CharField,
    F,
    FloatField,
    ForeignKey,
    IntegerField,
    ProtectedError,
    QuerySet,
    RestrictedError,
    TextField,
)
from django.db.utils import Error

from nestflux.database.errors import message_of, number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.django_compat import statement_of
from nestflux.recording.deploy_order import values
from nestflux.recording.deploy_order.code import Models, Touched
from nestflux.recording.deploy_order.outcomes import Action, Outcome, Probe, Run
from nestflux.recording.deploy_order.rows import (
    NoRow,
    Rows,
    key_of,
    label_of,
    made_of,
    referred_to,
    rolled_back,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

_USUAL = "a usual value"
_OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class Probing:
    """One code on the schema of a connection.

    Args:
        known: recipes of the code's own schema: they are tried first.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        models: Models,
        known: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.connection = connection
        self.models = models
        self.rows = Rows(connection, models, known or {})
        self.outcomes: dict[Probe, Outcome] = {}
        self.queries = 0

    def run(self) -> Run:
        """Everything, each model by itself."""
        with self.started():
            for touched in self.models.touched:
                with self._looking_at_one():
                    self._touched(touched)
            for model in self.models.neighbours:
                with self._looking_at_one():
                    self._neighbour(model)
        went_in = {k: recipe for k, recipe in self.rows.recipes.items() if recipe is not None}
        return Run(self.outcomes, went_in, self.queries)

    @contextmanager
    def started(self) -> Iterator[None]:
        with self.connection.execute_wrapper(self._counted), rolled_back(self.connection):
            yield

    @contextmanager
    def _looking_at_one(self) -> Iterator[None]:
        with rolled_back(self.connection):
            yield
        self.rows.kept = {}

    def _counted(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries += not sql.startswith(_OF_TRANSACTIONS)
        return execute(sql, params, many, context)

    # ---- one model ----

    def _touched(self, touched: Touched) -> None:
        model = touched.model
        self._select(model)
        base = self._base(model)
        if base is None:
            return
        self._joins(model)
        for name in sorted(touched.fields):
            field = next((f for f in model._meta.local_concrete_fields if f.name == name), None)
            if field is None:
                continue
            if values.is_written(field):
                self._field(base, field)
            elif values.is_moment(field):
                read = partial(self._moment_read, base, field)
                self.attempt(Probe(label_of(model), Action.READ_BACK, field.name), read)
        self._twice(base, touched)
        self._links(base)
        self.attempt(Probe(label_of(model), Action.UPDATE, "every field"), lambda: self._save(base))
        self.attempt(Probe(label_of(model), Action.DELETE), lambda: self._delete(base))

    def _neighbour(self, model: type[Model]) -> None:
        self._select(model)
        base = self._base(model)
        self._joins(model)
        if base is not None:
            self.attempt(Probe(label_of(model), Action.DELETE), lambda: self._delete(base))

    def _select(self, model: type[Model]) -> None:
        self.attempt(Probe(label_of(model), Action.SELECT), partial(_first_of, self.rows_of(model)))

    def _joins(self, model: type[Model]) -> None:
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or not field.related_model:
                continue
            joined = partial(self._joined, model, field)
            self.attempt(Probe(label_of(model), Action.JOIN, field.name), joined)

    def _joined(self, model: type[Model], field: Any) -> int:
        """A field of a package may know no such query: it fails here, and in every run."""
        found = self.rows_of(model)
        if field.many_to_one or field.one_to_one:
            found = found.select_related(field.name)
        return _first_of(found.filter(**{f"{field.name}__isnull": False}))

    def _field(self, base: Model, field: Any) -> None:
        """Each value written in a new row and read back; a usual one looked for, and written into
        a row that is there."""
        label = label_of(type(base))
        for name, value in self._values(field):
            inserted = partial(self._inserted, type(base), field, value)
            self.attempt(Probe(label, Action.INSERT, field.name, name), inserted)
        if isinstance(field, ForeignKey):
            self._dangling(type(base), field)
        if field.primary_key or isinstance(field, ForeignKey):
            return
        updated = partial(self._updated, base, field)
        self.attempt(Probe(label, Action.UPDATE, field.name, _USUAL), updated)
        filtered = partial(self._filtered, type(base), field)
        self.attempt(Probe(label, Action.FILTER, field.name, _USUAL), filtered)
        if isinstance(field, IntegerField | FloatField) and not field.choices:
            self.attempt(
                Probe(label, Action.UPDATE, field.name, "itself + 0"),
                lambda: self.rows_of(type(base)).update(**{field.name: F(field.name) + 0}),
            )
        elif _is_text(field):
            self.attempt(
                Probe(label, Action.FILTER_CASE, field.name),
                lambda: self._found_without_case(type(base), field),
            )

    def _values(self, field: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
        """What to write, each with a name that is the same in every run."""
        yield _USUAL, partial(self.rows.usual, field)
        named = self.models.literals.get(key_of(field.model), {}).get(field.name, ())
        for value in values.to_try(field, named):
            yield shown(value), partial(_given, value)

    def _inserted(self, model: type[Model], field: Any, make: Callable[[], Any]) -> str:
        return self._read_back(self.rows.insert(model, {field.name: make()}), field)

    def _updated(self, base: Model, field: Any) -> str:
        value = self.rows.usual(field)
        self.rows_of(type(base)).filter(pk=base.pk).update(**{field.name: value})
        setattr(base, field.attname, value)
        return self._read_back(base, field)

    def _filtered(self, model: type[Model], field: Any) -> None:
        if (value := self.rows.usual(field)) is not None:
            self.rows_of(model).filter(**{field.name: value}).exists()

    def _dangling(self, model: type[Model], field: Any) -> None:
        """A key to a row that is not there: only without a constraint."""
        if field.db_constraint:
            return

        def insert() -> None:
            made = self.rows.unsaved(model, {}, full=False)
            setattr(made, field.attname, self.rows.usual(field.target_field) or 987654)
            self.rows.save(made)

        self.attempt(
            Probe(label_of(model), Action.INSERT, field.name, "a row that is gone"), insert
        )

    def _found_without_case(self, model: type[Model], field: Any) -> str:
        """Does a filter find what differs in case alone?"""
        self.rows.insert(model, {field.name: "q"})
        found = self.rows_of(model).filter(**{field.name: "Q"}).exists()
        return f"{field.name}='Q' {'finds' if found else 'does not find'} 'q'"

    def _twice(self, base: Model, touched: Touched) -> None:
        """Two rows with the same value, or with values that differ in case alone."""
        model = type(base)
        fields = [
            field
            for field in model._meta.local_concrete_fields
            if field.name in touched.fields and not field.primary_key and values.is_written(field)
        ]
        several = [fields] if len(fields) > 1 else []
        for chosen in [*([field] for field in fields), *several]:
            names = ", ".join(field.name for field in chosen)
            twice = partial(self._inserted_twice, model, chosen)
            self.attempt(Probe(label_of(model), Action.TWICE, names), twice)
            if len(chosen) == 1 and _is_text(chosen[0]):
                probe = Probe(label_of(model), Action.TWICE, names, "in another case")
                self.attempt(probe, partial(self._inserted_in_two_cases, model, names))

    def _inserted_twice(self, model: type[Model], fields: Sequence[Any]) -> None:
        given = {field.name: self.rows.usual(field) for field in fields}
        self.rows.insert(model, given)
        self.rows.insert(model, given)

    def _inserted_in_two_cases(self, model: type[Model], name: str) -> None:
        for text in ("q", "Q"):
            self.rows.insert(model, {name: text})

    def _links(self, base: Model) -> None:
        for field in linking_fields(type(base)):
            probe = Probe(label_of(type(base)), Action.LINK, field.name)
            self.attempt(probe, partial(self.linked, base, field))

    def linked(self, base: Model, field: Any) -> Any:
        """A row of a many-to-many field's table, written, counted."""
        other = self.rows.parent(field.related_model)
        through: Any = field.remote_field.through
        names = field.m2m_field_name(), field.m2m_reverse_field_name()
        made = made_of(through, dict(zip(names, (base, other), strict=True)))
        self.rows.save(made)
        self.rows_of(field.related_model).filter(pk=other.pk).exists()
        len(self.rows_of(type(base)).filter(**{field.name: other.pk})[:2])
        return made

    # ---- rows ----

    def rows_of(self, model: type[Model]) -> QuerySet[Any]:
        """All rows, by no manager of the project's and in no order."""
        return QuerySet(model=model, using=self.connection.alias).order_by()

    def _base(self, model: type[Model]) -> Model | None:
        """A row that stays while the model is looked at; None where none goes in."""
        label = label_of(model)
        known = self.rows.known
        recipes = self.rows.recipes
        recipes[label] = known[label] if label in known else self.rows.find_recipe(model)
        for name, full in (("least row", False), ("full row", True)):
            insert = partial(self.rows.insert, model, {}, full=full)
            found = self.attempt(Probe(label, Action.INSERT, name), insert)
            if found.failed and not full:
                recipes[label] = self.rows.find_recipe(model)
        if recipes[label] is None:
            return None
        made: list[Model] = []
        if not self.tried(lambda: made.append(self.rows.insert(model, {}))):
            recipes[label] = None
            return None
        self.rows.kept = {type(parent): parent for parent in referred_to(made[0])}
        return made[0]

    def _read_back(self, made: Model, field: Any) -> str:
        """How what is read differs from what was written; empty where it does not."""
        wrote = getattr(made, field.attname)
        own = self.rows_of(type(made)).filter(pk=made.pk)
        (read,) = own.values_list(field.attname, flat=True)
        if type(read) is type(wrote) and read == wrote:
            return ""
        return f"{shown(read)} is read for {shown(wrote)}"

    def _moment_read(self, base: Model, field: Any) -> str:
        """Likewise, of a moment that Django took: by its type alone, for it is another one in
        each run."""
        wrote = getattr(base, field.attname)
        own = self.rows_of(type(base)).filter(pk=base.pk)
        (read,) = own.values_list(field.attname, flat=True)
        if type(read) is type(wrote):
            return ""
        return f"a {type(read).__name__} is read for a {type(wrote).__name__}"

    def _save(self, base: Model) -> None:
        self.rows.save(self.rows_of(type(base)).get(pk=base.pk), anew=False)

    def _delete(self, base: Model) -> None:
        self.rows.delete(self.rows_of(type(base)).get(pk=base.pk))

    # ---- outcomes ----

    def tried(self, run: Callable[[], object]) -> bool:
        """Do it, and leave it; False where it fails."""
        try:
            with transaction.atomic(using=self.connection.alias):
                run()
        except Error as error:
            if number_of(error) in CONNECTION_LOST:
                raise
            return False
        except Exception:
            return False
        return True

    def attempt(self, probe: Probe, run: Callable[[], object]) -> Outcome:
        """Do it, and undo it; what came out is kept."""
        try:
            with rolled_back(self.connection):
                read = run()
            found = Outcome(read=read if isinstance(read, str) else "")
        except NoRow:
            return Outcome(error="no row")
        except (ProtectedError, RestrictedError):
            found = Outcome()  # the code's own rule, which no schema knows
        except Error as error:
            if number_of(error) in CONNECTION_LOST:
                raise
            found = Outcome(number_of(error), self._without_schema(error), statement_of(error))
        except Exception as error:  # a converter that does not know what it reads
            found = Outcome(error=f"{type(error).__name__}: {error}")
        self.outcomes[probe] = found
        return found

    def _without_schema(self, error: Error) -> str:
        """The server's words, less the scratch schema's name."""
        schema = str(self.connection.settings_dict["NAME"])
        return message_of(error).replace(f"`{schema}`.", "").replace(f"{schema}.", "")


def linking_fields(model: type[Model]) -> list[Any]:
    """The many-to-many fields whose table Django makes."""
    fields: Iterable[Any] = model._meta.many_to_many
    return [field for field in fields if field.remote_field.through._meta.auto_created]


def _first_of(rows: QuerySet[Any]) -> int:
    return len(rows.all()[:2])


def _given(value: Any) -> Any:
    return value


def _is_text(field: Any) -> bool:
    return isinstance(field, CharField | TextField) and not field.choices


def shown(value: Any) -> str:
    """A value in a line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:20]}… ({type(value).__name__})"
