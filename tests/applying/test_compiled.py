"""A half-done file that no reviewed statement takes back: what is compiled for it is shown, agreed
to, kept in the ledger, and run like any other statement."""

from __future__ import annotations

import pytest

from tests.applying.dying import die_at
from tests.conftest import ProjectFactory
from tests.recording.ways_back import BY_HAND, CASES, Case, record
from tests.scenario import Project
from tests.scenarios.looking import schema_of

FIRST, SECOND = "0001_step1", "0002_step2"
KEY = "shop_post_author_id_68779ea9_fk_shop_author_id"
MAKES_THE_KEY = (
    f"ALTER TABLE `shop_post` ADD CONSTRAINT `{KEY}` FOREIGN KEY (`author_id`) "
    "REFERENCES `shop_author` (`id`)"
)
RENAMED = BY_HAND["a model with keys to itself and many-to-many under another name"]


def begun(project: ProjectFactory, case: Case, ordinal: int) -> tuple[Project, object]:
    """A project whose second file died behind a step, and its schema before that file."""
    shop = record(project, case)
    shop.succeeds("db_migrate", "--replay", "--to", FIRST)
    for row in case.rows:
        shop.sql(row)
    before = schema_of(shop)
    die_at(shop, ordinal, after=True, file=SECOND, options="backup=NOT_ASKED")
    return shop, before


@pytest.fixture
def without_its_key(project: ProjectFactory) -> tuple[Project, object]:
    """Of a foreign key that is removed, the constraint is gone and the column is there: the way
    back adds both in one statement."""
    return begun(project, CASES["a removed foreign key"], 1)


@pytest.fixture
def going_forward(project: ProjectFactory) -> tuple[Project, object]:
    """A rollback that died, which takes statements that nobody reviewed to go forward again; and
    the schema behind the whole file."""
    shop = record(project, CASES["a unique constraint that serves a foreign key"])
    shop.succeeds("db_migrate", "--replay")
    after = schema_of(shop)
    die_at(shop, 3, after=True, file=SECOND, command="undo", options="backup=NOT_ASKED")
    return shop, after


def compiled_in(shop: Project, *command: str) -> list[tuple[int, str]]:
    steps = shop.succeeds(*command, "--plan", "--json").json["files"][0]["steps"]
    return [(step["ordinal"], step["sql"]) for step in steps if step["compiled"]]


def test_the_plan_shows_it_whole_and_says_that_nobody_reviewed_it(
    without_its_key: tuple[Project, object],
) -> None:
    shop, _ = without_its_key

    plan = shop.succeeds("db_rollback", "--plan").stdout

    assert plan.startswith(
        "This file is half applied; what ran of it is undone:\n"
        "0002_step2.sql\n"
        "  No reviewed statement does it from where the file stands: 1 statement below, of the "
        "schema alone, was compiled from the schemas and not reviewed.\n"
        "\n"
        "  [2] compiled from the schemas, not reviewed; touches shop_post\n"
        f"      {MAKES_THE_KEY}\n"
    )
    assert compiled_in(shop, "db_rollback") == [(2, MAKES_THE_KEY)]


def test_yes_alone_does_not_agree_to_it(without_its_key: tuple[Project, object]) -> None:
    shop, before = without_its_key
    stood = schema_of(shop)

    refused = shop.run("db_rollback", "--yes")

    assert refused.code == 2
    assert refused.stderr == (
        "No reviewed statement reverses 0002_step2 from where it stopped. Compiled are:\n"
        f"    {MAKES_THE_KEY};\n"
        "  Now:   nothing was run\n"
        "  Next:  review them, then: python manage.py db_rollback --yes --unreviewed\n"
    )
    assert schema_of(shop) == stood

    shop.succeeds("db_rollback", "--yes", "--unreviewed")
    assert schema_of(shop) == before


def test_without_a_terminal_nobody_agrees_to_it(without_its_key: tuple[Project, object]) -> None:
    shop, _ = without_its_key

    refused = shop.run("db_rollback", "--unreviewed")

    assert refused.code == 2
    assert "Next:  review them, then: python manage.py db_rollback --yes --unr" in refused.stderr


def test_a_person_sees_it_and_is_asked(without_its_key: tuple[Project, object]) -> None:
    shop, before = without_its_key

    no = shop.on_a_terminal("db_rollback", answers="n\n")
    yes = shop.on_a_terminal("db_rollback", answers="y\n")

    assert no.code == 2
    assert f"{MAKES_THE_KEY};" in no.stdout
    assert "Roll back, with statements that nobody reviewed? [y/N]" in no.stdout
    assert yes.code == 0, str(yes)
    assert schema_of(shop) == before


