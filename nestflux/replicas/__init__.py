"""Reads go to healthy replicas, and everybody reads what they wrote (docs/production.md).

    DATABASE_ROUTERS = ["nestflux.replicas.Router"]
    MIDDLEWARE = ["nestflux.replicas.ReplicaMiddleware", …]

Outside of a request that only reads, and of ``reading_from_replicas``, everything goes to the
primary: management commands, migrations, the shell, tests.

``context`` is what one request or task has seen and written, ``noticing`` how its writes are
noticed, ``choosing`` where a read goes, ``health`` what a process knows of a replica,
``remembering`` what a browser carries from one request to the next; ``router`` and ``middleware``
are what Django loads, ``blocks`` what a project calls.
"""

from nestflux.replicas.blocks import (
    reading_from_primary,
    reading_from_replicas,
    written,
    wrote,
)
from nestflux.replicas.middleware import ReplicaMiddleware
from nestflux.replicas.router import Router

__all__ = [
    "ReplicaMiddleware",
    "Router",
    "reading_from_primary",
    "reading_from_replicas",
    "written",
    "wrote",
]
