"""A statement that the server answered runs once, whatever becomes of the ledger's own writes."""

from __future__ import annotations

from tests.scenario import Project

# Answers the ledger's writes with the server's own refusal, as under another session's LOCK TABLES,
# as often as it is told to, from the moment that DDL of the second file has run.
REFUSING = """
import json, MySQLdb
from django.db import connection
from django.db.utils import OperationalError
from nestflux.applying.run.context import Options
from nestflux.applying.run.migrate import migrate
from nestflux.applying.target import open_target
from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.exceptions import NestFluxError

ran, refusals = [], {refusals}
def wrapper(execute, sql, params, many, context):
    global refusals
    if ran and refusals and {refused!r} in sql:
        refusals -= 1
        raise OperationalError(1205, "Lock wait timeout exceeded; try restarting transaction")
    result = execute(sql, params, many, context)
    statements = sql.split("\\n;\\n")
    ran.extend(one for one in statements if one.startswith("ALTER") and {after!r} in one)
    return result
said = ""
connection.ensure_connection()
connection.execute_wrappers.append(wrapper)
policy = RetryPolicy(tries=3, first_pause=0.01)
try:
    migrate(open_target("default"), options=Options(retry=policy))
except NestFluxError as error:
    said = str(error)
del connection.execute_wrappers[:]
with connection.cursor() as cursor:
    cursor.execute("SELECT ordinal, state FROM nestflux_statement WHERE state <> 'pending' "
                   "AND state <> 'done'")
    states = cursor.fetchall()
print(json.dumps({{"ran": ran, "said": said, "states": states}}))
"""
WRITE = "UPDATE nestflux_statement"
LOOK = "SHOW CREATE TABLE"


def _refusing(refusals: int, refused: str, after: str = "") -> str:
    return REFUSING.format(refusals=refusals, refused=refused, after=after)


def test_a_write_that_is_refused_for_a_while_is_tried_again_alone(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    seen = shop.python(_refusing(2, WRITE)).json

    assert seen["said"] == ""
    assert len(seen["ran"]) == len(set(seen["ran"]))


def test_a_write_that_stays_refused_leaves_the_step_to_recovery(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    seen = shop.python(_refusing(1000, WRITE)).json
    finished = shop.succeeds("db_migrate")

    assert "The ledger could not be written while 0002_second.sql ran" in seen["said"]
    assert len(seen["ran"]) == 1
    assert seen["states"] == [[1, "started"]]
    assert "statement 1 was in flight and is done" in finished.stdout


def test_a_step_on_a_table_with_a_legacy_character_set_is_recognised(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.sql("ALTER TABLE shop_category CONVERT TO CHARACTER SET latin1")

    seen = shop.python(_refusing(1000, WRITE, after="shop_category")).json
    finished = shop.succeeds("db_migrate")

    assert len(seen["ran"]) == 1
    assert "was in flight and is done: the schema shows that it ran" in finished.stdout


def test_a_next_step_that_cannot_be_looked_at_is_no_failure_of_this_one(shop: Project) -> None:
    shop.settings('DATABASES["default"]["OPTIONS"]["multi_statements"] = False')
    shop.succeeds("db_migrate", "--to", "0001")

    seen = shop.python(_refusing(1000, LOOK)).json
    finished = shop.succeeds("db_migrate")

    assert "statement 1" not in seen["said"].replace("statements 1", "")
    assert len(seen["ran"]) == len(set(seen["ran"]))
    assert all(state == "started" for _, state in seen["states"])
    assert finished.lines[-1] == "Database is up to date!"
    assert shop.sql("SELECT price FROM shop_product ORDER BY id") == [(11,), (11,)]


def test_a_look_that_fails_behind_a_statement_is_no_failure_of_it(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    seen = shop.python(
        """
        import json
        from django.db import connection
        from nestflux.applying.run.context import Options
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        from nestflux.schema.introspection import Look

        ran, asked = [], []
        def wrapper(execute, sql, params, many, context):
            statements = sql.split("\\n;\\n")
            ran.extend(one for one in statements if one.startswith("ALTER"))
            asked.extend(one for one in statements if "is_not_there" in one)
            return execute(sql, params, many, context)
        Look.statements = property(lambda look: ("SHOW CREATE TABLE is_not_there",))
        connection.ensure_connection()
        connection.execute_wrappers.append(wrapper)
        migrate(open_target("default"))
        print(json.dumps({"ran": ran, "asked": asked}))
        """
    ).json

    assert len(seen["asked"]) > 1
    assert len(seen["ran"]) == len(set(seen["ran"]))
    assert shop.sql("SELECT DISTINCT state FROM nestflux_statement") == [("done",)]


def test_autocommit_off_is_refused_with_words(shop: Project) -> None:
    shop.settings('DATABASES["default"]["AUTOCOMMIT"] = False')

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "has AUTOCOMMIT off" in refused.stderr
    assert shop.tables() == []


def test_a_run_waits_briefly_for_its_own_tables_and_gives_the_session_back(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    other = shop.server.connect(shop.database)
    other.cursor().execute("LOCK TABLES nestflux_run READ")

    refused = shop.run("db_migrate", "--lock", "DDL_TIMEOUT=1", "--lock", "TIMEOUT=1")
    other.close()
    shop.settings('DATABASES["default"]["OPTIONS"]["multi_statements"] = False')  # to ask between
    seen = shop.python(
        """
        import json
        from django.db import connection
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        names = "lock_wait_timeout", "max_statement_time", "max_execution_time"
        def session():
            with connection.cursor() as cursor:
                cursor.execute("SHOW VARIABLES WHERE Variable_name IN (%s, %s, %s)", names)
                return cursor.fetchall()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_wait_timeout = 77")
            for name in names[1:]:
                try:
                    cursor.execute(f"SET {name} = 55")
                except Exception:
                    pass
        before = session()
        during = []
        def note(execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            if sql.startswith(("ALTER", "INSERT INTO `shop_product`")) and not during[2:]:
                connection.execute_wrappers.remove(note)
                during.append([sql.split()[0], dict(session())])
                connection.execute_wrappers.append(note)
            return result
        connection.execute_wrappers.append(note)
        migrate(open_target("default"))
        del connection.execute_wrappers[:]
        print(json.dumps({"same": session() == before, "during": during}))
        """
    ).json

    assert refused.code == 1
    assert seen["same"]
    waits = {word: values["lock_wait_timeout"] for word, values in seen["during"]}
    assert waits == {"ALTER": "5", "INSERT": "77"}
    limits = {
        float(value)
        for _, values in seen["during"]
        for name, value in values.items()
        if name.startswith("max_")
    }
    assert limits == {0.0}
