from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import QuerySet
from django.http import HttpRequest

from blog import services
from blog.admin.post_tag import PostTagInline
from blog.exceptions import BlogError
from blog.models import Post
from nestflux.orm.large_tables import BoundedRelatedFilter, LargeTableAdmin, day_column


@admin.register(Post)
class PostAdmin(LargeTableAdmin[Post]):
    """Status and date are changed by the actions, which call the services: a form that set them
    one by one could not keep them together."""

    fieldsets = (
        (None, {"fields": ("title", "slug", "category", "author", "body")}),
        ("State", {"fields": ("status", "published_at", "created_at", "updated_at")}),
    )
    readonly_fields = ("status", "published_at", "created_at", "updated_at")
    autocomplete_fields = ("author", "category")
    inlines = (PostTagInline,)
    actions = ("publish", "unpublish", "archive")
    list_display = ("title", "status", "category", "author_name", "published", "written")
    list_filter = ("status", ("category", BoundedRelatedFilter), "published_at")
    list_prefetch_related = ("author", "category")
    date_hierarchy = "published_at"
    search_fields = ("^title", "^slug")
    email_search_field = "author__email"
    search_help_text = "Beginning of a title or a slug, or an author's e-mail address with its @"
    ordering = ("-created_at",)
    published = day_column("published_at", "published")
    written = day_column("created_at", "written")
    sortable_by = ("title", "published", "written")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        # A page of the list would read a hundred articles to show a hundred titles.
        return super().get_queryset(request).defer("body")

    def get_fieldsets(self, request: HttpRequest, obj: Post | None = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:1]

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> Any:
        """The slug of what readers have seen stays: links to it would break."""
        if obj and obj.status != Post.Status.DRAFT:
            return ("slug", *self.readonly_fields)
        return self.readonly_fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Post | None = None) -> Any:
        return {} if obj else {"slug": ("title",)}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("title", "slug"):
            kwargs["widget"] = AdminTextInputWidget(attrs={"class": "vLargeTextField"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="author")
    def author_name(self, post: Post) -> str:
        return post.author.name

    @admin.action(description="Publish selected posts", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, services.publish_post, "published")

    @admin.action(description="Make selected posts drafts again", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, services.unpublish_post, "made drafts")

    @admin.action(description="Archive selected posts", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, services.archive_post, "archived")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Post],
        service: Callable[..., Post],
        outcome: str,
    ) -> None:
        refused: list[str] = []
        chosen = list(queryset.order_by().values_list("pk", flat=True))
        for key in chosen:
            try:
                post = service(post_id=key)
            except BlogError as error:
                refused.append(str(error))
            else:
                self.log_change(request, post, f"{outcome.capitalize()} by an action.")
        done = len(chosen) - len(refused)
        if done:
            posts = "1 post" if done == 1 else f"{done:,} posts"
            self.message_user(request, f"{posts} {outcome}.", messages.SUCCESS)
        for reason in refused[:5]:
            self.message_user(request, reason, messages.WARNING)
        if len(refused) > 5:
            self.message_user(request, f"… and {len(refused) - 5:,} more.", messages.WARNING)
