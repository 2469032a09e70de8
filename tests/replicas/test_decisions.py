"""What the router and its parts decide, without a server that copies another."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from blog.models import Tag
from nestflux.replicas import (
    ReplicaMiddleware,
    Router,
    middleware,
    reading_from_primary,
    reading_from_replicas,
    remembering,
    written,
    wrote,
)
from nestflux.replicas import context as contexts
from nestflux.replicas.choosing import is_test_run
from nestflux.replicas.context import Behind, Context, current
from nestflux.replicas.noticing import is_read
from tests.replicas.conftest import configure

pytestmark = pytest.mark.usefixtures("configured")

# ---- which statements are writes -----------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "  select 1;",
        "(SELECT 1) UNION (SELECT 2)",
        "/* a comment */ SELECT 1",
        "-- why\nSELECT 1",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SAVEPOINT `s1`",
        "RELEASE SAVEPOINT `s1`",
        "ROLLBACK TO SAVEPOINT `s1`",
    ],
)
def test_what_changes_nothing(sql: str) -> None:
    assert is_read(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "update t set a = 1",
        "REPLACE INTO t VALUES (1)",
        "DELETE FROM t",
        "CALL p()",
        "DO f()",
        "COMMIT",
        "TRUNCATE t",
        "ALTER TABLE t ADD c int",
        "WITH x AS (SELECT 1) DELETE FROM t",
        "SELECT 1; DELETE FROM t",
        "/*!50000 DELETE FROM t */",
        "/*M! DELETE FROM t */",
        "ANALYZE UPDATE t SET a = 1",
        "SELECTED",
        "",
    ],
)
def test_what_may_change_something(sql: str) -> None:
    assert not is_read(sql)


# ---- what is carried along -----------------------------------------------------------------------


def test_positions_come_back() -> None:
    text = remembering.remembered({"default": "0-1-42", "archive": ""})

    found = remembering.recalled(text)

    assert {primary: each.position for primary, each in found.items()} == {
        "default": "0-1-42",
        "archive": "",
    }


def test_an_old_one_says_nothing(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(configured, REMEMBER=60)
    text = remembering.remembered({"default": "0-1-42"})
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert remembering.recalled(text)
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert remembering.recalled(text) == {}


def test_another_key_says_nothing(configured: Settings) -> None:
    text = remembering.remembered({"default": "0-1-42"})
    configured.SECRET_KEY = "another"

    assert remembering.recalled(text) == {}


def test_a_primary_that_is_none_any_more_says_nothing() -> None:
    assert remembering.recalled(remembering.remembered({"replica_1": "0-1-42"})) == {}


def test_a_set_of_gtids_that_is_too_long_is_left_out() -> None:
    long = ",".join(f"{uuid4()}:1-9" for _ in range(99))

    text = remembering.remembered({"default": long})

    assert len(text) <= remembering.LONGEST
    assert remembering.recalled(text)["default"].position == ""


# ---- the router ----------------------------------------------------------------------------------


def instance(database: str | None) -> Any:
    return SimpleNamespace(_state=SimpleNamespace(db=database))


def test_outside_of_a_context_all_goes_to_the_primary() -> None:
    ours = Router()

    assert current() is None
    assert ours.db_for_read(Tag) == "default"
    assert ours.db_for_read(Tag, instance=instance("replica_2")) == "default"
    assert ours.db_for_write(Tag, instance=instance("archive_1")) == "archive"
    assert ours.db_for_read(Tag, instance=instance("other")) == "other"


def test_the_others_say_which_primary_a_model_has(configured: Settings) -> None:
    class Archived:
        def db_for_read(self, model: Any, **hints: Any) -> str | None:
            return "archive" if model is Tag else None

        db_for_write = db_for_read

    configured.DATABASE_ROUTERS = [Router(), Archived()]

    assert router.db_for_read(Tag) == router.db_for_write(Tag) == "archive"


@pytest.mark.parametrize(
    ("one", "other", "allowed"),
    [
        ("default", "replica_1", True),
        ("replica_2", "replica_1", True),
        ("archive", "archive", True),
        ("default", "archive_1", None),
        ("other", "other", None),
        (None, "replica_1", None),
    ],
)
def test_relations(one: str | None, other: str, allowed: bool | None) -> None:
    assert Router().allow_relation(instance(one), instance(other)) is allowed


def test_nothing_is_migrated_on_a_replica() -> None:
    ours = Router()

    assert ours.allow_migrate("replica_1", "blog") is False
    assert ours.allow_migrate("default", "blog") is None
    assert ours.allow_migrate("other", "blog") is None


def test_an_object_of_the_primary_is_followed_there() -> None:
    with reading_from_replicas():
        assert Router().db_for_read(Tag, instance=instance("default")) == "default"


# ---- contexts ------------------------------------------------------------------------------------


def test_a_context_ends_with_its_block() -> None:
    with pytest.raises(ValueError), reading_from_replicas():  # noqa: PT012
        assert current() is not None
        raise ValueError

    assert current() is None


def test_a_decorated_function_has_one_for_each_call() -> None:
    seen: list[Context] = []

    @reading_from_replicas()
    def task(depth: int) -> None:
        scope = current()
        assert scope
        seen.append(scope.context)
        if depth:
            task(depth - 1)

    task(1)
    task(0)

    assert seen[0] is seen[1]  # within another it shares what that one wrote
    assert seen[2] is not seen[0]
    assert current() is None


def test_tasks_at_once_have_one_each() -> None:
    @reading_from_replicas()
    async def task() -> Context:
        before = current()
        await asyncio.sleep(0)
        scope = current()
        assert scope is before
        assert scope
        return scope.context

    async def both() -> list[Context]:
        return list(await asyncio.gather(task(), task()))

    first, second = asyncio.run(both())

    assert first is not second


def test_what_a_task_starts_shares_its_context() -> None:
    async def child() -> Context | None:
        scope = current()
        return scope.context if scope else None

    @reading_from_replicas()
    async def task() -> None:
        scope = current()
        assert scope
        assert {id(each) for each in await asyncio.gather(child(), child())} == {id(scope.context)}

    asyncio.run(task())


def test_the_primary_is_asked_for_within_a_context_alone() -> None:
    with reading_from_primary():
        assert current() is None
    with reading_from_replicas():
        around = current()
        assert around
        with reading_from_primary():
            inside = current()
            assert inside
            assert inside.context is around.context
            assert not inside.may_use_replicas()
        assert around.may_use_replicas()


def test_a_task_is_told_what_a_request_wrote() -> None:
    text = remembering.remembered({"default": "0-1-42"})

    with reading_from_replicas(behind=text):
        scope = current()
        assert scope
        assert scope.context.behind["default"].position == "0-1-42"
    with reading_from_replicas(behind="forged"):
        scope = current()
        assert scope
        assert scope.context.behind == {}


def test_outside_nothing_is_written_down() -> None:
    wrote()

    assert written() == ""


def test_what_was_written_is_forgotten_after_a_while() -> None:
    context = Context(behind={DEFAULT_DB_ALIAS: Behind("", time.monotonic() - 1)})

    assert context.settle(DEFAULT_DB_ALIAS) is None


class InTransaction:
    alias = "default"
    connection = object()
    in_atomic_block = True


def test_a_write_in_a_transaction_has_no_position_yet() -> None:
    context = Context()
    context.note_write(InTransaction())  # type: ignore[arg-type]

    settled = context.settle("default")

    assert settled
    assert settled.position == ""
    assert context.unsettled["default"]  # asked again when it has ended


def test_what_is_remembered_is_asked_again_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request of the same visitor may have written, and ended, meanwhile: its cookie is not
    to be overwritten by an older position."""
    positions = iter(["0-1-1", "0-1-2"])
    monkeypatch.setattr(contexts, "_position", lambda primary: next(positions))
    context = Context()
    context.note_write(connections["default"])

    settled = context.settle("default")

    assert settled
    assert settled.position == "0-1-1"
    assert context.positions() == {"default": "0-1-2"}


