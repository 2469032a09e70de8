"""Exemptions and severities: what a project decides of the schema rules."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import check, found, the_only
from tests.reviewing.test_scope import MODELS, SLUG
from tests.scenario import Project

DROP = [("warning", "drop-column")]


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A column is dropped by the newest file."""
    made = project({"shop": {"models.py": MODELS.format(fields=SLUG)}})
    made.succeeds("db_generate", "--name", "products")
    made.write("shop/models.py", MODELS.format(fields=""))
    made.succeeds("db_generate", "--name", "slugless")
    made.settings('NESTFLUX["RULES"] = {}')
    return made


def exempt(project: Project, **given: str) -> None:
    lines = [f'{key} = "{value}"\n' for key, value in given.items()]
    project.write("migrations_sql/exemptions.toml", f"[[exempt]]\n{''.join(lines)}")


@pytest.mark.parametrize(
    "place",
    [{}, {"file": "0002_slugless"}, {"file": "0002_slugless.sql"}, {"about": "shop_product.slug"}],
    ids=["anywhere", "in a file", "in a file by its whole name", "of a column"],
)
def test_an_exempted_finding_is_counted_and_not_shown(shop: Project, place: dict[str, str]) -> None:
    exempt(shop, rule="drop-column", reason="nothing reads it", **place)

    outcome = check(shop, "--no-server")

    assert found(outcome) == []
    assert outcome.json["checked"][-1].endswith("0002_slugless, 1 finding exempted")


def test_an_exemption_that_exempts_nothing_is_a_finding(shop: Project) -> None:
    exempt(shop, rule="drop-column", file="0002_slugless", about="x.y", reason="nothing reads it")

    outcome = check(shop, "--no-server")

    assert found(outcome) == [*DROP, ("warning", "unused-exemption")]
    said = outcome.json["findings"][1]
    assert said["what"] == "The exemption drop-column (0002_slugless x.y) exempts nothing."
    assert said["then"] == "remove entry 1"


@pytest.mark.parametrize("place", [{"file": "0001_products"}, {"about": "x.y"}])
def test_an_exemption_of_files_that_are_not_looked_at_is_left_alone(
    shop: Project, place: dict[str, str]
) -> None:
    exempt(shop, rule="drop-column", reason="long ago", **place)

    assert found(check(shop, "--no-server")) == DROP
    assert ("warning", "unused-exemption") in found(check(shop, "--no-server", "--all-files"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[exempt]]\nrule = 1\n", "Entry 1 of exemptions.toml is not a table of strings."),
        ('[[exempt]]\nrule = "drop-column"\n', "Entry 1 of exemptions.toml has no reason."),
        (
            '[[exempt]]\nrule = "drop-column"\nreason = " "\n',
            "Entry 1 of exemptions.toml has no reason.",
        ),
        (
            '[[exempt]]\nrule = "drop-colum"\nreason = "x"\n',
            "Entry 1 of exemptions.toml names the rule 'drop-colum', which does not exist.",
        ),
        ('[[exempt]]\nfor = "x"\n', "Entry 1 of exemptions.toml has an unknown key 'for'"),
        ("[exempt]\n", "exemptions.toml holds something other than [[exempt]] entries."),
        ("exempt", "exemptions.toml cannot be read: "),
    ],
)
def test_a_wrong_file_is_refused(shop: Project, text: str, says: str) -> None:
    shop.write("migrations_sql/exemptions.toml", text)

    outcome = shop.run("db_check", "--no-server")

    assert outcome.code == 2, str(outcome)
    assert outcome.stderr.startswith(says)
    assert "Next:  correct migrations_sql/exemptions.toml" in outcome.stderr


@pytest.mark.parametrize(
    ("rules", "severities"),
    [
        ('{"drop-column": "error"}', ["error"]),
        ('{"drop-column": "advice"}', ["advice"]),
        ('{"drop-column": "off"}', []),
        ('{"*": "off"}', []),
        ('{"*": "off", "drop-column": "warning"}', ["warning"]),
        ('{"*": "error", "drop-column": "advice"}', ["advice"]),
    ],
)
def test_a_project_sets_severities(shop: Project, rules: str, severities: list[str]) -> None:
    shop.settings(f'NESTFLUX["RULES"] = {rules}')

    outcome = check(shop, "--no-server")

    said = [each for each in outcome.json["findings"] if each["code"] == "drop-column"]
    assert [each["severity"] for each in said] == severities
    assert outcome.code == ("error" in severities)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ('{"drop-colum": "off"}', "names the rule 'drop-colum', which does not exist."),
        ('{"drop-column": "loud"}', "is 'loud'; known: ['error', 'warning', 'advice', 'off']."),
    ],
)
def test_a_wrong_setting_is_refused(shop: Project, rules: str, says: str) -> None:
    shop.settings(f'NESTFLUX["RULES"] = {rules}')

    outcome = shop.run("db_check", "--no-server")

    assert outcome.code == 2, str(outcome)
    assert says in outcome.stderr


def test_a_finding_names_the_statement_and_the_operation(shop: Project) -> None:
    said = the_only(check(shop, "--no-server"), "drop-column")

    assert said["about"] == "shop_product.slug"
    assert said["where"] == f"migrations_sql/{shop.server.family}/0002_slugless.sql"
    line = (shop.path / said["where"]).read_text(encoding="utf-8").splitlines()[said["line"] - 1]
    assert line.startswith("-- [1] ")
    path, _, number = said["code_place"].partition(", line ")
    assert "RemoveField" in (shop.path / path).read_text("utf-8").splitlines()[int(number) - 1]


def test_db_generate_says_what_is_found_in_what_it_wrote(shop: Project) -> None:
    for name in ("journal.json", "schema.sql"):
        assert (shop.history / name).exists()
    shop.write("shop/models.py", MODELS.format(fields=SLUG))
    shop.succeeds("db_generate", "--name", "again")
    shop.write("shop/models.py", MODELS.format(fields=""))

    outcome = shop.succeeds("db_generate", "--name", "gone")

    assert outcome.lines[-3:] == [
        "warning drop-column: The column slug of shop_product is dropped with its values.",
        "  Fix: release code without it first, then drop it in a file of its own, after a backup",
        "Review it, then run: python manage.py db_migrate",
    ]
