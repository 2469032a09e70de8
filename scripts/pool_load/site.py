"""The site that is loaded: a page that works in the database, and one that leaves a mess behind.

The second looks first whether it finds another request's mess. The environment says how it is
connected: ``LOAD_DATABASE`` is an entry of DATABASES in JSON.
"""

from __future__ import annotations

import json
import os
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLES = (
    "CREATE TABLE item (id int PRIMARY KEY AUTO_INCREMENT, name varchar(40) NOT NULL)",
    "INSERT INTO item (name) VALUES ('lamp'), ('chair'), ('table')",
    "CREATE TABLE visit (id bigint PRIMARY KEY AUTO_INCREMENT, item_id int NOT NULL)",
)
# What each request leaves behind, and what of it another one would find.
_MESS = (
    "SET @left_behind = 1, SESSION sql_mode = 'ANSI', time_zone = '+05:00'",
    "CREATE TEMPORARY TABLE left_behind (id int)",
    "DO GET_LOCK(CONCAT('left behind by ', CONNECTION_ID()), 0)",
)
_FOUND = (
    "SELECT @left_behind IS NOT NULL, @@SESSION.sql_mode LIKE '%%ANSI%%', "
    "@@SESSION.time_zone = '+05:00', "
    "IS_USED_LOCK(CONCAT('left behind by ', CONNECTION_ID())) IS NOT NULL"
)


def page(request: HttpRequest) -> HttpResponse:
    """Read, and write in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM item ORDER BY id")
        items = cursor.fetchall()
        with transaction.atomic():
            cursor.execute("INSERT INTO visit (item_id) VALUES (%s)", [items[0][0]])
    return HttpResponse("ok")


def mess(request: HttpRequest) -> HttpResponse:
    """As ``page``; and 409 where something of another request was found."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        if any(cursor.fetchone()):
            return HttpResponse("another's session", status=409)
        for statement in _MESS:  # the table raises where one is left
            cursor.execute(statement)
    return page(request)


urlpatterns = [path("", page), path("mess", mess)]


def _configure(entry: dict[str, Any]) -> None:
    settings.configure(
        DATABASES={"default": entry},
        ROOT_URLCONF=__name__,
        SECRET_KEY="only-for-the-load",
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=[],
        USE_TZ=True,
        LOGGING_CONFIG=None,  # what fails is counted by who asked
    )
    django.setup()


if "LOAD_DATABASE" in os.environ:
    _configure(json.loads(os.environ["LOAD_DATABASE"]))
    asgi = get_asgi_application()
    wsgi = get_wsgi_application()
    if os.environ.get("LOAD_CONNECTS_BEFORE_FORK"):  # as a site does that asks while it loads
        connection.ensure_connection()
