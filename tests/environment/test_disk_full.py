"""The server's disk is full: a small file system of its own under the data of a private server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nestflux.sql.statements import sha256
from tests.environment.conftest import (
    BACK,
    FORWARD,
    Attempt,
    PrivateServer,
    Scene,
    ShopFactory,
    private,
)
from tests.environment.deploys import assert_told, deploy, fill, unfill
from tests.environment.histories import lengthen, replace_in
from tests.scenario import TestServer

MEGABYTE = 2**20
SPARE = 256 * MEGABYTE  # beyond what a server's data has when it is made


@pytest.fixture(scope="module")
def small_server(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer, initialised: Path
) -> Iterator[PrivateServer]:
    made = private(server, tmp_path_factory.mktemp("small"))
    shutil.copytree(initialised, made.folder, ignore=shutil.ignore_patterns("data"))
    made.data.mkdir()
    used = sum(one.stat().st_size for one in (initialised / "data").rglob("*") if one.is_file())
    size = f"size={used + SPARE},mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", size, "nestflux-test", str(made.data)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"A FULL DISK WAS NOT TESTED: no mount here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(initialised / "data", made.data, dirs_exist_ok=True)
        made.start()
        yield made
    finally:
        try:
            made.stop()
        finally:
            # Lazily: the kernel may not have let go yet of what the server had open.
            subprocess.run(["umount", "--lazy", str(made.data)], check=True)


@pytest.fixture
def full(
    small_server: PrivateServer,
    shop_on: ShopFactory,
    undisturbed: Callable[[Attempt], dict[str, Any]],
) -> Scene:
    return Scene(small_server, shop_on, undisturbed)


@contextmanager
def no_room(server: PrivateServer, left: int = 0) -> Iterator[None]:
    """A ballast file takes what the disk has, but for so many bytes. Then there is room again, and
    a server that did not survive is started, as a service manager would."""
    ballast = server.data / "ballast"
    free = os.statvfs(server.data)
    try:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - left)
        yield
    finally:
        ballast.unlink()
        server.comes_back()


@pytest.mark.parametrize(
    ("attempt", "number", "left"),
    [(FORWARD, 8, 0), (FORWARD, 8, 64 * 1024), (FORWARD, 8, MEGABYTE), (BACK, 1, MEGABYTE)],
    ids=["up, no room", "up, room for a file", "up, room for some rows", "down"],
)
def test_there_is_no_room_for_the_copy_of_a_table(
    full: Scene, attempt: Attempt, number: int, left: int
) -> None:
    shop = full.before(attempt)
    fill(shop, 14)
    with deploy(shop, *attempt.command, STOP_BEFORE="MODIFY `name`") as running:
        running.waits_at_its_stop()
        with no_room(full.server, left):
            running.goes_on()
            failed = running.ended()

    assert_told(failed, f"statement {number} of ", "The server has no room: free disk space")
    finished = shop.succeeds(*attempt.command)
    unfill(shop)
    assert f"statement {number} failed in an earlier run; running it again" in finished.stdout
    full.ends_undisturbed(shop, attempt)


def test_there_is_no_room_for_the_rows_of_an_update(full: Scene) -> None:
    shop = full.before(FORWARD)
    add = "UPDATE shop_product SET price = price + 100"
    longer = f"{add}, name = REPEAT('x', 40)"
    replace_in(shop, "0002_second.sql", {f"{add};": f"{longer};"})
    replace_in(shop, "0002_second.deltas.json", {sha256(add): sha256(longer)})
    fill(shop, 17)
    with deploy(shop, STOP_BEFORE=add) as running:
        running.waits_at_its_stop()
        with no_room(full.server):
            running.goes_on()
            failed = running.ended()

    assert_told(failed, "statement 5 of 8")
    finished = shop.succeeds("db_migrate")

    assert "statement 5 " in finished.stdout
    assert finished.lines[-1] == "Database is up to date!"
    assert shop.sql("SELECT DISTINCT price FROM shop_product") == [(11111,)]


def test_there_is_no_room_for_the_ledgers_own_rows(full: Scene) -> None:
    """A server that has no room to undo a statement, either, may end itself: then it is started
    again, and undoes it."""
    shop = full.before(FORWARD)
    add = "UPDATE shop_product SET price = price + "
    lengthen(shop, "0002_second.sql", {f"{add}{price}": 3 * MEGABYTE for price in (1, 100, 10000)})
    with no_room(full.server):
        failed = shop.run("db_migrate")
    finished = shop.succeeds("db_migrate")

    assert_told(failed, " while 0002_second.sql ran: ")
    assert finished.lines[-1] == "Database is up to date!"
    assert shop.sql("SELECT DISTINCT price FROM shop_product") == [(11111,)]
