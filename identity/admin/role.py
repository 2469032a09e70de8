from django.contrib import admin

from identity.models import Role
from nestflux.orm.large_tables import LargeTableAdmin


@admin.register(Role)
class RoleAdmin(LargeTableAdmin[Role]):
    list_display = ("code", "name", "description", "created_at")
    search_fields = ("^code",)
    search_help_text = "Beginning of a code"
    ordering = ("code",)
    sortable_by = ("code",)
    readonly_fields = ("created_at",)