def test_what_an_earlier_request_wrote_elsewhere_is_carried_on() -> None:
    behind = Behind("0-1-7", time.monotonic() + 60)

    assert Context(behind={"archive": behind}).positions() == {"archive": "0-1-7"}


def test_what_outlives_its_request_is_outside_of_it() -> None:
    async def later(ended: asyncio.Event) -> bool:
        inside = current() is not None
        await ended.wait()
        return inside and current() is None

    async def main() -> bool:
        ended = asyncio.Event()
        with reading_from_replicas():
            task = asyncio.create_task(later(ended))
            await asyncio.sleep(0)
            with reading_from_replicas():
                pass
            assert current() is not None  # the end of an inner one is not that of the outer
        ended.set()
        return await task

    assert asyncio.run(main())


def test_an_async_request_that_wrote_nothing_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        assert current() is not None
        return HttpResponse(str(threading.get_ident()))

    monkeypatch.delattr(middleware, "sync_to_async")
    answer = asyncio.run(ReplicaMiddleware(view)(RequestFactory().get("/")))

    assert answer.content.decode() == str(threading.get_ident())
    assert current() is None


def test_a_test_run_is_known() -> None:
    assert is_test_run()


def test_watching_takes_away_no_wrapper_of_somebody_elses() -> None:
    connection = connections["default"]
    before = list(connection.execute_wrappers)
    connection.execute_wrappers.clear()

    def theirs(execute: Any, *arguments: Any) -> Any:
        return execute(*arguments)

    with connection.execute_wrapper(theirs), reading_from_replicas():
        assert connection.execute_wrappers[-1] is theirs

    assert theirs not in connection.execute_wrappers
    connection.execute_wrappers[:] = before
