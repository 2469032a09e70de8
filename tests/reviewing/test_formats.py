"""A report as a forge, a scanner or an editor reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from nestflux.management.report_formats.github import github_lines
from nestflux.management.report_formats.markdown import MARK, markdown
from nestflux.management.report_formats.sarif import sarif
from nestflux.reviewing.file_report import FileReport, ReportedStep
from nestflux.reviewing.findings import Finding, NotChecked, Report, Severity
from nestflux.reviewing.rule import load_rules
from tests.conftest import ProjectFactory
from tests.reviewing.shop import check
from tests.reviewing.test_scope import MODELS, SLUG
from tests.scenario import REPOSITORY, Project

# npm's package of the schema that the standard publishes (sarif-2.1.0-rtm.5).
SCHEMA_PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"

PLACE = "tests/reviewing/shop.py"  # a file that is there
FINDING = Finding(
    "drop-column",
    Severity.WARNING,
    "Dropped: `a_b`, 100%, <gone>.",
    where=PLACE,
    line=3,
    why="its values are gone",
    about="shop_product.a_b",
    fix="release code\nfirst",
)
NOWHERE = Finding("models-changed", Severity.ERROR, "Shop changed.", where="shop", then="run it")
STEP = ReportedStep(
    1,
    "ALTER TABLE `shop_product` DROP COLUMN `a_b`",
    "ALTER TABLE shop_product",
    "instant; the values of a_b are lost",
    ("shop_product",),
    2_000_000,
)
FILE = FileReport(
    "0002_gone",
    "MariaDB",
    "migrations_sql/mariadb/0002_gone.sql",
    (STEP,),
    changes=(
        "- table shop_product / column a_b: int(11) NOT NULL",
        "~ table shop_product / column name: varchar(10) -> varchar(20)",
    ),
    losses=("the values of shop_product.a_b",),
    way_back="exact, in 1 step",
    deploy_order=("code first. Measured on MariaDB 10.11.19, strict: 1 model, 60 queries.", "1054"),
)
REPORT = Report(
    "default",
    (NOWHERE, FINDING),
    ("files",),
    (NotChecked("the ledger", "no server"),),
    (FILE,),
)


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def test_github_annotates_the_line_and_escapes_what_it_reads_itself() -> None:
    assert list(github_lines(REPORT)) == [
        "::error title=models-changed::Shop changed.%0ANext: run it",
        "::warning file=tests/reviewing/shop.py,line=3,title=drop-column::"
        "Dropped: `a_b`, 100%25, <gone>.%0AWhy: its values are gone%0AFix: release code%0Afirst",
        "Found 1 error, 1 warning.",
    ]


def test_sarif_is_valid_by_the_schema_of_the_standard(sarif_schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    load_rules()

    jsonschema.validate(json.loads(json.dumps(sarif(REPORT))), sarif_schema)
    jsonschema.validate(sarif(Report("default")), sarif_schema)
    with pytest.raises(jsonschema.ValidationError):  # it does look
        jsonschema.validate({**sarif(REPORT), "version": "2.0"}, sarif_schema)


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, Any]:
    """From npm, kept under .local."""
    kept = REPOSITORY / ".local" / "sarif-schema.json"
    if not kept.exists():
        _fetch(kept)
    document: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return document


def _fetch(kept: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("npm, which has the schema, is not installed")
    kept.parent.mkdir(exist_ok=True)
    packed = subprocess.run(
        ["npm", "pack", "--silent", SCHEMA_PACKAGE],
        cwd=kept.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with tarfile.open(kept.parent / packed) as archive:
        member = archive.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert member is not None
        kept.write_bytes(member.read())
    (kept.parent / packed).unlink()


def test_sarif_names_rule_place_and_message() -> None:
    run = sarif(REPORT)["runs"][0]

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "models-changed",
        "drop-column",
    ]
    nowhere, finding = run["results"]
    assert "locations" not in nowhere
    assert finding["level"] == "warning"
    assert finding["ruleIndex"] == 1
    assert finding["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": PLACE, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3},
    }


def test_sarif_knows_a_finding_again_whatever_its_line() -> None:
    def prints(line: int) -> Any:
        moved = Finding(**{**vars(FINDING), "line": line})
        return sarif(Report("default", (moved,)))["runs"][0]["results"][0]["partialFingerprints"]

    assert prints(3) == prints(30)
    assert prints(3) != prints(3) | sarif(REPORT)["runs"][0]["results"][0]["partialFingerprints"]


def test_a_comment_of_a_pull_request() -> None:
    assert markdown(REPORT) == snapshot("""\
