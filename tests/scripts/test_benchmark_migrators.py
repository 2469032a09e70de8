"""The other migrators of ``make benchmark``: what they are given, that they build the same schema
from it, and what is said where npm is missing."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from scripts.benchmark import counting, figures, npm, sides
from scripts.benchmark.choosing import parse
from scripts.benchmark.comparing import must_be_equal
from scripts.benchmark.counting import Count, Packets
from scripts.benchmark.figures import Circumstances
from scripts.benchmark.link import Link
from scripts.benchmark.measuring import time_once
from scripts.benchmark.migrators import as_dbmate, as_drizzle, dbmate_url
from scripts.benchmark.projects import Shape
from scripts.benchmark.running import run
from scripts.benchmark.servers import BenchmarkError, LeftOutError, Server
from scripts.benchmark.subjects import SqlFile, Subject, generated
from tests.scenario import TestServer

BODY = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @x = 1; SET @y = 2; END"
FILES = (
    SqlFile("0001_initial", ("SET foreign_key_checks = 0", "CREATE TABLE a (b int) -- why", BODY)),
    SqlFile("0002_more", ("INSERT INTO a VALUES (1)",)),
)


# ---- formats -------------------------------------------------------------------------------


def test_dbmate_gets_each_file_as_one_block_in_order() -> None:
    found = as_dbmate(FILES)

    assert list(found) == ["00000000000001_0001_initial.sql", "00000000000002_0002_more.sql"]
    assert list(found.values()) == [
        "-- migrate:up\nSET foreign_key_checks = 0\n;\nCREATE TABLE a (b int) -- why\n;\n"
        f"{BODY}\n;\n\n-- migrate:down\n",
        "-- migrate:up\nINSERT INTO a VALUES (1)\n;\n\n-- migrate:down\n",
    ]


def test_drizzle_gets_each_statement_apart_and_a_journal() -> None:
    found = as_drizzle(FILES)
    entries = json.loads(found.pop("meta/_journal.json"))["entries"]

    assert [f"{entry['tag']}.sql" for entry in entries] == list(found)
    assert [entry["when"] for entry in entries] == [1, 2]  # what is newer is pending
    for file, text in zip(FILES, found.values(), strict=True):
        parts = [part.strip() for part in text.split("--> statement-breakpoint")]
        assert tuple(parts) == file.statements


@pytest.mark.parametrize(
    ("write", "statement"),
    [
        (as_dbmate, "SELECT '\n-- migrate:down\n'"),
        (as_dbmate, "SELECT '\n  --migrate:up transaction:false\n'"),
        (as_drizzle, "SELECT '--> statement-breakpoint'"),
    ],
)
def test_a_statement_that_a_migrator_would_cut_in_two_is_refused(
    write: Callable[[list[SqlFile]], object], statement: str
) -> None:
    with pytest.raises(BenchmarkError, match="would cut a statement of 0001_initial in two"):
        write([SqlFile("0001_initial", (statement,))])


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (
            "mysql://root@/x?unix_socket=/run/server.sock&connect_timeout=5",
            "mysql://root@/nf_a?socket=/run/server.sock",
        ),
        ("mysql://me:p%40ss@db.example:3307/x", "mysql://me:p%40ss@db.example:3307/nf_a"),
        ("mysql://me@db.example/x", "mysql://me@db.example:3306/nf_a"),
    ],
)
def test_dbmate_reaches_the_same_server(address: str, url: str) -> None:
    assert dbmate_url(Server("mysql", address, "nf"), "nf_a") == url


# ---- npm -----------------------------------------------------------------------------------


@pytest.fixture
def no_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An npm of which nothing is installed yet; a folder for programs to be found in."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setattr(npm, "ROOM", tmp_path / "npm")
    npm.why_missing.cache_clear()
    yield programs
    npm.why_missing.cache_clear()


def make_unreachable(programs: Path) -> None:
    """An npm that gets nothing."""
    for name in ("node", "npm"):
        program = programs / name
        program.write_text(
            f"#!/bin/sh\necho asked >>'{programs}/asked'\necho 'no such registry' >&2\nexit 1\n"
        )
        program.chmod(0o755)


def test_without_npm_it_says_how_to_get_it(
    no_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(no_packages))

    with pytest.raises(LeftOutError, match="Next: apt-get install nodejs npm"):
        npm.modules()


def test_an_npm_that_reaches_nothing_is_quoted_and_asked_once_a_run(
    no_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{no_packages}{os.pathsep}{os.environ['PATH']}")
    make_unreachable(no_packages)

    for _ in range(2):
        with pytest.raises(LeftOutError, match="no such registry"):
            npm.modules()

    assert (no_packages / "asked").read_text() == "asked\n"
    npm.why_missing.cache_clear()
    with pytest.raises(LeftOutError):  # the next run
        npm.modules()
    assert (no_packages / "asked").read_text() == "asked\n" * 2


# ---- on a server ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps the history that the first of these tests records."""
    return tmp_path_factory.mktemp("room")


