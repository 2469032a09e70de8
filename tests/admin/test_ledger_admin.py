"""The ledger in the admin: everything can be read, nothing can be written, all is escaped."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nestflux.admin import sql_migrations
from nestflux.applying.suitability import judged
from nestflux.conf import history_folder
from nestflux.database.server import server_of
from nestflux.database.setup import Setup
from nestflux.exceptions import HistoryError, Misconfigured
from nestflux.history.deploy_order import DeployOrder, Order
from nestflux.history.families import Behind
from nestflux.history.records import FileRecord
from nestflux.ledger.tables import ensure_ledger
from nestflux.models import Backup, Run, SqlMigration, Statement
from nestflux.reviewing import one_file
from nestflux.reviewing.exemptions import Exempted, Exemption
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.one_file import FileFindings

pytestmark = pytest.mark.django_db(transaction=True)

WHEN = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)
UP = """-- SQL migration 0099_spiders
-- Id: one

-- ---- Migration blog.0099_spiders

-- [1] INSTANT
ALTER TABLE `blog_post` ADD COLUMN `note` varchar(20) NOT NULL DEFAULT '<script>alert(1)</script>';
"""


@pytest.fixture
def ledger() -> Iterator[SqlMigration]:
    ensure_ledger(connection)
    run = Run.objects.create(
        command="db_migrate", alias="default", host="deploy-1", pid=1, user="ann", versions="",
        connection_id=1, started_at=WHEN, finished_at=WHEN, outcome="failed",
        error_text="<b>boom</b>", post_migrate_owed=False, post_migrate_hash="",
    )  # fmt: skip
    migration = SqlMigration.objects.create(
        id="one-spider", name="0099_spiders", number=99, alias="default", family="mysql",
        recorded_on="MySQL 9.7.4", server_version="9.7.4", up_sha256="a", down_sha256="b",
        record_sha256="c", up_text=UP, down_text="ALTER TABLE `blog_post` DROP COLUMN `note`;",
        record="{}", migrations=["blog.0099_spiders"], recorded_migrations=["blog.0099_spiders"],
        state="failed", origin="statements", direction="up", attempt=1, statement_count=1,
        run=run, started_at=WHEN, finished_at=None, seconds=0.25,
    )  # fmt: skip
    statement = Statement.objects.create(
        sql_migration=migration, direction="up", attempt=1, ordinal=1, sha256="a", kind="ddl",
        migration="blog.0099_spiders", sql=UP.splitlines()[-1], verdict="INSTANT",
        undecidable="", state="failed", note="", tries=1, schema_before={}, delta={},
        started_at=WHEN, finished_at=WHEN, seconds=0.25, error_code=1060,
        error_text="Duplicate column <i>note</i>", run=run,
    )  # fmt: skip
    backup = Backup.objects.create(
        sql_migration=migration, direction="up", attempt=1, path="/safe/shop-0099_spiders",
        sha256="d", tables={"blog_post": 1200}, taken_at=WHEN, run=run,
        lost=[{"table": "blog_post", "kind": "narrowed", "column": "title", "how": "<u>x</u>"}],
    )  # fmt: skip
    yield migration
    backup.delete()
    statement.delete()
    SqlMigration.objects.filter(pk=migration.pk).delete()
    run.delete()


@pytest.fixture
def staff() -> Client:
    """Somebody of the staff who may view the ledger, and nothing else."""
    user = get_user_model().objects.create_user(email="ann@example.com", name="Ann", password="x")
    user.is_staff = True
    user.save()
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="nestflux", codename__startswith="view_")
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser(
            email="root@example.com", name="Root", password="x"
        )
    )
    return client


LIST = "/admin/nestflux/sqlmigration/"
DETAIL = "/admin/nestflux/sqlmigration/one-spider/change/"


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_file_state_and_time(staff: Client, ledger: SqlMigration) -> None:
    shown = page(staff, LIST)

    assert "0099_spiders.sql" in shown
    assert '<span class="nestflux-state bad">failed</span>' in shown
    assert "0.25\N{NO-BREAK SPACE}s" in shown


def test_the_list_says_which_family_is_behind_and_how_it_catches_up(
    staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = Behind("mysql", "mariadb", ("0098_webs",), ("blog.0098_webs",))
    monkeypatch.setattr(sql_migrations, "families_behind", lambda alias: (behind,))

    shown = page(staff, LIST)

    assert "The MySQL history is behind since 0098_webs.sql of MariaDB" in shown
    assert "python manage.py db_generate --family mysql" in shown


def test_the_list_says_what_a_run_would_refuse(
    staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = judged(Setup(read_only=True), "MySQL 9.7.4")
    monkeypatch.setattr(sql_migrations, "suitability_behind", lambda alias: replica)

    shown = page(staff, LIST)

    assert "A run is refused here: MySQL 9.7.4 is read-only" in shown
    assert "point the database alias at the primary" in shown


def test_the_list_is_silent_about_a_good_server(staff: Client, ledger: SqlMigration) -> None:
    assert "A run is refused here" not in page(staff, LIST)


def test_the_list_says_which_pending_file_writes_too_large_a_table_anew(
    staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "0100_wider.sql, which is pending, writes a table anew (statement 1)"
    monkeypatch.setattr(sql_migrations, "pending_warnings", lambda alias: [line])

    assert line in page(staff, LIST)


def test_the_list_is_silent_where_what_is_pending_is_not_known(
    staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(alias: str) -> Iterator[str]:
        raise HistoryError("no files here", then="")

    monkeypatch.setattr(sql_migrations, "pending_warnings", refuse)

    assert "0099_spiders.sql" in page(staff, LIST)


def test_the_page_of_a_file_names_its_server(staff: Client, ledger: SqlMigration) -> None:
    assert '<div class="readonly">9.7.4</div>' in page(staff, DETAIL)


def test_the_page_of_a_file_shows_its_deploy_order(staff: Client, ledger: SqlMigration) -> None:
    page = f"/admin/nestflux/sqlmigration/{ledger.pk}/change/"
    before = staff.get(page).content.decode()
    order = DeployOrder(Order.TWO_STEPS, "MySQL 9.7.4", "strict", steps=("Step 1: <add> it",))
    ledger.record = FileRecord((), (), deploy_order=order).dumps()
    ledger.save()

    after = staff.get(page).content.decode()

    assert "not measured" in before
    assert "two steps. Measured on MySQL 9.7.4, strict" in after
    assert "Step 1: &lt;add&gt; it" in after


class TestFindings:
    """Of the file, as ``db_check`` has them (``tests/reviewing/test_one_file.py``)."""

    @pytest.fixture
    def recorded(self, ledger: SqlMigration) -> SqlMigration:
        """The first file of this repository's own history, which made the test database."""
        folder = history_folder("default", server_of(connection).family)
        return SqlMigration.objects.get(pk=folder.journal.entries[0].id)

    def test_the_page_of_a_file_shows_them(self, staff: Client, recorded: SqlMigration) -> None:
        shown = page(staff, f"{LIST}{recorded.pk}/change/")

        assert '<span class="nestflux-state waits">advice</span> <code>wide-varchar</code>' in shown
        assert f"{recorded.name}.sql, line " in shown
        assert "that takes a scratch schema: python manage.py db_check" in shown

    def test_few_queries_find_them(self, staff: Client, recorded: SqlMigration) -> None:
        with CaptureQueriesContext(connection) as bare:
            page(staff, DETAIL)  # of a file that the history does not list
        with CaptureQueriesContext(connection) as queries:
            page(staff, f"{LIST}{recorded.pk}/change/")

        assert len(queries) - len(bare) <= 8, [query["sql"] for query in queries]

    def test_a_file_that_the_history_does_not_list_has_none(
        self, staff: Client, ledger: SqlMigration
    ) -> None:
        assert "Not checked: the file: migrations_sql/mysql does not list it" in page(staff, DETAIL)

    def test_what_is_exempted_stands_with_its_reason(
        self, staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finding = Finding(
            "drop-column", Severity.WARNING, "The <b> is dropped.", details=("<i>",), fix="<u>"
        )
        exempted = Exempted(finding, Exemption("drop-column", "<s>nothing</s> reads it"))
        found = FileFindings((finding,), (exempted,))
        monkeypatch.setattr(one_file, "findings_of_file", lambda *given: found)

        shown = page(staff, DETAIL)

        assert '<span class="nestflux-state warn">warning</span>' in shown
        assert '<span class="nestflux-state waits">exempted</span>' in shown
        assert "<dt>Reason</dt><dd>&lt;s&gt;nothing&lt;/s&gt; reads it</dd>" in shown
        assert "The &lt;b&gt; is dropped." in shown
        assert "<pre>&lt;i&gt;</pre>" in shown
        assert "<dd>&lt;u&gt;</dd>" in shown

    def test_what_cannot_be_found_is_said(
        self, staff: Client, ledger: SqlMigration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*given: str) -> FileFindings:
            raise Misconfigured("exemptions.toml cannot be read.", then="correct it")

        monkeypatch.setattr(one_file, "findings_of_file", refuse)

        shown = page(staff, DETAIL)

        assert "Not checked: exemptions.toml cannot be read." in shown
        assert "correct it" in shown

    def test_nothing_is_looked_for_without_the_permission(
        self, staff: Client, recorded: SqlMigration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []
        monkeypatch.setattr(one_file, "findings_of_file", lambda *given: asked.append(given))
        get_user_model().objects.get(email="ann@example.com").user_permissions.clear()

        assert staff.get(f"{LIST}{recorded.pk}/change/").status_code == 403
        assert asked == []


def test_a_file_that_was_squashed_is_replaced(staff: Client, ledger: SqlMigration) -> None:
    SqlMigration.objects.filter(pk=ledger.pk).update(state="replaced")
    squash = SqlMigration.objects.get(pk=ledger.pk)
    squash.pk, squash.name, squash.state, squash.origin = "two", "0099_sq", "applied", "squashed"
    squash.recorded_migrations = ["blog.0001_initial", *ledger.recorded_migrations]
    squash.save(force_insert=True)
    try:
        listed, shown = page(staff, LIST), page(staff, DETAIL)
        alone = page(staff, f"{LIST}?state__exact=replaced")
    finally:
        SqlMigration.objects.filter(pk="two").delete()

    assert '<span class="nestflux-state waits">replaced</span>' in listed
    assert "in place of other files" in listed
    assert "0099_spiders.sql" in alone
    assert "0099_sq.sql" not in alone
    assert '<div class="readonly">0099_sq.sql</div>' in shown


def test_the_list_loads_no_long_texts(staff: Client, ledger: SqlMigration) -> None:
    with CaptureQueriesContext(connection) as queries:
        page(staff, LIST)

    assert not any("up_text" in query["sql"] for query in queries)


@pytest.mark.parametrize("query", ["?q=spiders", "?q=blog.0099", "?state__exact=failed"])
def test_the_list_is_searched_and_filtered(staff: Client, ledger: SqlMigration, query: str) -> None:
    assert "0099_spiders.sql" in page(staff, LIST + query)
    assert "0099_spiders.sql" not in page(staff, LIST + "?q=nobody")


def test_the_detail_shows_sql_statements_verdict_and_error(
    staff: Client, ledger: SqlMigration
) -> None:
    shown = page(staff, DETAIL)

    assert '<span class="k">ALTER</span>' in shown
    assert "-- [1] INSTANT" in shown
    assert "INSTANT" in shown
    assert "blog.0099_spiders" in shown
    assert "Duplicate column" in shown


def test_everything_is_escaped(staff: Client, ledger: SqlMigration) -> None:
    shown = page(staff, DETAIL)

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<i>note</i>" not in shown
    assert "<b>boom</b>" not in page(staff, f"/admin/nestflux/run/{ledger.run_id}/change/")


def test_runs_are_listed(staff: Client, ledger: SqlMigration) -> None:
    shown = page(staff, "/admin/nestflux/run/")

    assert "db_migrate" in shown
    assert "deploy-1" in shown


def test_backups_are_listed_and_say_what_they_hold(staff: Client, ledger: SqlMigration) -> None:
    listed = page(staff, "/admin/nestflux/backup/?q=spiders")
    shown = page(staff, f"/admin/nestflux/backup/{Backup.objects.get().pk}/change/")

    assert "0099_spiders.sql" in listed
    assert "blog_post: 1,200" in listed
    assert "/safe/shop-0099_spiders" in shown
    assert "narrowed blog_post.title &lt;u&gt;x&lt;/u&gt;" in shown


class TestNothingIsWritten:
    @pytest.mark.parametrize("table", ["sqlmigration", "run", "backup"])
    def test_not_even_by_a_superuser(
        self, superuser: Client, ledger: SqlMigration, table: str
    ) -> None:
        backup = Backup.objects.get().pk
        key = {"sqlmigration": "one-spider", "run": ledger.run_id, "backup": backup}[table]

        assert superuser.get(f"/admin/nestflux/{table}/add/").status_code == 403
        changed = superuser.post(f"/admin/nestflux/{table}/{key}/change/", {"name": "x"})
        assert changed.status_code == 403
        assert superuser.post(f"/admin/nestflux/{table}/{key}/delete/").status_code == 403

    def test_the_pages_offer_no_button(self, superuser: Client, ledger: SqlMigration) -> None:
        assert 'name="_save"' not in page(superuser, DETAIL)
        assert "deletelink" not in page(superuser, DETAIL)


def test_without_the_permission_there_is_nothing(ledger: SqlMigration, staff: Client) -> None:
    get_user_model().objects.get(email="ann@example.com").user_permissions.clear()

    assert staff.get(LIST).status_code == 403


def test_without_a_ledger_the_list_says_so(staff: Client, ledger: SqlMigration) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RENAME TABLE nestflux_sql_migration TO nestflux_hidden")
        try:
            assert "has no ledger yet" in page(staff, LIST)
        finally:
            cursor.execute("RENAME TABLE nestflux_hidden TO nestflux_sql_migration")
