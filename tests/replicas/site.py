"""The addresses of a site that reads from replicas: what each test asks for, and where it was read.

``Tag`` of this repository's own blog stands for any model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth import authenticate, login
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from blog.models import Tag
from nestflux.replicas import reading_from_primary, reading_from_replicas, written, wrote

NAMES = Tag.objects.order_by("pk")


def make(name: str) -> Tag:
    return Tag.objects.create(slug=name, name=name)


def seen(name: str) -> dict[str, Any]:
    """Is the tag there, and where was it looked for?"""
    found = Tag.objects.filter(slug=name)
    return {"found": found.exists(), "read": found.db}


def tag(request: HttpRequest, name: str) -> JsonResponse:
    """POST makes it, GET looks for it."""
    if request.method == "POST":
        make(name)
    return JsonResponse(seen(name))


async def tag_async(request: HttpRequest, name: str) -> JsonResponse:
    if request.method == "POST":
        await Tag.objects.acreate(slug=name, name=name)
    found = [each.slug async for each in Tag.objects.filter(slug=name)]
    read = [each._state.db async for each in Tag.objects.filter(slug__in=["first", name])]
    return JsonResponse({"found": bool(found), "read": read[-1] if read else None})


async def in_the_event_loop(request: HttpRequest, name: str) -> JsonResponse:
    """Django asks the router there, too, and must not ask a server."""
    await Tag.objects.acreate(slug=name, name=name)
    read = Tag.objects.filter(slug=name)
    found = [each.slug async for each in read.aiterator()]
    return JsonResponse({"found": found == [name], "loop": read.db})


def write_in_get(request: HttpRequest, name: str) -> JsonResponse:
    """Before and behind a write of one request."""
    before = seen(name)
    make(name)
    return JsonResponse({"before": before, "behind": seen(name)})


def in_a_transaction(request: HttpRequest, name: str) -> JsonResponse:
    with transaction.atomic():
        inside = seen(name)
    return JsonResponse({"inside": inside, "behind": seen(name)})


def on_commit(request: HttpRequest, name: str) -> JsonResponse:
    """What is registered before the write runs behind the commit, and sees it."""
    found: list[dict[str, Any]] = []
    with transaction.atomic():
        transaction.on_commit(lambda: found.append(seen(name)))
        make(name)
    return JsonResponse(found[0])


def rolled_back(request: HttpRequest, name: str) -> JsonResponse:
    with transaction.atomic():
        make(name)
        transaction.set_rollback(True)
    return JsonResponse(seen(name))


def raw(request: HttpRequest, name: str) -> JsonResponse:
    """A write that no router hears of."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO blog_tag (slug, name) VALUES (%s, %s)", [name, name])
    return JsonResponse(seen(name))


def by_hand(request: HttpRequest, name: str) -> JsonResponse:
    """A transaction that Django does not know of, looked at before it ends."""
    with connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO blog_tag (slug, name) VALUES (%s, %s)", [name, name])
        seen("another")
        cursor.execute("COMMIT")
    return JsonResponse(seen(name))


def locked(request: HttpRequest, name: str) -> JsonResponse:
    with transaction.atomic():
        found = Tag.objects.select_for_update().filter(slug=name)
        return JsonResponse({"found": bool(found), "read": found.db})


def relations(request: HttpRequest, name: str) -> JsonResponse:
    """Objects of a replica: changed, and tied to one of the primary."""
    read = Tag.objects.get(slug=name)
    came_from = read._state.db
    again = Tag.objects.filter(pk=read.pk).db
    read.name = f"{name} changed"
    read.save()
    return JsonResponse({"read": came_from, "again": again, "saved": read._state.db})


def said(request: HttpRequest, name: str) -> JsonResponse:
    """A write that no statement shows, and a view that says so."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    before = seen(name)
    wrote()
    return JsonResponse({"before": before, "behind": seen(name)})


def from_primary(request: HttpRequest, name: str) -> JsonResponse:
    with reading_from_primary():
        inside = seen(name)
    return JsonResponse({"inside": inside, "behind": seen(name)})


@reading_from_replicas()
def asked_by_post(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse(seen(name))


def for_a_task(request: HttpRequest, name: str) -> JsonResponse:
    make(name)
    return JsonResponse({"behind": written()})


def twice(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse({"read": [Tag.objects.filter(slug=name).db for _ in range(20)]})


def enter(request: HttpRequest, name: str) -> HttpResponse:
    user = authenticate(request, username=name, password="only-for-tests")
    assert user is not None
    login(request, user)
    return HttpResponse("in")


def who(request: HttpRequest, name: str) -> JsonResponse:
    user: Any = request.user
    email = user.email if user.is_authenticated else None
    return JsonResponse({"email": email, "read": user._state.db if email else None})


def breaks(request: HttpRequest, name: str) -> JsonResponse:
    make(name)
    raise ValueError("behind the write")


_VIEWS: tuple[Callable[..., Any], ...] = (
    tag,
    tag_async,
    in_the_event_loop,
    write_in_get,
    in_a_transaction,
    on_commit,
    rolled_back,
    raw,
    by_hand,
    locked,
    relations,
    said,
    from_primary,
    asked_by_post,
    for_a_task,
    twice,
    enter,
    who,
    breaks,
)
urlpatterns = [
    path("admin/", admin.site.urls),
    *(path(f"{view.__name__}/<name>", view) for view in _VIEWS),
]
