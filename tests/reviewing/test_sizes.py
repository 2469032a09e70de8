"""``db_check`` on what is to run next: is a table too large to be written anew?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.applying.test_costs import MODELS, widened, write_profile
from tests.conftest import ProjectFactory
from tests.reviewing.shop import check, found, git, the_only
from tests.scenario import Outcome, Project, TestServer, kept_project

LARGE = 1_600_000_000  # bytes: 80 seconds at 20 MB/s


@pytest.fixture(scope="session")
def recorded_widened(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer
) -> Iterator[Path]:
    """The folder of ``widened``, recorded once for the run."""
    path = tmp_path_factory.mktemp("widened")
    with kept_project(path, server, {"shop": {"models.py": MODELS}}) as project:
        yield widened(lambda *given: project).path


@pytest.fixture
def shop(project: ProjectFactory, recorded_widened: Path) -> Project:
    """0001 is applied, with two rows; 0002 copies their table and is pending."""
    made = project({"shop": {}})
    made.take_over(recorded_widened, "shop", "migrations_sql")
    made.succeeds("db_migrate", "--to", "0001")
    made.sql("INSERT INTO shop_product (name) VALUES ('lamp'), ('chair')")
    made.sql("ANALYZE TABLE shop_product")
    return made


def quick(shop: Project, *options: str) -> Outcome:
    return check(shop, "--no-shadow", *options)


def why_not_judged(outcome: Outcome) -> list[str]:
    return [
        part["why"]
        for part in outcome.json["not_checked"]
        if part["what"] == "how long it takes to write anew shop_product in production"
    ]


def test_a_small_table_is_no_finding(shop: Project) -> None:
    write_profile(shop, 2_000, 1_600_000)

    outcome = quick(shop)

    assert found(outcome) == []
    assert why_not_judged(outcome) == []
    assert any("by the sizes of the live database" in part for part in outcome.json["checked"])


def test_a_large_table_that_is_copied_blocks_its_writers(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)

    outcome = quick(shop)

    finding = the_only(outcome, "blocking-copy")
    assert outcome.code == 1
    assert finding["what"] == (
        "0002_wider.sql, statement 1, copies shop_product, and writes to it wait for about 80 s."
    )
    assert finding["details"] == [
        "shop_product: about 2,000,000 rows, 1.6 GB (profile.json)",
        "about 80 s at 20 MB/s: a guess to plan with, not a measurement",
    ]
    assert finding["where"].endswith("/0002_wider.sql")
    lines = (shop.history / "0002_wider.sql").read_text().splitlines()
    assert lines[finding["line"] - 1].startswith("-- [1] copies the table")
    assert "db_mark_applied 0002_wider.sql" in finding["then"]


def test_the_thresholds_are_settings(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)

    shop.settings('NESTFLUX["SIZES"] = {"BLOCKED_SECONDS": 90}')
    large = quick(shop)
    shop.settings('NESTFLUX["SIZES"] = {"BLOCKED_SECONDS": 90, "LARGE_MB": 2000}')
    small = quick(shop)

    assert found(large) == [("warning", "large-rebuild")]
    assert large.code == 0
    assert found(small) == []


def test_replicas_take_it_again(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)
    text = shop.read("migrations_sql/profile.json").replace('"replicas": 0', '"replicas": 2')
    shop.write("migrations_sql/profile.json", text)

    finding = the_only(quick(shop), "blocking-copy")

    said = finding["details"][2:]
    assert said[0] == "2 replicas attached: each takes that long again, and lags for as long"
    assert len(said) == (2 if shop.server.family == "mariadb" else 1)  # MariaDB can do better


def test_no_server_is_asked_and_the_newest_file_is_judged(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)

    outcome = check(shop, "--no-server", env={"DATABASE_URL": "mysql://nobody@127.0.0.1:9/nothing"})

    assert found(outcome) == [("error", "blocking-copy")]


def test_what_is_applied_is_judged_no_more(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)
    shop.succeeds("db_migrate")

    assert found(quick(shop)) == []


def test_what_a_branch_adds_is_judged_whatever_the_database_at_hand_has(shop: Project) -> None:
    journal = shop.history / "journal.json"
    newest = journal.read_text()
    git(shop, "init", "-q")
    git(shop, "add", "-A")
    document = json.loads(newest)
    journal.write_text(json.dumps({**document, "files": document["files"][:1]}))
    git(shop, "commit", "-aqm", "before the branch")
    journal.write_text(newest)
    write_profile(shop, 2_000_000, LARGE)
    shop.succeeds("db_migrate")

    of_branch = quick(shop, "--since", "HEAD")
    git(shop, "commit", "-aqm", "merged")

    assert found(of_branch) == [("error", "blocking-copy")]
    assert found(quick(shop, "--since", "HEAD")) == []


def test_of_all_files_those_that_are_to_run_are_judged(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)

    pending = quick(shop, "--all-files")
    shop.succeeds("db_migrate")

    assert found(pending) == [("error", "blocking-copy")]
    assert found(quick(shop, "--all-files")) == []


def test_without_a_profile_the_live_database_judges_and_the_lack_is_said_once(
    shop: Project,
) -> None:
    shop.settings('NESTFLUX["SIZES"] = {"COPY_MB_A_SECOND": 0.001}')

    outcome = quick(shop)

    assert the_only(outcome, "blocking-copy")["details"][0].endswith("(the live database)")
    [why] = why_not_judged(outcome)
    assert why.startswith("there is no profile.json")
    assert why.endswith("python manage.py db_profile --write")


def test_without_a_profile_and_a_server_the_lack_is_said_once(shop: Project) -> None:
    outcome = check(shop, "--no-server")

    assert found(outcome) == []
    assert len(why_not_judged(outcome)) == 1


def test_a_profile_of_a_server_that_there_is_no_history_for(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)
    ours, other = sorted(("mariadb", "mysql"), key=lambda name: name != shop.server.family)
    text = shop.read("migrations_sql/profile.json").replace(f'"{ours}"', f'"{other}"')
    shop.write("migrations_sql/profile.json", text)

    outcome = quick(shop)

    assert found(outcome) == []
    assert "there is no sound history for it" in why_not_judged(outcome)[0]


def test_a_profile_that_cannot_be_read(shop: Project) -> None:
    shop.write("migrations_sql/profile.json", "{")

    finding = the_only(quick(shop), "unreadable-profile")

    assert finding["what"].startswith("profile.json is not JSON")
    assert finding["where"].endswith("migrations_sql/profile.json")
    assert "db_profile --write" in finding["then"]


def test_what_is_meant_is_exempted_as_every_finding_of_a_rule(shop: Project) -> None:
    write_profile(shop, 2_000_000, LARGE)
    shop.write(
        "migrations_sql/exemptions.toml",
        """
        [[exempt]]
        rule = "blocking-copy"
        file = "0002_wider"
        about = "shop_product"
        reason = "it runs in the night of the first"
        """,
    )

    outcome = quick(shop)

    assert (outcome.code, found(outcome)) == (0, [])
