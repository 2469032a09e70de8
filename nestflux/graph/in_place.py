"""What is changed in place: operations, and fields that are an operation's own.

A migration's operations are made once a process, and states are made of them again and again: to
detect changes, to record both ways, to check. A state holds the very fields of the operations, and
``ProjectState.rename_field`` changes some of them: what a composite primary key consists of, which
field a foreign key points at. The next state would begin with the names of the end.

And an operation of a project's or a package's own kind may change itself while it runs: Mayan
EDMS's ``duplicates.0006`` gives its field a default that it finds in the rows. What is recorded
next in the process, on another server, would begin with that.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import RenameField, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.utils import field_references
from django.db.models import Field

from nestflux.django_compat import forget_relations, is_method_replaced

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

_CHANGES = "state_forwards"


def own_operations(operations: Iterable[Operation]) -> list[Operation]:
    """The same, those that are not of Django's kinds as copies with fields of their own: whatever
    they make of themselves, the next who loads the migration gets them as they are written."""
    return [_own(operation) for operation in operations]


def _own(operation: Operation) -> Operation:
    is_nest = isinstance(operation, SeparateDatabaseAndState)
    if type(operation).__module__.startswith("django.") and not is_nest:
        return operation
    made = copy.copy(operation)
    for name, value in vars(operation).items():
        setattr(made, name, _copied(value))
    return made


def _copied(value: Any) -> Any:
    """With other fields and operations in it. Anything else is shared, with whom it was before."""
    if isinstance(value, Operation):
        return _own(value)
    if isinstance(value, Field):
        return copy.deepcopy(value)
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return value


def spare_fields(operations: Iterable[Operation]) -> None:
    """From now on, a state that one of the operations changes gets copies of what it changes."""
    for operation in _all(operations):
        if isinstance(operation, RenameField) and not is_method_replaced(operation, _CHANGES):
            of_django = getattr(operation, _CHANGES)
            setattr(operation, _CHANGES, partial(_rename, operation, of_django))


def _all(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _all((*operation.state_operations, *operation.database_operations))
        else:
            yield operation


def _rename(operation: RenameField, of_django: Any, app_label: str, state: ProjectState) -> None:
    renamed = app_label, operation.model_name_lower
    for key, model in state.models.items():
        model.fields = {
            name: field.clone()
            if key == renamed or field_references(key, field, renamed)
            else field
            for name, field in model.fields.items()
        }
    forget_relations(state)  # they hold the fields that were
    of_django(app_label, state)
