from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.realworld.real_site import RealSite


@pytest.fixture(autouse=True)
def _looks_at_databases(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def stock(site: RealSite) -> Iterator[RealSite]:
    """What Django's own ``migrate`` builds of the module's site."""
    with site.on("stock") as built:
        built.stock("up")
        yield built
