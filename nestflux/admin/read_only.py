"""What the ledger's admins have in common: nothing can be written, and no ledger is no error."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import messages
from django.db import connections, models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nestflux.orm.typed_admin import ModelAdmin as ModelAdmin
from nestflux.orm.typed_admin import TabularInline as TabularInline

ModelT = TypeVar("ModelT", bound=models.Model)

_GOOD = frozenset({"applied", "done"})
_BAD = frozenset({"failed", "running", "rolling_back", "started"})


def state_html(state: str, label: str) -> SafeString:
    """A state as a badge; what needs a person's eyes stands out."""
    kind = "good" if state in _GOOD else "bad" if state in _BAD else "waits"
    return format_html('<span class="nestflux-state {}">{}</span>', kind, label)


def seconds_text(seconds: float | None) -> str:
    """``0.04 s``, ``12.3 s``, ``3 min 20 s``; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2f}\N{NO-BREAK SPACE}s"
    if seconds < 100:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


class NeverWritten:
    """Permissions of a table that only a command writes. Viewing asks Django's own permission."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LedgerAdmin(NeverWritten, ModelAdmin[ModelT]):
    """Base of the ledger's admins."""

    actions = None
    show_full_result_count = False
    change_form_template = "admin/nestflux/ledger_change_form.html"

    class Media:
        css = {"all": ["nestflux/ledger.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ModelT]:
        found = super().get_queryset(request)
        return found if self._has_table(found.db) else found.none()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self._has_table(super().get_queryset(request).db):
            self.message_user(
                request,
                "This database has no ledger yet: python manage.py db_migrate makes it.",
                messages.WARNING,
            )
        return super().changelist_view(request, extra_context)

    def _has_table(self, alias: str) -> bool:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.TABLES "
                "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
                [self.opts.db_table],
            )
            return bool(cursor.fetchone()[0])
