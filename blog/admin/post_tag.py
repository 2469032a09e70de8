from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from blog.models import Post, PostTag
from nestflux.orm.large_tables import BoundedRelatedFilter, LargeTableAdmin, TabularInline


class PostTagInline(TabularInline[PostTag, Post]):
    model = PostTag
    extra = 0
    autocomplete_fields = ("tag",)
    verbose_name_plural = "tags"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostTag]:
        return super().get_queryset(request).select_related("post", "tag")


@admin.register(PostTag)
class PostTagAdmin(LargeTableAdmin[PostTag]):
    list_display = ("post", "tag")
    list_display_links = ("post",)
    list_filter = (("tag", BoundedRelatedFilter),)
    list_prefetch_related = ("post", "tag")
    autocomplete_fields = ("post", "tag")
    search_fields = ("^post__title",)
    search_help_text = "Beginning of a post's title"
    ordering = ("-pk",)
    sortable_by = ()
