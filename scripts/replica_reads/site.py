"""A site that is asked in pairs: a request that writes, and one that looks for what it wrote.

One process for each way to read: ``python -m scripts.replica_reads.site '{"pairs": 1000, …}'``.
It says ``ready`` and ``middle``, waits each time for a line, and prints what came out as JSON.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.db import models
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "CREATE TABLE item (id bigint PRIMARY KEY AUTO_INCREMENT, name varchar(40) UNIQUE)"


class Blind:
    """A router as one writes it first: all reads go to the replica."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return "default"


def configure(entries: dict[str, Any], reads: str) -> None:
    """``reads``: ``primary``, ``blind``, or ``nestflux``, by its default settings."""
    routers = {"primary": [], "blind": [Blind()], "nestflux": ["nestflux.replicas.Router"]}
    is_ours = reads == "nestflux"
    settings.configure(
        DATABASES=entries,
        DATABASE_ROUTERS=routers[reads],
        MIDDLEWARE=["nestflux.replicas.ReplicaMiddleware"] if is_ours else [],
        NESTFLUX={"REPLICAS": {"OF": {"default": ["replica"]}}} if is_ours else {},
        ROOT_URLCONF=__name__,
        SECRET_KEY="only-for-figures",
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    logging.disable()  # what fails is counted
    django.setup()


def page(request: HttpRequest, name: str) -> HttpResponse:
    """POST makes it; GET says whether it is there, and who said so."""
    if request.method == "POST":
        item().objects.create(name=name)
        return HttpResponse("made")
    found = item().objects.filter(name=name)
    try:
        return HttpResponse(f"{found.exists()} {found.db}")
    except Error as error:
        return HttpResponse(f"{type(error).__name__} {error}", status=500)


urlpatterns = [path("<name>", page)]


def item() -> Any:
    """The model, which can only be made once Django is set up."""
    global _item
    if _item is None:

        class Item(models.Model):
            name = models.CharField(max_length=40, unique=True)

            class Meta:
                app_label = "replica_reads"
                db_table = "item"
                managed = False

            def __str__(self) -> str:
                return self.name

        _item = Item
    return _item


_item: Any = None


def asked(pairs: int, in_the_middle: Callable[[], None]) -> dict[str, Any]:
    """Stale and failed reads, those of the replica, and milliseconds of each request."""
    from django.test import Client

    found: dict[str, Any] = {"stale": 0, "failed": 0, "replica": 0, "writes": [], "reads": []}
    for number in range(pairs):
        client, name = Client(), secrets.token_hex(10)
        if number == pairs // 2:
            in_the_middle()
        _, took = timed(lambda client=client, name=name: client.post(f"/{name}"))
        found["writes"].append(took)
        answer, took = timed(lambda client=client, name=name: client.get(f"/{name}"))
        found["reads"].append(took)
        words = answer.content.decode().split()
        found["stale"] += words[0] == "False"
        found["failed"] += answer.status_code != 200
        found["replica"] += words[1] == "replica"
    return found


def timed(ask: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    answer = ask()
    return answer, 1000 * (time.perf_counter() - began)


def main(given: dict[str, Any]) -> dict[str, Any]:
    configure(given["entries"], given["reads"])
    if given["reads"] == "nestflux":
        wait_until_it_is_known()
    asked(20, lambda: None)  # the first ones import and connect
    wait_at("ready")
    return asked(given["pairs"], lambda: wait_at("middle"))


def wait_at(place: str) -> None:
    print(place, flush=True)
    sys.stdin.readline()


def wait_until_it_is_known() -> None:
    from nestflux.replicas.health import known

    while not known("replica").is_well:
        time.sleep(0.01)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
