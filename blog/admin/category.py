from django.contrib import admin

from blog.models import Category
from nestflux.orm.large_tables import LargeTableAdmin


@admin.register(Category)
class CategoryAdmin(LargeTableAdmin[Category]):
    list_display = ("name", "slug", "created_at")
    search_fields = ("^name", "^slug")
    search_help_text = "Beginning of a name or a slug"
    ordering = ("name",)
    sortable_by = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