@pytest.fixture
def subject(
    server: TestServer, room: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Subject]:
    prefix = f"nf_{secrets.token_hex(4)}"
    benchmarked = Server(server.family, server.database_url("x"), prefix)
    with django_db_blocker.unblock():  # schemas are read after a run
        yield generated(Shape(2, 8, steps=False), benchmarked, room, lambda text: None)
    benchmarked.drop_all()


def test_schemas_that_differ_stop_a_comparison(subject: Subject) -> None:
    server, ours, theirs = subject.server, subject.database("ours"), subject.database("theirs")
    for database in (ours, theirs):
        server.empty(database)
        server.sql(f"CREATE TABLE `{database}`.a (b int, c int)")
    server.sql(f"CREATE TABLE `{theirs}`.schema_migrations (version int)")
    must_be_equal(server, ours, theirs)

    server.sql(f"ALTER TABLE `{theirs}`.a MODIFY c bigint")

    with pytest.raises(BenchmarkError, match=r"in 1 places[\s\S]*table a / column c"):
        must_be_equal(server, ours, theirs)


def test_a_side_that_builds_another_schema_is_no_side(subject: Subject) -> None:
    loop = sides.loop(subject)
    (file,) = [Path(word) for word in loop.command if word.endswith(".json")]
    statements = json.loads(file.read_text(encoding="utf-8"))
    assert time_once(loop) > 0

    file.write_text(json.dumps([text for text in statements if "CREATE TABLE" in text]))

    with pytest.raises(BenchmarkError, match="did not do the same work"):
        time_once(loop)


def test_packets_are_those_of_the_command_alone(subject: Subject) -> None:
    """The loop sends what it was given, wherever it runs; what empties and reads databases around
    it is not counted."""
    given = sum(len(file.statements) for file in subject.files())
    loop, nothing = (counting.commands_of(name, subject) for name in ("loop", "loop_start"))

    assert loop - nothing == given


def test_a_count_says_what_there_is() -> None:
    assert str(Count("dbmate", replay=110, pending=10)) == (
        "dbmate: every file 110, nothing pending 10"
    )


def test_a_count_a_statement_leaves_out_what_a_run_sends_anyway() -> None:
    assert Count("dbmate", replay=110, pending=10).for_each_of(50) == 2.0
    assert Count("loop", replay=100).for_each_of(50) == 2.0
    assert Count("client", fresh=100).for_each_of(50) is None


def test_what_was_counted_is_read_again(tmp_path: Path) -> None:
    known = Circumstances("2 cores", "MySQL 9.7.4", {"Django": "5.2"}, "0a1b2c3d4", "2026-01-31")
    found = Packets("mysql", "a", "A", 3, (Count("loop", 5), Count("client", fresh=2)), known)

    counting.save(tmp_path, found)

    assert counting.read(tmp_path) == [found]


def test_without_packages_the_others_are_measured_and_nothing_has_failed(
    server: TestServer,
    tmp_path: Path,
    no_packages: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    monkeypatch.setenv(f"SHADOW_{server.family.upper()}_URL", server.database_url("x"))
    make_unreachable(no_packages)
    monkeypatch.setenv("PATH", f"{no_packages}{os.pathsep}{os.environ['PATH']}")
    asked = f"{server.family} --rows loop,dbmate,network-drizzle-orm,packets --subjects plain"
    choice = parse([*asked.split(), *"--tables 1 --migrations 1 --repeat 1".split(),
                    "--room", str(tmp_path)])  # fmt: skip
    said: list[str] = []

    with django_db_blocker.unblock():
        failures = run(choice, said.append)

    assert failures == []
    assert [figure.row for figure in figures.read(choice.figures)] == ["loop"]
    (packets,) = counting.read(choice.figures)
    assert "dbmate" not in {count.title for count in packets.counts}
    for name in ("dbmate", "drizzle", "drizzle-orm"):
        assert any(line.startswith(f"  {name} is left out: ") for line in said), name


@pytest.fixture
def packages() -> None:
    """What npm installs. Skips where it is not to be had."""
    try:
        npm.modules()
    except LeftOutError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", ["dbmate", "drizzle"])
@pytest.mark.usefixtures("packages")
def test_a_migrator_builds_the_schema_of_the_history(subject: Subject, name: str) -> None:
    """Its check says so; over a link too, on which it then finds nothing more to do."""
    side = sides.SIDES[name](subject)
    assert time_once(side) > 0

    with Link(subject.server, 0.001) as link:
        assert time_once(sides.through(link, name, subject)) > 0
    first = counting.commands_of(name, subject)
    again = counting.commands_of(name, subject, once_more=True)

    assert 0 < again < first
    assert time_once(sides.SIDES[f"{name}_start"](subject)) > 0
