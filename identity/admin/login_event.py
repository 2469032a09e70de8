from django.contrib import admin

from identity.models import LoginEvent
from nestflux.orm.large_tables import ReadOnlyAdmin


@admin.register(LoginEvent)
class LoginEventAdmin(ReadOnlyAdmin[LoginEvent]):
    """No date hierarchy: its links are a DISTINCT over every event. The filter on `created_at`
    reads a range of an index."""

    list_display = ("created_at", "user", "succeeded", "ip_address")
    list_filter = ("succeeded", "created_at")
    list_prefetch_related = ("user",)
    search_fields = ("^ip_address",)
    email_search_field = "user__email"
    search_help_text = "Beginning of an IP address, or an e-mail address with its @"
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
