from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from identity.models import RoleAssignment, User
from nestflux.orm.large_tables import BoundedRelatedFilter, LargeTableAdmin, TabularInline


class RoleAssignmentInline(TabularInline[RoleAssignment, User]):
    model = RoleAssignment
    fk_name = "user"
    extra = 0
    fields = ("role", "assigned_by", "created_at")
    readonly_fields = ("assigned_by", "created_at")
    autocomplete_fields = ("role",)
    verbose_name_plural = "roles"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("role", "assigned_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A role is given and taken away, not rewritten: who gave it would no longer be true."""
        return False


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(LargeTableAdmin[RoleAssignment]):
    fields = ("user", "role", "assigned_by", "created_at")
    readonly_fields = ("assigned_by", "created_at")
    autocomplete_fields = ("user", "role")
    list_display = ("user", "role", "assigned_by", "created_at")
    list_filter = (("role", BoundedRelatedFilter),)
    list_prefetch_related = ("user", "role", "assigned_by")
    search_fields = ("^user__email",)
    search_help_text = "Beginning of a user's e-mail address"
    ordering = ("-pk",)
    sortable_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A role is given and taken away, not rewritten: who gave it would no longer be true."""
        return False

    def save_model(
        self, request: HttpRequest, obj: RoleAssignment, form: Any, change: bool
    ) -> None:
        assert isinstance(request.user, User)
        obj.assigned_by = request.user
        super().save_model(request, obj, form, change)