def test_going_forward_again_it_is_asked_for_too(going_forward: tuple[Project, object]) -> None:
    shop, after = going_forward
    (_, sql), *_ = compiled_in(shop, "db_migrate", "--to", SECOND)

    noinput = shop.on_a_terminal("db_migrate", "--to", SECOND, "--no-input")
    no = shop.on_a_terminal("db_migrate", "--to", SECOND, answers="n\n")
    yes = shop.on_a_terminal("db_migrate", "--to", SECOND, answers="y\n")

    assert noinput.code == no.code == 2
    assert "[y/N]" not in noinput.stdout
    named = f"review them, then: python manage.py db_migrate --to {SECOND} --unreviewed"
    assert named in noinput.stdout
    assert f"{sql};" in no.stdout
    assert "Run them? [y/N]" in no.stdout
    assert yes.code == 0, str(yes)
    assert schema_of(shop) == after


def test_going_forward_an_option_agrees_to_it(going_forward: tuple[Project, object]) -> None:
    shop, after = going_forward

    shop.succeeds("db_migrate", "--to", SECOND, "--unreviewed")

    assert schema_of(shop) == after
    shop.succeeds("db_check")


def test_what_is_no_more_what_was_agreed_to_does_not_run(
    without_its_key: tuple[Project, object],
) -> None:
    shop, _ = without_its_key

    outcome = shop.python(
        """
        from nestflux.applying.run.context import Options
        from nestflux.applying.run.rollback import rollback
        from nestflux.applying.target import open_target
        from nestflux.exceptions import NotReviewed

        options = Options(command="db_rollback", unreviewed=["DROP TABLE shop_post"])
        try:
            rollback(open_target("default"), options=options)
        except NotReviewed as error:
            print(*error.statements)
        """
    )

    assert outcome.stdout == f"{MAKES_THE_KEY}\n"


class TestKilled:
    """The compiled run dies at each of its statements."""

    @pytest.fixture
    def renamed(self, project: ProjectFactory) -> tuple[Project, object]:
        return begun(project, RENAMED, 6)

    @pytest.fixture
    def agreed(self, renamed: tuple[Project, object]) -> list[tuple[int, str]]:
        found = compiled_in(renamed[0], "db_rollback")
        assert len(found) > 2
        return found

    def die(self, shop: Project, agreed: list[tuple[int, str]], at: int, *, after: bool) -> None:
        options = f"backup=NOT_ASKED, unreviewed={[sql for _, sql in agreed]!r}"
        die_at(shop, at, after=after, file=SECOND, command="undo", options=options)

    def test_its_text_is_in_the_ledger_before_any_of_it_runs(
        self, renamed: tuple[Project, object], agreed: list[tuple[int, str]]
    ) -> None:
        shop, _ = renamed
        stood = schema_of(shop)

        self.die(shop, agreed, agreed[0][0], after=False)

        kept = "SELECT ordinal, `sql` FROM nestflux_statement WHERE verdict LIKE 'compiled%%'"
        assert shop.sql(f"{kept} ORDER BY ordinal") == agreed
        assert schema_of(shop) == stood

    @pytest.mark.parametrize("after", [False, True])
    def test_the_next_run_goes_on_with_it(
        self, renamed: tuple[Project, object], agreed: list[tuple[int, str]], after: bool
    ) -> None:
        shop, before = renamed
        for number, (ordinal, _) in enumerate(agreed):
            if number:
                die_at(shop, 6, after=True, file=SECOND, options="backup=NOT_ASKED")
            self.die(shop, agreed, ordinal, after=after)
            left = compiled_in(shop, "db_rollback")

            shop.succeeds("db_rollback", "--yes")

            assert left == agreed
            assert schema_of(shop) == before, ordinal
            assert shop.sql("SELECT id, parent_id FROM shop_tag") == [(1, None), (2, 1)]
            assert shop.sql("SELECT item_id, tag_id FROM shop_item_tags") == [(1, 2)]

    def test_it_is_turned_round_itself(
        self, renamed: tuple[Project, object], agreed: list[tuple[int, str]]
    ) -> None:
        shop, before = renamed
        self.die(shop, agreed, agreed[2][0], after=True)

        shop.succeeds("db_migrate", "--to", SECOND, "--unreviewed", "--no-backup")

        assert shop.sql("SELECT item_id, label_id FROM shop_item_tags") == [(1, 2)]
        shop.succeeds("db_check")
        shop.succeeds("db_rollback", "--yes", "--no-backup")
        assert schema_of(shop) == before
