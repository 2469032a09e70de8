"""Requests of Django's test clients on a site with real replicas: where each reads, and that
nobody misses what they wrote."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import close_old_connections, connections, transaction
from django.test import AsyncClient, Client

from blog.models import Tag
from identity.models import User
from nestflux.conf import replicas
from nestflux.replicas import health, reading_from_replicas
from tests.replicas.conftest import ALIASES, Site, both_engines

PAIRS = 25


def test_reads_go_to_replicas(site: Site) -> None:
    site.well(*ALIASES)

    read = Counter(Client().get("/tag/first").json()["read"] for _ in range(40))

    assert set(read) == set(ALIASES)


def test_a_site_without_replicas_reads_from_its_database(site: Site) -> None:
    site.settings.NESTFLUX = {**site.settings.NESTFLUX, "REPLICAS": {}}
    site.settings.DATABASE_ROUTERS = []

    assert site.get("tag") == {"found": True, "read": "default"}


def test_all_reads_of_a_request_go_to_one_of_them(site: Site) -> None:
    site.well(*ALIASES)

    for _ in range(10):
        assert len(set(site.get("twice")["read"])) == 1


def test_a_request_that_is_about_to_write_reads_from_the_primary(site: Site) -> None:
    site.well(*ALIASES)

    assert site.post("twice")["read"] == ["default"] * 20
    assert site.post("asked_by_post")["read"] in ALIASES


# ---- what was written is read --------------------------------------------------------------------


@both_engines
def test_nobody_misses_what_they_wrote_on_a_replica_that_lags(site: Site) -> None:
    site.configure("replica_1")
    site.replica.lag(2)
    site.well()

    for _ in range(PAIRS):
        name = site.name()
        assert site.post("tag", name)["found"]
        assert site.get("tag", name)["found"]


@both_engines
def test_the_replica_is_read_from_once_it_has_what_was_written(site: Site) -> None:
    site.configure("replica_1", WAIT=60)
    site.well()
    read = []

    for _ in range(PAIRS):
        name = site.name()
        site.post("tag", name)
        answer = site.get("tag", name)
        assert answer["found"]
        read.append(answer["read"])

    assert read == ["replica_1"] * PAIRS


def test_a_replica_that_has_stopped_is_not_read_from_behind_a_write(site: Site) -> None:
    """Stopped since it was last asked: what is known of it is still good."""
    site.freeze()
    name = site.name()

    site.post("tag", name)

    assert site.get("tag", name) == {"found": True, "read": "default"}
    assert Client().get("/tag/first").json()["read"] == "replica_1"  # who wrote nothing


def test_a_wait_in_vain_is_not_repeated_by_the_next_request(site: Site) -> None:
    site.freeze(WAIT=0.3)
    site.post("tag", site.name())
    site.get("tag")
    late_until = health.known("replica_1")._late_until

    site.get("tag")

    assert 0 < late_until == health.known("replica_1")._late_until


@pytest.mark.parametrize("view", ["write_in_get", "raw", "by_hand", "on_commit"])
def test_within_a_request(site: Site, view: str) -> None:
    site.freeze()
    name = site.name()

    answer = site.get(view, name)

    assert answer.get("behind", answer) == {"found": True, "read": "default"}
    assert answer.get("before", {}).get("read", "replica_1") == "replica_1"
    assert site.get("tag", name)["found"]  # and in the next one


def test_what_was_rolled_back_needs_no_waiting_for(site: Site) -> None:
    site.freeze()

    assert site.get("rolled_back", site.name()) == {"found": False, "read": "replica_1"}


def test_a_view_says_what_no_statement_shows(site: Site) -> None:
    site.freeze()
    name = site.elsewhere()

    answer = site.get("said", name)

    assert answer["before"] == {"found": False, "read": "replica_1"}
    assert answer["behind"] == {"found": True, "read": "default"}


def test_a_view_that_fails_behind_its_write_is_remembered(site: Site) -> None:
    site.freeze()
    site.client.raise_request_exception = False
    name = site.name()

    assert site.client.post(f"/breaks/{name}").status_code == 500
    assert site.get("tag", name)["found"]


@both_engines
def test_many_visitors_at_once(site: Site) -> None:
    """Each in a thread of its own, and so with connections of its own."""
    site.configure("replica_1", WAIT=0.2)
    site.well()

    def visitor(number: int) -> list[dict[str, Any]]:
        client = Client()
        try:
            answers = []
            for _ in range(10):
                name = site.name()
                client.post(f"/tag/{name}")
                close_old_connections()  # as a web server's request does
                answers.append(client.get(f"/tag/{name}").json())
            return answers
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for each in pool.map(visitor, range(8)) for answer in each]

    assert len(answers) == 80
    assert all(answer["found"] for answer in answers)
    assert "replica_1" in {answer["read"] for answer in answers}


def test_a_snapshot_that_is_open_on_a_replica_is_not_read_from_behind_a_write(site: Site) -> None:
    """It stays what it was, though the replica has the write by now."""
    site.configure("replica_1", WAIT=60)
    site.well()
    name = site.name()
    with connections["replica_1"].cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    with reading_from_replicas(), transaction.atomic(using="replica_1"):
        assert not Tag.objects.using("replica_1").filter(slug=name).exists()
        Tag.objects.create(slug=name, name=name)
        site.replica.catch_up(site.primary)

        assert not Tag.objects.using("replica_1").filter(slug=name).exists()
        assert Tag.objects.filter(slug=name).exists()


# ---- the cookie ----------------------------------------------------------------------------------


def test_only_a_request_that_wrote_sets_the_cookie(site: Site) -> None:
    read = site.client.get("/tag/first")
    wrote = site.client.post(f"/tag/{site.name()}")
    cookie = wrote.cookies[replicas().cookie]

    assert replicas().cookie not in read.cookies
    assert "Cookie" not in read.headers.get("Vary", "")
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 9000)
    assert not cookie["secure"]
    assert "Cookie" in wrote.headers["Vary"]
    assert "private" in wrote.headers["Cache-Control"]


def test_the_cookie_is_as_secure_as_the_sessions(site: Site) -> None:
    site.settings.SESSION_COOKIE_SECURE = True

    cookie = site.client.post(f"/tag/{site.name()}").cookies[replicas().cookie]

    assert cookie["secure"]


def changed(text: str) -> str:
    return f"{text[:-1]}{'A' if text[-1] != 'A' else 'B'}"


@pytest.mark.parametrize(
    "spoil", [changed, lambda text: "", lambda text: "x", lambda text: "é" * 9]
)
def test_a_forged_cookie_says_nothing(site: Site, spoil: Any) -> None:
    site.freeze()
    site.post("tag", site.name())
    assert site.get("tag")["read"] == "default"

    site.client.cookies[replicas().cookie] = spoil(site.client.cookies[replicas().cookie].value)

    assert site.get("tag")["read"] == "replica_1"


def test_a_client_without_cookies_carries_a_header(site: Site) -> None:
    site.freeze(HEADER="X-Written")
    name = site.name()

    answer = Client().post(f"/tag/{name}")
    behind = Client().get(f"/tag/{name}", headers={"X-Written": answer.headers["X-Written"]})

    assert behind.json() == {"found": True, "read": "default"}
    assert Client().get(f"/tag/{name}").json()["read"] == "replica_1"
    assert "X-Written" in answer.headers["Vary"]


# ---- what stays on the primary -------------------------------------------------------------------


def test_a_transaction_reads_from_the_primary_and_what_follows_sees_no_less(site: Site) -> None:
    site.freeze()
    name = site.elsewhere()

    answer = site.get("in_a_transaction", name)

    assert answer == {
        "inside": {"found": True, "read": "default"},
        "behind": {"found": True, "read": "default"},
    }


def test_a_view_in_a_transaction_reads_from_the_primary(site: Site) -> None:
    site.well(*ALIASES)
    with patch.dict(site.settings.DATABASES["default"], ATOMIC_REQUESTS=True):
        assert site.get("twice")["read"] == ["default"] * 20


def test_a_locked_row_is_one_of_the_primary(site: Site) -> None:
    site.well(*ALIASES)

    assert site.get("locked") == {"found": True, "read": "default"}


def test_a_view_may_ask_for_the_primary(site: Site) -> None:
    site.configure("replica_1")
    site.well()

    answer = site.get("from_primary")

    assert (answer["inside"]["read"], answer["behind"]["read"]) == ("default", "replica_1")


def test_an_object_of_a_replica_is_saved_on_the_primary(site: Site) -> None:
    site.configure("replica_1", WAIT=60)
    site.well()
    name = site.everywhere()

    assert site.get("relations", name) == {
        "read": "replica_1",
        "again": "replica_1",
        "saved": "default",
    }


def test_objects_of_a_replica_and_of_the_primary_are_tied_together(site: Site) -> None:
    site.configure("replica_1", PAUSE=3600)
    email = make_user(site)
    site.well()
    site.replica.halt("SQL_THREAD")

    with reading_from_replicas():
        user = User.objects.get(email=email)
        read_from = user._state.db
        group = Group.objects.create(name=site.name())
        user.groups.add(group)
        entry = LogEntry.objects.create(user=user, object_repr="x", action_flag=1)

        assert read_from == "replica_1"
        assert list(user.groups.all()) == [group]
        assert LogEntry.objects.get(pk=entry.pk).user == user


def test_people_log_in_and_stay_so(site: Site) -> None:
    """Login writes a session and last_login."""
    site.configure("replica_1")
    site.replica.lag(2)
    site.well()
    email = make_user(site)

    for _ in range(3):
        client = Client()
        client.get(f"/enter/{email}")
        for _ in range(3):
            assert client.get("/who/x").json()["email"] == email


def test_the_admin_reads_from_the_primary(site: Site) -> None:
    site.configure("replica_1", PAUSE=3600)
    email = make_user(site, staff=True)
    site.well()
    site.client.get(f"/enter/{email}")
    site.client.cookies.pop(replicas().cookie)
    site.replica.halt("SQL_THREAD")
    name = site.elsewhere()

    listed = site.client.get(f"/admin/blog/tag/?slug={name}")

    assert listed.status_code == 200
    assert [each.slug for each in listed.context["cl"].result_list] == [name]
    assert site.get("tag", name) == {"found": False, "read": "replica_1"}


def make_user(site: Site, *, staff: bool = False) -> str:
    email = f"{site.name()}@example.com"
    user = User(email=email, name="Ada", is_staff=staff, is_superuser=staff)
    user.set_password("only-for-tests")
    user.save()
    for node in site.replicas:
        node.catch_up(site.primary)
    return email


def test_a_task_sees_what_the_request_wrote_that_started_it(site: Site) -> None:
    site.freeze()
    name = site.name()
    behind = site.post("for_a_task", name)["behind"]

    with reading_from_replicas():
        assert not Tag.objects.filter(slug=name).exists()
    with reading_from_replicas(behind=behind):
        assert Tag.objects.filter(slug=name).exists()


def test_tests_read_from_the_primary(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure("replica_1")
    site.well()
    assert site.get("tag")["read"] == "replica_1"

    monkeypatch.undo()

    assert site.get("tag")["read"] == "default"


# ---- async ---------------------------------------------------------------------------------------


@both_engines
def test_async_views_read_what_was_written(site: Site) -> None:
    site.configure("replica_1")
    site.replica.lag(2)
    site.well()

    async def pairs() -> None:
        client = AsyncClient()
        for _ in range(PAIRS):
            name = site.name()
            await client.post(f"/tag_async/{name}")
            answer = (await client.get(f"/tag_async/{name}")).json()
            assert answer["found"]
            assert answer["read"] in ("default", "replica_1")

    async_to_sync(pairs)()


def test_nothing_is_asked_in_the_event_loop(site: Site) -> None:
    site.configure("replica_1")
    site.well()

    answer = async_to_sync(AsyncClient().get)(f"/in_the_event_loop/{site.name()}")

    assert answer.json() == {"found": True, "loop": "default"}


def test_requests_at_once_have_a_context_each(site: Site) -> None:
    site.freeze()

    async def one(writes: bool) -> str:
        client, name = AsyncClient(), site.name()
        if writes:
            await client.post(f"/tag_async/{name}")
        for _ in range(3):
            answer = (await client.get(f"/tag_async/{name}")).json()
        return str(answer["read"])

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(one(number % 2 == 0) for number in range(10)))

    read = async_to_sync(all_of_them)()

    assert read == ["default", "replica_1"] * 5
