"""Each SQL migration with its SQL, its statements, their verdicts, times and states."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime

from nestflux.admin.findings import findings_html
from nestflux.admin.highlight import sql_html
from nestflux.admin.read_only import (
    LedgerAdmin,
    NeverWritten,
    TabularInline,
    seconds_text,
    state_html,
)
from nestflux.applying.plan.costs import pending_warnings
from nestflux.applying.status import families_behind
from nestflux.applying.suitability import suitability_behind
from nestflux.exceptions import NestFluxError
from nestflux.history.families import Behind
from nestflux.history.records import deploy_order_in
from nestflux.models import SqlMigration, Statement

_LONG_TEXTS = ("up_text", "down_text", "record")


class StatementInline(NeverWritten, TabularInline[Statement, SqlMigration]):
    """The statements of a file, of every attempt up or down, in the order in which they ran."""

    model = Statement
    fk_name = "sql_migration"
    fields = readonly_fields = (
        "step",
        "state_badge",
        "verdict",
        "time",
        "rows",
        "text",
        "outcome",
    )
    extra = 0
    can_delete = False
    verbose_name_plural = "statements"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        found = super().get_queryset(request)
        return found.defer("schema_before", "delta").order_by("attempt", "ordinal")

    @admin.display(description="step")
    def step(self, row: Statement) -> str:
        attempt = "" if (row.direction, row.attempt) == ("up", 1) else f" {row.direction}"
        again = f", attempt {row.attempt}" if row.attempt > 1 else ""
        return f"{row.ordinal}{attempt}{again}"

    @admin.display(description="state")
    def state_badge(self, row: Statement) -> SafeString:
        return state_html(row.state, row.get_state_display())

    @admin.display(description="time")
    def time(self, row: Statement) -> str:
        return seconds_text(row.seconds)

    @admin.display(description="rows")
    def rows(self, row: Statement) -> str:
        return "" if row.rows_affected is None else f"{row.rows_affected:,}"

    @admin.display(description="SQL")
    def text(self, row: Statement) -> SafeString:
        return sql_html(row.sql)

    @admin.display(description="note and error")
    def outcome(self, row: Statement) -> SafeString:
        lines = [text for text in (row.note, row.error_text, row.undecidable) if text]
        return format_html_join("\n", "<div>{}</div>", ((line,) for line in lines))


@admin.register(SqlMigration)
class SqlMigrationAdmin(LedgerAdmin[SqlMigration]):
    """Ordered as the files are, the newest first."""

    list_display = (
        "file",
        "state_badge",
        "steps",
        "time",
        "finished",
        "origin",
    )
    list_filter = ("state", "origin", "family")
    search_fields = ("name", "migrations")
    search_help_text = "A file's name, or a migration in it"
    ordering = ("-number",)
    inlines = (StatementInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "state_badge",
                    "replaced_by",
                    "origin",
                    "applied",
                    "time",
                    "server_version",
                    "recorded_on",
                    "run",
                    "holds",
                    "deploy_order",
                    "review",
                )
            },
        ),
        ("SQL", {"fields": ("up_sql",)}),
        ("SQL that undoes it", {"classes": ("collapse",), "fields": ("down_sql",)}),
        (
            "Identity",
            {
                "classes": ("collapse",),
                "fields": ("id", "up_sha256", "down_sha256", "record_sha256", "django_rows"),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SqlMigration]:
        found = super().get_queryset(request)
        resolved = request.resolver_match
        if resolved is not None and str(resolved.url_name).endswith("_changelist"):
            return found.defer(*_LONG_TEXTS)
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        for one in _behind():
            self.message_user(request, f"{one} To catch up: {one.command}", messages.WARNING)
        for line in (*_of_server(), *_of_pending()):
            self.message_user(request, line, messages.WARNING)
        return super().changelist_view(request, extra_context)

    @admin.display(description="file", ordering="number")
    def file(self, row: SqlMigration) -> str:
        return f"{row.name}.sql"

    @admin.display(description="state", ordering="state")
    def state_badge(self, row: SqlMigration) -> SafeString:
        return state_html(row.state, row.get_state_display())

    @admin.display(description="replaced by", empty_value="")
    def replaced_by(self, row: SqlMigration) -> str:
        """The applied file that stands for it: it records all migrations that this one recorded."""
        if row.state != SqlMigration.State.REPLACED:
            return ""
        applied = SqlMigration.objects.filter(state=SqlMigration.State.APPLIED)
        held = (
            f
            for f in applied.only("name", "recorded_migrations")
            if set(row.recorded_migrations) <= set(f.recorded_migrations)
        )
        return next((self.file(file) for file in held), "")

    @admin.display(description="time", ordering="seconds")
    def time(self, row: SqlMigration) -> str:
        return seconds_text(row.seconds)

    @admin.display(description="steps", ordering="statement_count")
    def steps(self, row: SqlMigration) -> int:
        return row.statement_count

    @admin.display(description="finished", ordering="finished_at")
    def finished(self, row: SqlMigration) -> str:
        return _moment(row.finished_at)

    @admin.display(description="ran")
    def applied(self, row: SqlMigration) -> str:
        return f"{_moment(row.started_at)} to {_moment(row.finished_at)}"

    @admin.display(description="migrations")
    def holds(self, row: SqlMigration) -> SafeString:
        return _lines(row.migrations)

    @admin.display(description="deploy order")
    def deploy_order(self, row: SqlMigration) -> str:
        order = deploy_order_in(row.record)
        return _lines(order.lines()) if order else "not measured"

    @admin.display(description="findings")
    def review(self, row: SqlMigration) -> SafeString:
        return _findings(row)

    @admin.display(description="rows of django_migrations")
    def django_rows(self, row: SqlMigration) -> SafeString:
        return _lines(row.recorded_migrations)

    @admin.display(description="")
    def up_sql(self, row: SqlMigration) -> SafeString:
        return sql_html(row.up_text)

    @admin.display(description="")
    def down_sql(self, row: SqlMigration) -> SafeString:
        return sql_html(row.down_text)


def _behind() -> tuple[Behind, ...]:
    """None where the files are not there, as on a server that only serves the site."""
    try:
        return families_behind(DEFAULT_DB_ALIAS)
    except NestFluxError:
        return ()


def _of_server() -> tuple[str, ...]:
    """What a run would say of the server; nothing where it cannot be asked."""
    try:
        return tuple(suitability_behind(DEFAULT_DB_ALIAS).lines())
    except (NestFluxError, Error):
        return ()


def _of_pending() -> tuple[str, ...]:
    """What is to run next and writes too large a table anew; nothing where that is not known."""
    try:
        return tuple(pending_warnings(DEFAULT_DB_ALIAS))
    except (NestFluxError, Error):
        return ()


def _findings(row: SqlMigration) -> SafeString:
    """What ``db_check`` finds of the file; why not, where it cannot be asked."""
    from nestflux.reviewing.one_file import findings_of_file  # not for a command that starts

    try:
        return findings_html(findings_of_file(row._state.db or row.alias, row.family, row.pk))
    except NestFluxError as error:
        return _lines([f"Not checked: {error.what}", error.then])
    except Error as error:
        return _lines([f"Not checked: {error}"])


def _lines(values: Any) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((value,) for value in values or ()))


def _moment(value: datetime | None) -> str:
    if value is None:
        return "…"
    return f"{localtime(value) if is_aware(value) else value:%Y-%m-%d %H:%M:%S}"
