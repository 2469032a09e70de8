"""``db_baseline --reconcile``: scripts for live schemas that differ from their history."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.adopting.reconciling.proving import Case, build
from tests.adopting.reconciling import odd, store
from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project

_BLOCK = re.compile(r"^-- \[\d+\] ", re.MULTILINE)
_RISKY = re.compile(r"-- \[\d+\] (loses data|may fail|undecided|goes along): ")
_NOTE = re.compile(r"-- (\[\d+\] |    |if it was renamed: )")


def blocks(script: str) -> list[str]:
    """A script's statements, each with its comment lines."""
    return [block for block in script.split("\n\n") if _BLOCK.match(block)]


def uncommented(script: str) -> str:
    """The script as a person makes it who found every statement right."""

    def whole(block: str) -> str:
        if not _RISKY.match(block):
            return block
        lines = [line for line in block.splitlines() if not _NOTE.match(line)]
        return "\n".join(line.removeprefix("-- ") for line in lines)

    return "\n\n".join(whole(block) for block in script.split("\n\n"))


def running(script: str) -> list[str]:
    """The statements that the script runs as it stands, less their comments."""
    return [
        "\n".join(line for line in block.splitlines() if not line.startswith("--"))
        for block in blocks(script)
        if not _RISKY.match(block)
    ]


def differences(project: Project) -> set[str]:
    """The objects that ``db_baseline`` finds to differ."""
    outcome = project.run("db_baseline", "--plan")
    lines = (line.strip().split(": ") for line in outcome.lines if re.match(r"    \w", line))
    kinds = ("missing", "not in the files", "differs")
    return {line[1] for line in lines if line[0] in kinds}


def schema(project: Project) -> list[tuple[object, ...]]:
    return [
        row
        for table in project.tables()
        for row in project.sql(f"SHOW CREATE TABLE `{table}`")
        if table != "odd_second"  # a broken view shows a warning of the moment
    ]


def reconciled(project: Project, file: str = "reconcile_default.sql") -> str:
    outcome = project.succeeds("db_baseline", "--reconcile", file)
    assert outcome.lines[0].startswith(f"✓ Wrote {file}: ")
    return project.read(file)


def refused(outcome: Outcome) -> str:
    assert outcome.code == 2, str(outcome)
    return outcome.stderr.splitlines()[0]


def test_a_live_schema_that_people_changed_is_made_what_the_files_make(live: Project) -> None:
    store.fill(live)
    store.alter_by_hand(live)
    before = schema(live)

    shown = live.run("db_baseline", "--plan")
    outcome = live.succeeds("db_baseline", "--reconcile")

    assert shown.code == 1
    assert "python manage.py db_baseline --reconcile" in shown.stdout
    script = live.read("reconcile_default.sql")
    assert outcome.lines[0].startswith("✓ Wrote reconcile_default.sql: ")
    assert schema(live) == before
    assert live.server.sql("SHOW DATABASES LIKE %s", [f"{live.database}\\_shadow%"]) == []
    for kept_out in (store.SECRET, "ann", "bob"):
        assert kept_out not in script + outcome.stdout + outcome.stderr
    _has_its_statements_in_order(script)
    _shows_the_rows_at_stake(script)

    live.feed_to_the_client(script)

    assert differences(live) == {
        "table store_later",
        "table store_product / column abstract",
        "table store_product / column legacy",
        "table store_product / column maker",
        "table store_product / column name",
        "table store_product / column summary",
        "table store_product / constraint not_negative",
        "table store_product / index sku",
    }
    assert live.sql("SELECT name, price, weight, `double`, sku FROM store_product") == [
        ("saw", 3, 2, 6, "a"),
        ("axe", 4, 3, 8, "b"),
    ]

    rest = reconciled(live, "rest.sql")
    assert running(rest) == []
    live.feed_to_the_client(uncommented(rest))
    agreed = live.succeeds("db_baseline", "--reconcile", "third.sql")

    assert agreed.lines[0] == "The schema is what the files up to 0001_all.sql make."
    assert not (live.path / "third.sql").exists()
    assert "✓ Baselined at 0001_all.sql" in live.succeeds("db_baseline", "--yes").lines
    assert live.succeeds("db_migrate").lines[-1] == "Database is up to date!"


