"""``make benchmark``: what is timed, what is made of it, and one smallest real run. No test looks
at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from scripts.benchmark import figures, related, report
from scripts.benchmark.__main__ import main
from scripts.benchmark.choosing import parse
from scripts.benchmark.figures import Circumstances, Figure
from scripts.benchmark.measuring import Side, Spread, measure, time_once
from scripts.benchmark.projects import Shape, invent
from scripts.benchmark.rows import BY_NAME, outcome
from scripts.benchmark.servers import BenchmarkError, Server
from scripts.benchmark.subjects import Subject, statements_file
from tests.scenario import TestServer

HERE = Path(__file__).parent
ONE_MORE = "    one_more = models.IntegerField(default=0)\n"
NOW = Circumstances("2 cores, 8 GB", "MySQL 9.7.4", {"Django": "5.2"}, "0a1b2c3d4", "2026-01-31")


def a_figure(
    row: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    starts: tuple[float, ...] = (0.5,),
    known: Circumstances = NOW,
    title: str = "100 tables, 10 migrations",
    family: str = "mysql",
    facts: Mapping[str, int] | None = None,
) -> Figure:
    return Figure(
        family=family,
        row=row,
        subject=title.replace(" ", "-"),
        title=title,
        kind="generated",
        tables=108,
        migrations=25,
        ours=tuple(ours),
        theirs=tuple(theirs),
        ours_start=starts,
        theirs_start=starts,
        circumstances=known,
        facts=facts or {"tables": 108, "files": 2},
    )


# ---- measuring -----------------------------------------------------------------------------


def measured(repeat: int, patience: float, **seconds: float) -> tuple[list[str], dict[str, int]]:
    """The order in which sides ran, and how often each."""
    order: list[str] = []

    def clock(side: Side) -> float:
        order.append(side.name)
        return seconds[side.name]

    sides = [Side(name, ("true",), HERE) for name in seconds]
    taken, _ = measure(sides, repeat=repeat, patience=patience, clock=clock)
    return order, {name: len(values) for name, values in taken.items()}


def test_sides_take_turns() -> None:
    order, _ = measured(3, 600, ours=1, theirs=2)

    assert order == ["ours", "theirs"] * 3


def test_a_slow_side_runs_once_at_least_and_holds_up_no_other() -> None:
    _, often = measured(5, 100, ours=1, slow=40, slower=500)

    assert often == {"ours": 5, "slow": 2, "slower": 1}


def test_a_side_that_fails_is_left_out_and_the_others_go_on() -> None:
    def clock(side: Side) -> float:
        if side.name == "npm":
            raise BenchmarkError("npm is not here")
        return 1.0

    sides = [Side(name, ("true",), HERE) for name in ("ours", "npm", "theirs")]
    taken, failures = measure(sides, repeat=2, patience=600, clock=clock)

    assert taken == {"ours": [1.0, 1.0], "theirs": [1.0, 1.0]}
    assert [str(failure) for failure in failures] == ["npm is not here"]


def test_what_is_prepared_is_done_each_time_and_before(tmp_path: Path) -> None:
    found: list[bool] = []
    mark = tmp_path / "mark"

    def prepare() -> None:
        found.append(mark.exists())
        mark.unlink(missing_ok=True)

    code = f"open({str(mark)!r}, 'x')"
    side = Side("side", (sys.executable, "-c", code), tmp_path, prepare=prepare)
    taken, _ = measure([side], repeat=2, patience=600)

    assert found == [False, True]
    assert all(seconds > 0 for seconds in taken["side"])


def test_a_side_that_fails_says_what_it_said(tmp_path: Path) -> None:
    code = "import sys; print('no such table'); sys.exit(3)"
    side = Side("stock", (sys.executable, "-c", code), tmp_path)

    with pytest.raises(BenchmarkError, match=r"stock: exit code 3[\s\S]*no such table"):
        time_once(side)
    assert time_once(Side("stock", side.command, tmp_path, codes=(0, 3))) > 0


def test_a_side_reads_a_file(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("7")

    time_once(Side("x", (sys.executable, "-c", "assert input() == '7'"), tmp_path, reads=text))


def test_a_spread_is_minimum_median_and_maximum() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 9.0]) == Spread(1.0, 2.5, 9.0, 4)


# ---- what is reached -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "ours", "theirs", "reached"),
    [
        ("fresh", 1.5, 36.0, "yes"),  # 35.5 times, less half a second of start-up each
        ("fresh", 1.5, 34.0, "no"),
        ("client", 1.3, 1.0, "yes"),
        ("client", 1.32, 1.0, "no"),
        ("pending", 1.0, 1.0, "yes"),
        ("unchanged", 1.0, 0.9, "no"),
        ("files", 9.0, 1.0, ""),
    ],
)
def test_medians_decide_what_is_reached(row: str, ours: float, theirs: float, reached: str) -> None:
    found = outcome(BY_NAME[row], "mysql", [ours, ours, 99], [theirs, theirs, 99], [0.5], [0.5])

    assert found.reached == reached


def test_servers_have_reaches_of_their_own() -> None:
    def reached(family: str) -> str:
        return outcome(BY_NAME["replay"], family, [1.5], [6.0], [0.5], [0.5]).reached

    assert reached("mysql") == "yes"  # 5.5 times
    assert reached("mariadb") == "no"


def test_a_row_about_whole_processes_says_that_it_is_reached_less_start_up() -> None:
    found = outcome(BY_NAME["client"], "mysql", [1.5], [1.0], [0.5], [0.01])

    assert (found.whole, found.reached) == (1.5, "less start-up")


def test_a_start_up_longer_than_the_run_leaves_nothing_to_compare() -> None:
    found = outcome(BY_NAME["fresh"], "mysql", [0.4], [30.0], [0.5], [0.5])

    assert (found.less_start, found.reached) == (None, "no")


# ---- the report ----------------------------------------------------------------------------


def test_partial_runs_add_up_and_a_row_measured_again_replaces_itself(tmp_path: Path) -> None:
    for figure in (
        a_figure("pending", [0.3], [0.3]),
        a_figure("fresh", [9.0], [9.0]),
        a_figure("fresh", [1.0], [80.0]),
        a_figure("fresh", [1.0], [80.0], family="mariadb"),
    ):
        figures.save(tmp_path, figure)

    found = figures.read(tmp_path)

    assert [(f.family, f.row, f.theirs) for f in found] == [
        ("mariadb", "fresh", (80.0,)),
        ("mysql", "fresh", (80.0,)),
        ("mysql", "pending", (0.3,)),
    ]
    assert found[1] == a_figure("fresh", [1.0], [80.0])


def test_without_figures_it_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="Next: make benchmark"):
        figures.read(tmp_path)


def test_the_report_names_machine_rows_reach_and_spreads() -> None:
    few, many = "100 tables, 10 migrations", "100 tables, 1,000 migrations"
    text = report.render(
        [
            a_figure("fresh", [1.0, 1.5, 1.2], [40.5], title=few),
            a_figure("fresh", [1.5], [11.5], title=many),
            a_figure("pending", [0.55], [0.5], starts=()),
        ],
        [Path("performance/mysql-from-nothing.svg"), Path("performance/mariadb-generate.svg")],
    )

    assert "MySQL 9.7.4, measured on 2026-01-31 at commit `0a1b2c3d4`: 2 cores, 8 GB" in text
    assert (
        "| fresh | fresh database | Django's `migrate` | 35 times faster | 11.0 to 57.1 times "
        "faster | of 2 projects: 1 yes, 1 no |"
    ) in text
    assert "| within 1.1 times | 1.10 times | yes |" in text
    assert f"| fresh | {few} | 3, 1 | 1.00 / 1.20 / 1.50 | 0.500 / 0.500 / 0.500 | 40.5" in text
    assert f"| {few} | 108 | 2 |" in text
    assert "![MySQL: from nothing](performance/mysql-from-nothing.svg)" in text
    assert "mariadb" not in text


def test_rows_that_were_measured_apart_are_distinguished() -> None:
    later = Circumstances(NOW.machine, NOW.server, NOW.versions, "f00f00f00", "2026-02-01")
    text = report.render(
        [a_figure("fresh", [1.0], [40.0]), a_figure("pending", [0.3], [0.3], known=later)]
    )

    assert "at commit `0a1b2c3d4` (rows fresh): 2 cores" in text
    assert "measured on 2026-02-01 at commit `f00f00f00` (rows pending): 2 cores" in text


def test_words_that_people_wrote_stay(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Ours\n\n{report.BEGIN}\nold\n{report.END}\n\nWhere the time goes.\n")

    report.write(document, [a_figure("fresh", [1.0], [40.0])], [])

    text = document.read_text()
    assert text.startswith(f"# Ours\n\n{report.BEGIN}\n\n### MySQL\n")
    assert text.endswith(f"{report.END}\n\nWhere the time goes.\n")
    assert "old" not in text


def test_the_document_has_a_place_for_the_figures_and_explains_every_row() -> None:
    text = report.DOCUMENT.read_text(encoding="utf-8")

    assert text.index(report.BEGIN) < text.index(report.END)
    assert [name for name in BY_NAME if f"| `{name}` |" not in text] == []


# ---- what is asked for ---------------------------------------------------------------------


def test_everything_is_measured_unless_something_is_named() -> None:
    choice = parse([])

    assert choice.families == ("mariadb", "mysql")
    assert [row.name for row in choice.rows] == list(BY_NAME)
    assert {10, 100, 400, 1000} == {shape.tables for shape in choice.shapes}
    assert {8, 10, 100, 1000, 5000} == {shape.migrations for shape in choice.shapes}


def test_numbers_are_combined() -> None:
    choice = parse("mysql --subjects generated --tables 10,20 --migrations 5 --repeat 3".split())

    assert choice.families == ("mysql",)
    assert choice.shapes == (Shape(10, 5), Shape(20, 5))
    assert choice.repeat == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--rows quick", "--rows knows no 'quick'; there are fresh, client"),
        ("--rows ,", "--rows names nothing"),
        ("--subjects invented", "--subjects knows no 'invented'"),
        ("--tables ten", "--tables is 'ten'; it takes numbers of 1 or more"),
        ("--migrations 0", "--migrations is '0'; it takes numbers of 1 or more"),
        ("--repeat 0", "--repeat is 0; it must be 1 or more"),
        ("postgres", "invalid choice: 'postgres'"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments.split())

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_server_that_does_not_answer_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHADOW_MYSQL_URL", "mysql://root@/x?unix_socket=/nowhere/server.sock")

    assert main(["mysql", "--room", str(tmp_path)]) == 1
    assert "the server of SHADOW_MYSQL_URL does not answer" in capsys.readouterr().err


def test_without_a_server_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SHADOW_MYSQL_URL", raising=False)

    assert main(["mysql", "--room", str(tmp_path)]) == 1
    assert "SHADOW_MYSQL_URL names no server. Next: make benchmark" in capsys.readouterr().err


# ---- invented projects ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [Shape(1, 1), Shape(30, 400), Shape(200, 60, steps=False)])
def test_a_project_has_its_tables_and_migrations(shape: Shape) -> None:
    made = invent(shape)

    written = [name for batch in made.batches for name in batch.files if "/migrations/" in name]
    assert len(set(written)) == len(written) == shape.migrations
    models: dict[str, str] = {}
    for batch in made.batches:
        models |= {name: text for name, text in batch.files.items() if "models" in name}
    assert sum(text.count("(models.Model)") for text in models.values()) == shape.tables
    assert len(made.tables) == shape.tables


def test_related_tables_are_50_an_app_and_one_gets_a_column() -> None:
    made = related.invent(related.shape_of(120))
    (batch,) = made.batches
    found = {name: text.count("(models.Model):") for name, text in batch.files.items()}
    lines = "\n".join(batch.files.values()).splitlines()
    (changed,) = made.one_more_column.items()

    assert found == {"area0/models.py": 45, "area1/models.py": 45, "area2/models.py": 18}
    assert sum("(Thing" in line for line in lines) == 12  # those that inherit
    assert any("ManyToManyField('area" in line for line in lines)
    assert any(
        "ForeignKey('area0.Thing" in line for line in batch.files["area2/models.py"].split("\n")
    )
    assert changed[1].count("one_more = ") == 1
    assert changed[1].replace(ONE_MORE, "") == batch.files[changed[0]]
    assert related.invent(related.shape_of(120)) == made


def test_the_same_shape_is_the_same_project() -> None:
    assert invent(Shape(20, 50)).batches == invent(Shape(20, 50)).batches


def test_only_the_sql_flavour_has_no_python() -> None:
    def text(*, steps: bool) -> str:
        return str(invent(Shape(20, 300, steps)).batches)

    assert "RunPython" in text(steps=True)
    assert "RunPython" not in text(steps=False)
    for kind in "AddField AlterField RenameField RemoveField AddIndex AddConstraint RunSQL".split():
        assert f"migrations.{kind}(" in text(steps=False)


def test_a_password_goes_to_no_file(tmp_path: Path) -> None:
    server = Server("mysql", "mysql://somebody:geheim@localhost/x", "nf_benchmark")
    subject = Subject("plain", "a", "A", tmp_path, tmp_path, sys.executable, server)

    text = statements_file(subject, "nf_a", ["SELECT 1"]).read_text(encoding="utf-8")

    assert json.loads(text)["statements"] == ["SELECT 1"]
    assert json.loads(text)["connect"]["user"] == "somebody"
    assert "geheim" not in text
    assert "geheim" not in " ".join(server.client("nf_a"))
    assert server.environment["MYSQL_PWD"] == "geheim"


# ---- a real run ----------------------------------------------------------------------------


def test_the_smallest_real_run(
    server: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row that needs neither npm nor packages; each has seconds of all its sides."""
    family = server.family
    monkeypatch.setenv(f"SHADOW_{family.upper()}_URL", server.database_url("x"))
    common = [family, "--repeat", "1", "--room", str(tmp_path), "--no-report", "--migrations", "1"]
    rows = "fresh,client,replay,pending,unchanged"

    for more in (
        ["--subjects", "generated", "--tables", "1", "--rows", rows],
        ["--subjects", "generated", "--tables", "1,2", "--rows", "column"],
        ["--subjects", "plain", "--tables", "1", "--rows", "files,loop"],
    ):
        assert main([*common, *more]) == 0

    found = figures.read(tmp_path / "figures")
    assert {figure.row for figure in found} == {*rows.split(","), "column", "files", "loop"}
    for figure in found:
        assert len(figure.ours) == len(figure.theirs) == 1
        assert min(figure.ours + figure.theirs) > 0
    facts = {figure.row: figure.facts for figure in found}
    assert facts["loop"] == {
        "tables": 1, "migrations": 1, "files": 1, "statements": 1, "Python steps": 0,
    }  # fmt: skip
    assert facts["column"]["tables"] == facts["fresh"]["tables"] + 1
    left = [name for (name,) in server.sql("SHOW DATABASES") if name.startswith("nf_benchmark")]
    ours = parse([*common, "--tables", "1"]).prefix
    assert [name for name in left if name.startswith(ours)] == []
