"""Foreign keys: types, orphans, and what a key still needs."""

from __future__ import annotations

from nestflux.database import foreign_keys
from nestflux.database.explanations.failure import Failure, explains
from nestflux.database.explanations.limits import no_room
from nestflux.sql import statement_parts
from nestflux.sql.lexer import quoted


# 1005: ER_CANT_CREATE_TABLE (MariaDB, errno 150 or 121); 1215: ER_CANNOT_ADD_FOREIGN;
# 1822: ER_FK_NO_INDEX_PARENT; 1824: ER_FK_CANNOT_OPEN_PARENT; 1830: ER_FK_COLUMN_NOT_NULL;
# 3734: ER_FK_MISSING_COLUMN...; 3780: ER_FK_INCOMPATIBLE_COLUMNS; 6125: a key that is not unique.
@explains(1005, 1215, 1822, 1824, 1830, 3734, 3780, 6125)
def _foreign_key_refused(failure: Failure) -> str:
    if failure.number == 1005 and "errno: 121" in failure.message:
        return _foreign_key_name_taken(failure)
    if failure.number == 1005 and (words := no_room(failure)):
        return words
    if failure.number == 3780 and not statement_parts.foreign_keys(failure.sql):
        return _column_of_a_foreign_key(failure)
    return foreign_keys.why_refused(failure.connection, failure.sql)


@explains(1826)  # ER_FK_DUP_NAME
def _foreign_key_name_taken(failure: Failure) -> str:
    names = [key.name for key in statement_parts.foreign_keys(failure.sql) if key.name]
    return (
        f"A constraint named {', '.join(names) or failure.first()} exists in this database; such "
        "names are unique in a whole schema. Drop the old one or choose another name."
    )


@explains(1452, 1216)  # ER_NO_REFERENCED_ROW_2, ER_NO_REFERENCED_ROW
def _orphans(failure: Failure) -> str:
    keys = statement_parts.foreign_keys(failure.sql) or statement_parts.foreign_keys(
        f"ALTER TABLE {quoted(failure.table)} ADD {failure.message.partition(',')[2].rstrip(')')})"
    )
    if not keys:
        return ""
    key = keys[0]
    columns, parents = ", ".join(key.columns), ", ".join(key.parent_columns)
    if failure.makes:
        return (
            f"{key.table} holds rows whose {columns} is not found in {key.parent}.{parents}, so "
            f"the foreign key cannot be made. Find them: {foreign_keys.orphans_query(key)} "
            "Delete or correct them, then go on."
        )
    return (
        f"{failure.table}.{columns} would refer to a row of {key.parent}.{parents} that is not "
        f"there. Insert the row of {key.parent} first."
    )


@explains(1451, 1217, 3730)  # ER_ROW_IS_REFERENCED_2, ER_ROW_IS_REFERENCED, …_DROP_TABLE
def _still_referred_to(failure: Failure) -> str:
    keys = [k for k in failure.foreign_keys() if k.parent == failure.table and k.table != k.parent]
    if not keys:
        return ""
    listed = "; ".join(f"{k.table}.{', '.join(k.columns)} ({k.name})" for k in keys)
    first = keys[0]
    if "DROP" in failure.sql.upper().split()[:1]:
        return (
            f"The table {failure.table} is referred to by {listed}. Drop that foreign key first: "
            f"ALTER TABLE {quoted(first.table)} DROP FOREIGN KEY {quoted(first.name)};"
        )
    return (
        f"Rows of {failure.table} are referred to by {listed}. Delete or change those rows first."
    )


@explains(1553)  # ER_DROP_INDEX_FK
def _index_of_a_foreign_key(failure: Failure) -> str:
    index = failure.first()
    columns = failure.index_columns(index)
    needed = [
        key
        for key in failure.foreign_keys()
        if (key.table == failure.table and columns[:1] == list(key.columns[:1]))
        or (key.parent == failure.table and columns[:1] == list(key.parent_columns[:1]))
    ]
    if not needed:
        return ""
    key = needed[0]
    return (
        f"The index {index} of {failure.table} ({', '.join(columns)}) is the one that the foreign "
        f"key {key.name} ({key.table}.{', '.join(key.columns)} to {key.parent}."
        f"{', '.join(key.parent_columns)}) needs. Make another index that begins with "
        f"{columns[0]} first, or drop the foreign key."
    )


@explains(1832, 1833)  # ER_FK_COLUMN_CANNOT_CHANGE, ER_FK_COLUMN_CANNOT_CHANGE_CHILD
def _column_of_a_foreign_key(failure: Failure) -> str:
    # 3780 quotes both columns and then the key; 1832 and 1833 a column, the key, a table.
    named = [name.split("/")[-1] for name in failure.quoted]
    child = next((key for key in failure.foreign_keys() if key.name in named), None)
    if child is None:
        return ""
    return (
        f"{failure.table}.{_own_column(failure, child)} belongs to the foreign key {child.name} "
        f"({child.table}."
        f"{', '.join(child.columns)} to {child.parent}.{', '.join(child.parent_columns)}), so its "
        f"type cannot change alone. Drop the key, change both columns, and make it again: "
        f"ALTER TABLE {quoted(child.table)} DROP FOREIGN KEY {quoted(child.name)};"
    )


def _own_column(failure: Failure, key: statement_parts.ForeignKey) -> str:
    changed = statement_parts.columns(failure.sql)
    mine = key.columns if key.table == failure.table else key.parent_columns
    return next((name for name in mine if name in changed), ", ".join(mine))
