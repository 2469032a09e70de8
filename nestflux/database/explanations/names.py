"""Names and shapes: what is there already, what is not, what is too long."""

from __future__ import annotations

import difflib
import re

from nestflux.database.explanations.failure import Failure, explains
from nestflux.sql import statement_parts
from nestflux.sql.lexer import quoted
from nestflux.sql.names import changes_case_only


@explains(1050)  # ER_TABLE_EXISTS_ERROR
def _table_exists(failure: Failure) -> str:
    if changes_case_only(failure.sql):
        return (
            "This server compares names of tables without case (lower_case_table_names), so it "
            "cannot change the case of one. Record on a server that compares letters (0)."
        )
    return (
        f"The table {failure.first().split('.')[-1]} is there already, and this statement makes "
        "it. Somebody made it outside the migrations, or a run of another tool ended half-way: "
        "compare it (SHOW CREATE TABLE) and rename or drop the one that is not wanted. If all that "
        "the file makes is there: db_mark_applied."
    )


@explains(1359)  # ER_TRG_ALREADY_EXISTS; MySQL names no trigger, MariaDB says which
def _trigger_exists(failure: Failure) -> str:
    name = re.search(r"\bTRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?", failure.sql, re.IGNORECASE)
    trigger = name[1] if name else "…"
    return (
        f"A trigger {trigger} is there already, and this statement makes it. Compare it (SHOW "
        "TRIGGERS) and drop the one that is not wanted. Where SHOW TRIGGERS has none, a MariaDB "
        "that was killed while it dropped the table has kept the name: DROP TRIGGER IF EXISTS "
        f"{trigger};"
    )


@explains(1060)  # ER_DUP_FIELDNAME
def _column_exists(failure: Failure) -> str:
    return (
        f"The column {failure.where} is there already, and this statement adds it. Somebody added "
        "it outside the migrations: compare it and drop or rename the one that is not wanted."
    )


@explains(1061)  # ER_DUP_KEYNAME
def _index_exists(failure: Failure) -> str:
    index = failure.first()
    columns = ", ".join(failure.index_columns(index))
    on = f" on ({columns})" if columns else ""
    return (
        f"{failure.table} has an index named {index}{on} already. Drop it if it is the same one "
        f"(DROP INDEX {quoted(index)} ON {quoted(failure.table)};) or choose another name."
    )


@explains(1091, 1176, 3821)  # ER_CANT_DROP_FIELD_OR_KEY, ER_KEY_DOES_NOT_EXISTS, …_CHECK…
def _nothing_to_drop(failure: Failure) -> str:
    named = failure.quoted
    name = named[1] if len(named) > 1 and "." in named[0] else failure.first()
    if name.upper().startswith("COLUMN"):
        name = named[-1]
    return (
        f"{failure.table} has no column, index or constraint {name}: it was dropped or renamed "
        "outside the migrations. See what is there: "
        f"SHOW CREATE TABLE {quoted(failure.table)}; after "
        "db_rollback, db_baseline --reconcile writes the statements that give it back."
    )


@explains(1146, 1051)  # ER_NO_SUCH_TABLE, ER_BAD_TABLE_ERROR
def _no_table(failure: Failure) -> str:
    table = failure.first().split(".")[-1]
    known = [
        str(row[0])
        for row in failure.ask(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        )
    ]
    return (
        f"There is no table {table} in this database{_alike(table, known)}. Is every migration "
        "applied (db_status), and is this the right database?"
    )


@explains(1054)  # ER_BAD_FIELD_ERROR
def _no_column(failure: Failure) -> str:
    column = failure.first().split(".")[-1]
    known = failure.columns_of(failure.table)
    if column in known and failure.makes:  # MariaDB, of one from which another is computed
        return _is_computed_from(failure, column)
    return (
        f"{failure.table} has no column {column}{_alike(column, known)}. Is every migration "
        "applied (db_status)?"
    )


@explains(3108)  # ER_DEPENDENT_BY_GENERATED_COLUMN
def _generated_from(failure: Failure) -> str:
    return _is_computed_from(failure, failure.first())


def _is_computed_from(failure: Failure, column: str) -> str:
    rows = failure.ask(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
        "AND TABLE_NAME = %s AND INSTR(GENERATION_EXPRESSION, %s) ORDER BY ORDINAL_POSITION",
        failure.table,
        quoted(column),
    )
    computed = ", ".join(str(row[0]) for row in rows) or "another column"
    return (
        f"{computed} of {failure.table} is computed from {column}. Drop or change that column "
        "first: as an operation before this one, or in a migration of its own."
    )


