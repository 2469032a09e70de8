"""Which steps of a run write a table anew, and what a plan says of their cost."""

from __future__ import annotations

from nestflux.applying.plan.costs import costs_of, written_anew
from nestflux.applying.plan.tasks import Work, work_of
from nestflux.conf import SizeLimits
from nestflux.database.profile import Profile, Sizes, TableSize
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.sqlfile import Direction, Section, SqlFile, Statement
from tests.conftest import ProjectFactory
from tests.scenario import Project

COPY = "copies the table, blocks writes"
MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(null=True)
"""


def work(name: str, *steps: tuple[str, str]) -> Work:
    """A file of statements, each with its verdict."""
    statements = tuple(Statement(sql) for sql, _ in steps)
    records = tuple(StepRecord(Statement(s).sha256, "ddl", verdict) for s, verdict in steps)
    section = Section("shop.0001_a", items=statements)
    file = SqlFile(name, Direction.UP, name, "MySQL 8.4.3", (), (section,))
    return work_of(file, FileRecord(records, ()))


def anew(*works: Work) -> list[tuple[str, int, str]]:
    return [(s.work.file.name, s.task.ordinal, s.table) for s in written_anew(works, "mysql")]


def test_copies_and_rebuilds_of_tables_that_are_there() -> None:
    first = work(
        "0001_first",
        ("ALTER TABLE `old` MODIFY `a` bigint", COPY),
        ("ALTER TABLE `old` ADD COLUMN `b` int NULL", "instant"),
        ("ALTER TABLE `old` MODIFY `c` int NOT NULL", "rebuilds the table in place, no lock"),
    )

    assert anew(first) == [("0001_first", 1, "old"), ("0001_first", 3, "old")]


def test_a_table_that_the_same_run_makes_has_no_rows_whichever_file_makes_it() -> None:
    first = work("0001_first", ("CREATE TABLE `new` (`id` int)", "creates a table"))
    second = work("0002_second", ("ALTER TABLE `new` MODIFY `id` bigint", COPY))

    assert anew(first, second) == []
    assert anew(second) == [("0002_second", 1, "new")]


def test_an_old_table_that_gets_a_key_to_a_new_one_is_no_new_table() -> None:
    """A file of 0.1 called it one."""
    key = "ALTER TABLE `old` ADD CONSTRAINT `fk` FOREIGN KEY (`new_id`) REFERENCES `new` (`id`)"
    first = work(
        "0001_first",
        ("CREATE TABLE `new` (`id` int)", "creates a table"),
        (key, f"{COPY} (a new table)"),
    )

    assert anew(first) == [("0001_first", 2, "old")]


def test_what_ran_already_costs_nothing_and_still_made_its_table() -> None:
    first = work(
        "0001_first",
        ("ALTER TABLE `old` MODIFY `a` bigint", COPY),
        ("CREATE TABLE `new` (`id` int)", "creates a table"),
        ("ALTER TABLE `new` MODIFY `id` bigint", COPY),
        ("ALTER TABLE `old` MODIFY `b` bigint", COPY),
    )

    assert anew(first.without({1: "it ran", 2: "it ran"})) == [("0001_first", 4, "old")]


def test_what_nobody_knows_has_no_cost() -> None:
    first = work(
        "0001_first",
        ("ALTER TABLE `old` MODIFY `a` bigint", COPY),
        ("ALTER TABLE `other` MODIFY `a` bigint", COPY),
    )
    sizes = Sizes(profile=Profile("mysql", "8.4.3", tables={"old": TableSize(10, 100_000_000)}))

    costs = costs_of(written_anew([first], "mysql"), sizes, SizeLimits())

    known, unknown = (costs.of(first, task) for task in first.tasks)
    assert known is not None
    assert (known.table, known.seconds, known.is_copy) == ("old", 5, True)
    assert unknown is None


# ---- through the commands ------------------------------------------------------------------


def widened(project: ProjectFactory) -> Project:
    """A database with rows, for which a file is pending that copies their table."""
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate", "--name", "products")
    shop.succeeds("db_migrate")
    shop.sql("INSERT INTO shop_product (name) VALUES ('lamp'), ('chair')")
    shop.sql("ANALYZE TABLE shop_product")
    shop.edit("shop/models.py", "models.IntegerField", "models.BigIntegerField")
    shop.succeeds("db_generate", "--name", "wider")
    return shop


def write_profile(shop: Project, rows: int, size: int) -> None:
    """A profile of the run's own server in which the products are as large as that."""
    shop.succeeds("db_profile", "--write", "--seconds", "0")
    text = shop.read("migrations_sql/profile.json")
    mine = next(line for line in text.splitlines() if '"shop_product"' in line)
    large = mine.replace('"rows": 2, "bytes": 16000', f'"rows": {rows}, "bytes": {size}')
    assert large != mine
    shop.write("migrations_sql/profile.json", text.replace(mine, large))


def test_a_plan_shows_rows_bytes_and_time_by_the_live_database(project: ProjectFactory) -> None:
    shop = widened(project)

    text = shop.succeeds("db_migrate", "--plan").lines
    step = shop.succeeds("db_migrate", "--plan", "--json").json["files"][0]["steps"][0]
    shop.succeeds("db_migrate")
    back = shop.succeeds("db_rollback", "--plan").lines

    shown = [
        "      shop_product: about 2 rows, 16 kB (the live database)",
        "      less than 1 s at 20 MB/s: a guess to plan with, not a measurement",
    ]
    assert text[3:5] == shown
    assert step["writes_anew"] == {
        "table": "shop_product",
        "rows": 2,
        "bytes": 16_384,
        "source": "the live database",
        "seconds": 0.0,
        "mb_a_second": 20,
    }
    assert [line for line in back if line in shown] == shown


def test_a_plan_on_a_developers_copy_shows_production(project: ProjectFactory) -> None:
    shop = widened(project)
    write_profile(shop, 2_000_000, 1_600_000_000)
    shop.settings('NESTFLUX["SIZES"] = {"COPY_MB_A_SECOND": 100}')

    ours = shop.succeeds("db_migrate", "--plan").stdout
    stock = shop.succeeds("migrate", "--plan").stdout

    for shown in (ours, stock):
        assert "shop_product: about 2,000,000 rows, 1.6 GB (profile.json)" in shown
        assert "about 16 s at 100 MB/s: a guess to plan with, not a measurement" in shown


def test_a_plan_by_a_profile_that_cannot_be_read_is_refused_and_a_run_needs_none(
    project: ProjectFactory,
) -> None:
    shop = widened(project)
    shop.write("migrations_sql/profile.json", "{}")

    plan = shop.run("db_migrate", "--plan")

    assert plan.code == 2
    assert "profile.json lacks or mistypes an entry" in plan.stderr
    assert shop.succeeds("db_migrate").code == 0


PENDING = """
    from nestflux.applying.plan.costs import pending_warnings
    print(*pending_warnings("default"), sep="\\n")
"""


def test_the_admin_hears_of_pending_files_with_too_large_a_table(project: ProjectFactory) -> None:
    shop = widened(project)

    small = shop.python(PENDING).lines
    write_profile(shop, 2_000_000, 1_600_000_000)
    large = shop.python(PENDING).lines
    shop.succeeds("db_migrate")
    applied = shop.python(PENDING).lines

    assert small == applied == [""]
    assert large == [
        "0002_wider.sql, which is pending, writes a table anew (statement 1), and writes to it "
        "wait. shop_product: about 2,000,000 rows, 1.6 GB (profile.json); about 80 s at 20 MB/s: a "
        "guess to plan with, not a measurement"
    ]
