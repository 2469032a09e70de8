"""Each command that held the lock: who ran it, when, and how it ended."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from nestflux.admin.read_only import LedgerAdmin, state_html
from nestflux.models import Run


@admin.register(Run)
class RunAdmin(LedgerAdmin[Run]):
    """The newest first."""

    list_display = ("started_at", "command", "outcome_badge", "host", "user", "finished_at")
    list_filter = ("outcome", "command")
    search_fields = ("host", "user", "error_text")
    search_help_text = "A host, a user, or a part of an error"
    ordering = ("-id",)

    @admin.display(description="outcome", ordering="outcome")
    def outcome_badge(self, row: Run) -> SafeString:
        return state_html(row.outcome, row.get_outcome_display())