@explains(1072)  # ER_KEY_COLUMN_DOES_NOT_EXITS
def _no_key_column(failure: Failure) -> str:
    column = failure.first()
    known = failure.columns_of(failure.table)
    return f"The index names the column {failure.where}, which is not there{_alike(column, known)}."


def _alike(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (there is {close[0]})" if close else ""


@explains(1064, 1149)  # ER_PARSE_ERROR, ER_SYNTAX_ERROR
def _syntax(failure: Failure) -> str:
    near = re.search(r"near '(.*)' at line (\d+)", failure.message, re.DOTALL)
    if near is None:
        return ""
    text = " ".join(near[1].split())
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    if not shown:
        return f"The SQL ends too early (line {near[2]} of the statement): something is missing."
    return (
        f"The server does not understand the SQL from {shown!r} on (line {near[2]} of the "
        "statement). Is it written for the other family, or for a newer version?"
    )


# ER_TOO_LONG_IDENT; MariaDB says of a table 1103 ER_WRONG_TABLE_NAME
@explains(1059, 1103, 1166)
def _name_too_long(failure: Failure) -> str:
    name = failure.first()
    if len(name) <= 64:
        return ""
    return (
        f"The name {name!r} has {len(name)} characters; a name may have 64 (Manual 11.2.1). "
        "Give a shorter one: Meta.db_table, db_column, or the index's or constraint's name."
    )


_LONGEST_KEY = 3072  # bytes of InnoDB's key in a DYNAMIC row (Manual 17.22)
_LONGEST_COMPACT = 767  # of a column in a key of a COMPACT or REDUNDANT one


@explains(1071, 1709)  # ER_TOO_LONG_KEY, ER_INDEX_COLUMN_TOO_LONG
def _key_too_long(failure: Failure) -> str:
    columns = statement_parts.key_columns(failure.sql)
    listed = f" ({', '.join(columns)})" if columns else ""
    said = re.search(r"(?:is|size is) (\d+) bytes", failure.message)
    limit = int(said[1]) if said else _LONGEST_KEY
    if limit == _LONGEST_COMPACT:
        return (
            f"An index of {failure.table}{listed} has a column of more than 767 bytes, which is "
            "all that InnoDB takes in a table whose ROW_FORMAT is COMPACT or REDUNDANT. Before a "
            "table is made: SET GLOBAL innodb_default_row_format = 'DYNAMIC'; one that is there: "
            f"ALTER TABLE {quoted(failure.table)} ROW_FORMAT=DYNAMIC;"
        )
    if limit != _LONGEST_KEY:
        return (
            f"An index of {failure.table}{listed} is longer than {limit} bytes, and InnoDB would "
            f"take 3072: the table's engine is another one, or its pages are small. See it: SHOW "
            f"TABLE STATUS LIKE '{failure.table}'; Convert it: ALTER TABLE {quoted(failure.table)} "
            "ENGINE=InnoDB;"
        )
    return (
        f"An index of {failure.table}{listed} is longer than InnoDB's 3072 bytes; a character of "
        "utf8mb4 counts for 4, so varchar(768) is the longest column. Shorten a column or index "
        "a hash of it."
    )


@explains(1118)  # ER_TOO_BIG_ROWSIZE
def _row_too_long(failure: Failure) -> str:
    return (
        f"A row of {failure.table} would be longer than MySQL's 65,535 bytes, in which a varchar "
        "counts with 4 bytes a character. Shorten the varchars or make the long ones TextField."
    )


@explains(1074)  # ER_TOO_BIG_FIELDLENGTH
def _column_too_long(failure: Failure) -> str:
    return (
        f"{failure.where} is longer than a varchar may be (16,383 characters of utf8mb4). Use "
        "TextField."
    )


@explains(1101)  # ER_BLOB_CANT_HAVE_DEFAULT
def _no_default_for_text(failure: Failure) -> str:
    return (
        f"{failure.where} is TEXT, BLOB or JSON, which takes no constant as its default here. "
        "Write the default as an expression in parentheses, or leave it out."
    )


@explains(1170)  # ER_BLOB_KEY_WITHOUT_LENGTH
def _text_in_a_key(failure: Failure) -> str:
    return (
        f"{failure.where} is TEXT or BLOB, which an index can hold only in part. Use CharField "
        "with a max_length (768 at the most) for a column that is indexed or unique."
    )


@explains(1067)  # ER_INVALID_DEFAULT
def _invalid_default(failure: Failure) -> str:
    return f"The default of {failure.where} is no value of its type. Correct the default."
