"""Each backup that was taken before data was lost: of which tables, where it lies, what became of
it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from nestflux.admin.read_only import LedgerAdmin
from nestflux.models import Backup


@admin.register(Backup)
class BackupAdmin(LedgerAdmin[Backup]):
    """The newest first."""

    list_display = ("taken_at", "file", "direction", "holds", "restored_at")
    list_select_related = ("sql_migration",)
    search_fields = ("path", "sha256", "sql_migration__name")
    search_help_text = "A file's name, a folder, or a dump's hash"
    ordering = ("-id",)
    fields = (
        "sql_migration",
        "direction",
        "attempt",
        "path",
        "sha256",
        "holds",
        "what_is_lost",
        "taken_at",
        "restored_at",
        "run",
    )

    @admin.display(description="file")
    def file(self, row: Backup) -> str:
        return f"{row.sql_migration.name}.sql"

    @admin.display(description="rows in the dump")
    def holds(self, row: Backup) -> SafeString:
        lines = ((f"{table}: {rows:,}",) for table, rows in row.tables.items())
        return format_html_join("", "<div>{}</div>", lines)

    @admin.display(description="what is lost")
    def what_is_lost(self, row: Backup) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((_describe_loss(lost),) for lost in row.lost))


def _describe_loss(lost: dict[str, str]) -> str:
    place = f"{lost['table']}.{lost['column']}" if lost.get("column") else lost["table"]
    return " ".join(part for part in (lost["kind"], place, lost.get("how", "")) if part)
