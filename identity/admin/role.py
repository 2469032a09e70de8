from django.contrib import admin

from identity.admin.large_tables import LargeTableAdmin
from identity.models import Role


@admin.register(Role)
class RoleAdmin(LargeTableAdmin[Role]):
    list_display = ("code", "name", "description", "created_at")
    search_fields = ("^code",)
    search_help_text = "Beginning of a code"
    ordering = ("code",)
    sortable_by = ("code",)
    readonly_fields = ("created_at",)
