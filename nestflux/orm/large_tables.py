"""An admin that stays quick on tables of 100,000 rows and far more.

What makes Django's own admin slow there, and what is done instead: it counts every row, twice a
page (`EstimatedCountPaginator`, no full result count); it counts every filter's choices (no
facets); it searches with `LIKE '%word%'` (prefixes, one index); a filter or a drop-down lists a
whole related table (`BoundedRelatedFilter`, autocomplete); and it loads every row that a deletion
would take along (`get_deleted_objects`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import connections, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.timezone import localtime

from nestflux.orm.typed_admin import ModelAdmin as ModelAdmin
from nestflux.orm.typed_admin import TabularInline as TabularInline

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

ModelT = TypeVar("ModelT", bound=models.Model)

# Rows that are counted one by one. An index scan of so many takes a few milliseconds.
COUNTED_ROWS = 10_000
# Rows that one action may work on.
ACTION_ROWS = 1_000
# Choices that a filter in the side bar lists.
FILTER_CHOICES = 50
# Rows named on the page that says why a deletion is refused.
PROTECTED_ROWS = 10


class ApproximateCount(int):
    """A number of rows that nobody has counted; a template shows it with what it is."""

    prefix = "about "
    suffix = ""

    def __str__(self) -> str:
        return f"{self.prefix}{int(self):,}{self.suffix}"


class LowerBound(ApproximateCount):
    """So many, and more."""

    prefix = ""
    suffix = "+"


class EstimatedCountPaginator(_Paginator):
    """Counts up to `COUNTED_ROWS` rows and no further.

    Beyond that, a whole table is as long as the server's own statistics say, which InnoDB keeps
    for its optimizer: usually within a few per cent, so the last page may be empty or missing.
    A filtered list ends there: nobody turns 100 pages, and the filters go on.
    """

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows.order_by()[: COUNTED_ROWS + 1].count()
        if counted <= COUNTED_ROWS:
            return counted
        if _is_whole_table(rows):
            return ApproximateCount(max(counted, estimated_rows(rows.model, rows.db)))
        return LowerBound(COUNTED_ROWS)


def estimated_rows(model: type[models.Model], using: str) -> int:
    """The number of rows of a table as InnoDB's statistics have it; 0 when they know nothing."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not connection.mysql_is_mariadb:  # type: ignore[attr-defined]
            # MySQL hands out figures that are up to a day old otherwise (manual, "Optimizing
            # INFORMATION_SCHEMA Queries"); MariaDB has no such cache.
            cursor.execute("SET SESSION information_schema_stats_expiry = 0")
        cursor.execute(
            "SELECT TABLE_ROWS FROM information_schema.TABLES"
            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
            [model._meta.db_table],
        )
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0


def _is_whole_table(rows: QuerySet[Any]) -> bool:
    query = rows.query
    return not (query.where or query.distinct or query.is_sliced or query.combinator)


class BoundedRelatedFilter(admin.RelatedFieldListFilter):
    """Django's filter on a related row, with the first `FILTER_CHOICES` rows as choices."""

    @property
    def include_empty_choice(self) -> bool:
        return False

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        ordering = self.field_admin_ordering(field, request, model_admin)
        related = field.remote_field.model._default_manager.order_by(*ordering)
        return [(row.pk, str(row)) for row in related[:FILTER_CHOICES]]


def day_column(field: str, description: str) -> Callable[[Any, Any], str]:
    """A column that shows a date-time field as a day, in a third of the room, and sorts by it.
    For an attribute of an admin class, whose name `list_display` gives."""

    @admin.display(description=description, ordering=field)
    def day(self: Any, row: Any) -> str:
        moment = getattr(row, field)
        text = f"{localtime(moment):%d %b %Y}" if moment else "-"
        return text.replace(" ", "\N{NO-BREAK SPACE}")

    return day


class LargeTableAdmin(ModelAdmin[ModelT]):
    """The base of every admin here.

    `search_fields` are prefixes (`^`) of indexed columns of the table itself: an OR over two
    tables can use no index. To search by a person instead, name the path to the e-mail address in
    `email_search_field`; a text with an `@` is looked up there, and only there.
    """

    paginator = EstimatedCountPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    email_search_field = ""
    # Not list_select_related: joined to a small table, both servers' optimizers like to start
    # there, and then read and sort the whole large one to show its first hundred rows.
    list_select_related = ()
    list_prefetch_related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelT]:
        return super().get_queryset(request).prefetch_related(*self.list_prefetch_related)

    def get_search_fields(self, request: HttpRequest) -> list[str] | tuple[str, ...]:
        if self.email_search_field and "@" in request.GET.get("q", ""):
            return (f"^{self.email_search_field}",)
        return super().get_search_fields(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ModelT], search_term: str
    ) -> tuple[QuerySet[ModelT], bool]:
        # Django takes a text apart into words, each to be found. A prefix is the whole text.
        text = search_term.strip()
        if text and text[0] not in "\"'":
            text = '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
        return super().get_search_results(request, queryset, text)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[ModelT], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        everything = request.POST.get("select_across") == "1"
        if everything and queryset.order_by()[: ACTION_ROWS + 1].count() > ACTION_ROWS:
            self.message_user(
                request,
                f"That is more than {ACTION_ROWS:,} rows. Narrow the list with a filter first.",
                messages.ERROR,
            )
            return None
        return super().response_action(request, queryset, *args, **kwargs)

    def get_deleted_objects(
        self, objs: Sequence[ModelT] | QuerySet[ModelT], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What a deletion would take along, counted up to `COUNTED_ROWS` and not loaded.

        Looks at the rows that refer to `objs` and no further. Every table here that is removed
        by a cascade is the end of its chain; one that is not needs more than this.
        """
        chosen = list(objs)
        to_delete = [f"{capfirst(self.opts.verbose_name)}: {row}" for row in chosen]
        counts: dict[str, int] = {str(self.opts.verbose_name_plural): len(chosen)}
        forbidden: set[str] = set()
        protected: list[str] = []
        if not self.has_delete_permission(request):
            forbidden.add(str(self.opts.verbose_name))
        for relation in self.opts.related_objects:
            related = relation.related_model
            if relation.many_to_many or isinstance(related, str):
                continue
            rows = related._base_manager.filter(**{f"{relation.field.name}__in": chosen}).order_by()
            if relation.on_delete is not models.CASCADE:
                protected += [
                    f"{capfirst(related._meta.verbose_name)}: {row}"
                    for row in rows[:PROTECTED_ROWS]
                ]
                continue
            count = rows[: COUNTED_ROWS + 1].count()
            if not count:
                continue
            counts[str(related._meta.verbose_name_plural)] = (
                count if count <= COUNTED_ROWS else LowerBound(COUNTED_ROWS)
            )
            if not self._may_delete(related, request):
                forbidden.add(str(related._meta.verbose_name))
        return to_delete, counts, forbidden, protected

    def _may_delete(self, model: type[models.Model], request: HttpRequest) -> bool:
        if not self.admin_site.is_registered(model):
            return True
        return self.admin_site.get_model_admin(model).has_delete_permission(request)


class ReadOnlyAdmin(LargeTableAdmin[ModelT]):
    """A table that is looked at and never written by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