def _has_its_statements_in_order(script: str) -> None:
    statements = running(script)
    drops = [i for i, sql in enumerate(statements) if "DROP FOREIGN KEY" in sql]
    adds = [i for i, sql in enumerate(statements) if "FOREIGN KEY (" in sql]
    tables = [i for i, sql in enumerate(statements) if sql.startswith(("ALTER", "CREATE TABLE"))]
    assert drops == [0]
    assert adds == tables[-2:]
    assert "MODIFY `category_id` bigint" in script
    assert any("RENAME INDEX `by_hand_name` TO `store_product_name_" in sql for sql in statements)
    assert "ALTER TABLE `store_product` RENAME COLUMN `Weight` TO `weight`;" in statements
    assert any("ADD COLUMN `state` varchar(9) NOT NULL AFTER `note`" in sql for sql in statements)
    numbers = [int(n) for n in re.findall(r"^-- \[(\d+)\] ", script, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def _shows_the_rows_at_stake(script: str) -> None:
    for query in (
        "SELECT COUNT(*) FROM `store_later`;",
        "SELECT COUNT(*) FROM `store_product` WHERE CHAR_LENGTH(`name`) > 40;",
        "SELECT COUNT(*) FROM `store_product` WHERE `maker` IS NULL;",
        "SELECT COUNT(*) FROM `store_product` WHERE `legacy` IS NOT NULL;",
        "SELECT `sku`, COUNT(*) FROM `store_product` WHERE `sku` IS NOT NULL "
        "GROUP BY `sku` HAVING COUNT(*) > 1;",
    ):
        assert f"--     {query}\n" in script
    assert "--     rows that are there get ''\n" in script
    rename = "ALTER TABLE `store_product` RENAME COLUMN `abstract` TO `summary`;"
    assert f"\n-- if it was renamed: {rename}\n" in script


def test_a_script_that_ran_half_is_written_anew_for_the_rest(odd_live: Project) -> None:
    odd_live.feed_to_the_client(odd.BY_HAND)
    by_hand = odd_live.run("db_baseline", "--reconcile")
    script = odd_live.read("reconcile_default.sql")

    assert by_hand.code == 1
    assert "By hand: table odd_part: partitions" in by_hand.stdout
    assert "-- BY HAND: no statement is written for table odd_part: partitions" in script
    assert "nobodys / constraint nobodys_key, outside the history, stands on it" in by_hand.stdout
    assert "table odd_table: a view of this name is in its place" in by_hand.stdout
    # MariaDB lets others write while it copies from 11.2 on (KB "ALTER TABLE", ALGORITHM=COPY).
    assert re.search(
        r"copies the table, (no lock|blocks writes)\nALTER TABLE `odd_form` COMMENT=''", script
    )
    _says_each_line_of_what_is_commented_out(script)

    head, _, _ = script.partition("\n\n-- [9] ")
    odd_live.feed_to_the_client(head)
    odd_live.run("db_baseline", "--reconcile", "rest.sql")
    rest = odd_live.read("rest.sql")

    assert running(rest)
    assert not set(running(rest)) & set(running(head)) - {running(script)[0]}
    odd_live.feed_to_the_client(uncommented(rest))
    assert differences(odd_live) == {
        "table odd_part",
        "table odd_self / column id",
        "table odd_self / constraint odd_self_key",
    }
    odd_live.feed_to_the_client(odd.LEFT_TO_A_PERSON)
    taken = odd_live.succeeds("db_baseline", "--yes")
    assert "✓ Baselined at 0001_odd.sql" in taken.lines
    assert odd_live.columns("odd_pk") == ["code", "n"]
    assert odd_live.columns("odd_charset") == ["id", "a", "b"]


def _says_each_line_of_what_is_commented_out(script: str) -> None:
    for block in blocks(script):
        if _RISKY.match(block):
            assert all(line.startswith("--") for line in block.splitlines()), block
    assert "--   SET NEW.n = 1;\n-- END\n" in script
    assert "\n-- DROP TRIGGER IF EXISTS `odd_step`;\n" in script
    assert "-- if it was renamed: RENAME TABLE `odd_kept_old` TO `odd_kept`;" in script
    assert "SELECT LEFT(`text`, 5), COUNT(*) FROM `odd_doc` WHERE LEFT(`text`, 5)" in script


def test_a_script_is_never_written_over_another_file(live: Project) -> None:
    live.sql("CREATE INDEX by_hand ON store_product (price)")
    live.write("reconcile_default.sql", "a person's notes")
    (live.path / "link.sql").symlink_to("nowhere.sql")

    by_itself = live.run("db_baseline", "--reconcile")
    link = live.run("db_baseline", "--reconcile", "link.sql")
    folder = live.run("db_baseline", "--reconcile", "no_folder/x.sql")
    both = live.run("db_baseline", "--reconcile", "--plan")

    assert refused(by_itself) == "reconcile_default.sql is there already, and is not written over."
    assert refused(link) == "link.sql is there already, and is not written over."
    assert refused(folder).startswith("no_folder/x.sql cannot be written: No such file")
    assert both.code == 2
    assert live.read("reconcile_default.sql") == "a person's notes"
    assert sorted(path.name for path in live.path.glob("*.sql")) == [
        "link.sql",
        "reconcile_default.sql",
    ]


def test_a_scratch_schema_has_the_session_of_the_script(scratch: BaseDatabaseWrapper) -> None:
    build(scratch, Case({}, {}, frozenset(), "utf8mb4_bin", "mysql"))

    with scratch.cursor() as cursor:
        cursor.execute("SELECT @@foreign_key_checks, @@time_zone")
        assert cursor.fetchone() == (1, "+00:00")


def test_where_both_agree_nothing_is_written(live: Project) -> None:
    outcome = live.succeeds("db_baseline", "--reconcile")

    assert outcome.lines == [
        "The schema is what the files up to 0001_all.sql make.",
        "Nothing is to be reconciled, and nothing was written.",
        "Next: python manage.py db_baseline",
    ]
    assert list(live.path.glob("*.sql")) == []


def test_the_live_database_is_only_read(live: Project) -> None:
    """An account that can write nothing there is enough, with a server to record on."""
    live.sql("CREATE INDEX by_hand ON store_product (price)")
    live.settings(
        f"""
        NESTFLUX["SHADOWS"] = {{
            "{live.server.family}": database_from_url(
                os.environ["DEVELOPMENT_URL"], variable="DEVELOPMENT_URL")
        }}
        """
    )
    user = f"nf{secrets.token_hex(4)}"

    definitions = f"SELECT, SHOW VIEW, TRIGGER ON `{live.database}`.*"
    with live.a_user(user, "Secret-1!", definitions) as url:
        env = {"DATABASE_URL": url, "DEVELOPMENT_URL": live.server.database_url("any")}
        live.succeeds("db_baseline", "--reconcile", env=env)

    script = live.read("reconcile_default.sql")
    assert running(script) == ["ALTER TABLE `store_product` DROP INDEX `by_hand`;"]
    assert "Secret-1!" not in script


def test_a_script_whose_proof_fails_is_not_written(live: Project) -> None:
    live.sql("CREATE INDEX by_hand ON store_product (price)")
    live.sql("ALTER TABLE store_product COMMENT='anything'")

    outcome = live.python(
        """
        from dataclasses import replace
        from django.core.management import call_command
        from nestflux.adopting.reconciling import proving

        def forgetful(*args, **kwargs):
            found = planned(*args, **kwargs)
            return replace(found, changes=found.changes[1:])

        planned, proving.transform = proving.transform, forgetful
        call_command("db_baseline", "--reconcile")
        """
    )

    assert outcome.code != 0
    assert "The script, as it stands, would leave other differences than it says." in outcome.stderr
    assert "Where: table store_product\n" in outcome.stderr
    assert list(Path(live.path).glob("*.sql")) == []


def test_a_database_that_drifted_from_its_applied_files(project: ProjectFactory) -> None:
    """Renamed by hand, or by a way back of an earlier version: a later file names what is not
    there. The script gives the names back, and the file goes forward."""
    shop = project({"shop": {"models.py": DRIFTING}})
    shop.succeeds("db_generate", "--name", "first")
    shop.edit("shop/models.py", 'name="by_name"', 'name="by_its_name"')
    shop.succeeds("db_generate", "--name", "second", "--noinput")
    shop.succeeds("db_migrate", "--replay", "--to", "1")
    shop.sql("ALTER TABLE shop_item RENAME INDEX by_name TO renamed")
    failed = shop.run("db_migrate")
    while_half_done = shop.run("db_baseline", "--reconcile")
    shop.succeeds("db_rollback", "--yes")

    written = shop.succeeds("db_baseline", "--reconcile")
    shop.feed_to_the_client(shop.read("reconcile_default.sql"))

    assert failed.code == 1
    assert "0002_second is half applied" in while_half_done.stderr
    assert written.lines[-1] == "    python manage.py db_migrate"
    assert shop.succeeds("db_migrate").lines[-1] == "Database is up to date!"
    again = shop.succeeds("db_baseline", "--reconcile", "again.sql")
    assert "Nothing is to be reconciled, and nothing was written." in again.stdout


DRIFTING = """
    from django.db import models


    class Item(models.Model):
        name = models.CharField(max_length=40)

        class Meta:
            indexes = [models.Index(fields=["name"], name="by_name")]
"""
