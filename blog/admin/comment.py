from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from blog import services
from blog.models import Comment
from nestflux.orm.large_tables import LargeTableAdmin, day_column


@admin.register(Comment)
class CommentAdmin(LargeTableAdmin[Comment]):
    """No date hierarchy: its links are a DISTINCT over every comment. The filter on `created_at`
    reads a range of an index."""

    fields = ("post", "author", "body", "status", "created_at")
    readonly_fields = ("status", "created_at")
    autocomplete_fields = ("post", "author")
    actions = ("approve", "reject")
    list_display = ("excerpt", "status", "post_title", "author_name", "written")
    list_filter = ("status", "created_at")
    list_prefetch_related = ("post", "author")
    search_fields = ("^post__title",)
    email_search_field = "author__email"
    search_help_text = "Beginning of the post's title, or the author's e-mail address with its @"
    ordering = ("-created_at",)
    sortable_by = ("written",)
    written = day_column("created_at", "written")

    @admin.display(description="comment")
    def excerpt(self, comment: Comment) -> str:
        return Truncator(comment.body).chars(60)

    @admin.display(description="post")
    def post_title(self, comment: Comment) -> str:
        return Truncator(comment.post.title).chars(50)

    @admin.display(description="author")
    def author_name(self, comment: Comment) -> str:
        return comment.author.name

    @admin.action(description="Approve selected comments", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        self._each(request, queryset, services.approve_comment, "approved")

    @admin.action(description="Reject selected comments", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        self._each(request, queryset, services.reject_comment, "rejected")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Comment],
        service: Callable[..., Comment],
        outcome: str,
    ) -> None:
        chosen = list(queryset.order_by().values_list("pk", flat=True))
        for key in chosen:
            self.log_change(request, service(comment_id=key), f"{outcome.capitalize()}.")
        comments = "1 comment" if len(chosen) == 1 else f"{len(chosen):,} comments"
        self.message_user(request, f"{comments} {outcome}.", messages.SUCCESS)