<!-- nestflux-review -->

## Database review

**Found 1 error, 1 warning.**

- 🔴 **error** `models-changed`: Shop changed.
  <br>Next: run it
- 🟡 **warning** `drop-column`: Dropped: \\`a_b\\`, 100%, &lt;gone>. `tests/reviewing/shop.py:3`
  <br>Why: its values are gone
  <br>Fix: release code first

### 0002_gone

**MariaDB** · way back: exact, in 1 step

**Deploy order: code first. Measured on MariaDB 10.11.19, strict: 1 model, 60 queries.**

- 1054

What is lost:

- the values of shop_product.a_b

| # | statement | how it runs | rows |
|---:|---|---|---:|
| 1 | `ALTER TABLE shop_product` | instant; the values of a_b are lost | 2,000,000 |

<details><summary>SQL (MariaDB)</summary>

```sql
-- [1] instant; the values of a_b are lost
ALTER TABLE `shop_product` DROP COLUMN `a_b`
```

</details>

<details><summary>Schema (MariaDB)</summary>

```diff
- table shop_product / column a_b: int(11) NOT NULL
- table shop_product / column name: varchar(10)
+ table shop_product / column name: varchar(20)
```

</details>

Not checked:

- the ledger: no server
""")


def test_a_comment_is_never_longer_than_a_forge_takes() -> None:
    long = FileReport(**{**vars(FILE), "steps": (ReportedStep(1, "SELECT 1;" * 9000, "x", "y"),)})

    text = markdown(Report("default", files=(long,)))

    assert len(text) < 65_536
    assert "The SQL is too long for a comment: `migrations_sql/mariadb/0002_gone.sql`" in text
    assert len(markdown(Report("default", (FINDING,) * 2000))) < 65_536


def test_a_statement_with_backticks_does_not_end_the_fence() -> None:
    step = ReportedStep(1, "SELECT '```'", "SELECT", "data")

    text = markdown(Report("default", files=(FileReport(**{**vars(FILE), "steps": (step,)}),)))

    assert "````sql\n" in text


def test_a_name_with_backticks_stays_in_its_cell() -> None:
    step = ReportedStep(1, "", "ALTER TABLE we``ird|<b>", "instant")
    skipped = NotChecked("we`ird|<b>", "no server")

    text = markdown(
        Report("default", (), (), (skipped,), (FileReport(**{**vars(FILE), "steps": (step,)}),))
    )

    assert "| 1 | ``` ALTER TABLE we``ird\\|<b> ``` | instant |" in text
    assert "- we\\`ird\\|&lt;b>: no server" in text


@pytest.mark.parametrize("name", ["github", "markdown", "sarif", "json", "text"])
def test_each_format_is_one_document_and_the_exit_code_stays(
    project: ProjectFactory, name: str
) -> None:
    shop = _dropped(project)

    outcome = shop.run("db_check", "--no-server", "--format", name)

    assert outcome.code == 1
    assert outcome.stderr == ""
    if name in ("sarif", "json"):
        assert json.loads(outcome.stdout)
    assert "drop-column" in outcome.stdout
    assert (MARK in outcome.stdout) == (name == "markdown")


def test_a_project_below_the_top_of_its_repository_is_annotated_from_the_top(
    project: ProjectFactory,
) -> None:
    shop = _dropped(project)
    top = shop.path.parent
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)

    outcome = shop.run("db_check", "--no-server", "--format", "github")

    where = f"{shop.path.name}/migrations_sql/{shop.server.family}/0002_gone.sql"
    assert f"::error file={where},line=" in outcome.stdout


def test_the_files_are_in_the_json(project: ProjectFactory) -> None:
    shop = _dropped(project)

    files = check(shop, "--no-server").json["files"]

    assert [file["name"] for file in files] == ["0002_gone"]
    assert files[0]["losses"] == ["the values of shop_product.slug"]
    assert files[0]["way_back"].startswith("exact, in ")
    assert [step["ordinal"] for step in files[0]["steps"]] == [1]


def _dropped(project: ProjectFactory) -> Project:
    """A column is dropped by the newest file, which is an error here."""
    shop = project({"shop": {"models.py": MODELS.format(fields=SLUG)}})
    shop.succeeds("db_generate", "--name", "products")
    shop.write("shop/models.py", MODELS.format(fields=""))
    shop.succeeds("db_generate", "--name", "gone")
    shop.settings('NESTFLUX["RULES"] = {"drop-column": "error"}')
    return shop
