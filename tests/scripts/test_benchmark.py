"""``make benchmark``: what is timed, what is made of it, and one smallest real run. No test looks
at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from scripts.benchmark import figures, related, report
from scripts.benchmark.__main__ import main
from scripts.benchmark.choosing import NAMED, parse
from scripts.benchmark.counting import Count, Packets
from scripts.benchmark.figures import Circumstances, Figure
from scripts.benchmark.measuring import Side, Spread, measure, time_once
from scripts.benchmark.pictures import PICTURES, bars_of
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


def packets_of_two_tools(family: str) -> Packets:
    counts = (Count("`db_migrate`", 1208, 56, 8), Count("the plain client", fresh=40))
    return Packets(family, "100-tables", "100 tables", 1000, counts, NOW)


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
        ("loop", 1.25, 1.0, "yes"),
        ("loop", 1.27, 0.99, "no"),
        ("pending", 1.0, 1.0, "yes"),
        ("unchanged", 1.0, 0.9, "no"),
        ("network-loop", 9.0, 1.0, ""),
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
    found = outcome(BY_NAME["loop"], "mysql", [1.5], [1.0], [0.5], [0.01])

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


def test_rows_of_an_earlier_time_are_left_out(tmp_path: Path) -> None:
    figures.save(tmp_path, a_figure("fresh", [1.0], [80.0]))
    (old,) = tmp_path.iterdir()
    given = json.loads(old.read_text(encoding="utf-8")) | {"against": "itself"}
    old.write_text(json.dumps(given), encoding="utf-8")
    (tmp_path / "mysql.column.x.json").write_text(json.dumps({**given, "row": "column"}))

    assert figures.read(tmp_path) == [a_figure("fresh", [1.0], [80.0])]


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
        [packets_of_two_tools("mysql"), packets_of_two_tools("mariadb")],
    )

    assert "MySQL 9.7.4, measured on 2026-01-31 at commit `0a1b2c3d4`: 2 cores, 8 GB" in text
    assert (
        "| fresh | fresh database | Django's `migrate` | 35 times faster | 11.0 to 57.1 times "
        "faster | of 2 projects: 1 yes, 1 no |"
    ) in text
    assert "| within 1.1 times | 1.10 times | yes |" in text
    assert f"| fresh | {few} | 3, 1 | 1.00 / 1.20 / 1.50 | 0.500 / 0.500 / 0.500 | 40.5" in text
    assert f"| {few} | 108 | 2 |" in text
    assert "| 100 tables | every file | a statement | fresh database | nothing pending |" in text
    assert "| `db_migrate` | 1,208 | 1.20 | 56 | 8 |" in text
    assert "| the plain client |  |  | 40 |  |" in text


def test_prose_of_the_report_is_as_wide_as_that_of_people() -> None:
    many = {f"package-{number}": "1.2.3" for number in range(20)}
    known = Circumstances(NOW.machine, NOW.server, many, NOW.commit, NOW.day)

    text = report.render([a_figure("fresh", [1.0], [40.0], known=known)])

    assert "package-19 1.2.3." in text
    assert [line for line in text.splitlines() if len(line) > 120 and line[:1] != "|"] == []


def test_rows_that_were_measured_apart_are_distinguished() -> None:
    later = Circumstances(NOW.machine, NOW.server, NOW.versions, "f00f00f00", "2026-02-01")
    text = report.render(
        [a_figure("fresh", [1.0], [40.0]), a_figure("pending", [0.3], [0.3], known=later)]
    )

    assert "at commit `0a1b2c3d4` (rows fresh): 2 cores" in text
    assert "measured on 2026-02-01 at commit `f00f00f00` (rows pending): 2 cores" in text


def test_a_picture_has_both_servers_and_seconds_less_start_up() -> None:
    (fresh,) = (one for one in PICTURES if one.name == "fresh-database")
    found = bars_of(
        fresh,
        [
            a_figure("fresh", [1.0, 1.5], [40.5], title="A"),
            a_figure("client", [1.0, 1.5], [0.8], title="A"),
            a_figure("fresh", [0.4], [9.5], title="A", family="mariadb"),
            a_figure("client", [1.0], [0.9], title="without Django's migrate"),
            a_figure("tests", [1.0], [9.0], title="A"),
        ],
    )

    assert {name: list(bars) for name, bars in found.items()} == {
        "MySQL\nA": [fresh.ours, *fresh.others],
        "MariaDB\nA": [fresh.ours, fresh.others[0]],
    }
    assert found["MySQL\nA"][fresh.ours] == [0.5, 1.0]
    assert found["MariaDB\nA"] == {fresh.ours: [0.0], fresh.others[0]: [9.0]}


def test_every_picture_is_of_rows_that_there_are_with_one_side_of_ours() -> None:
    for picture in PICTURES:
        assert len({BY_NAME[row].ours for row in picture.rows}) == 1
        assert len(picture.others) == len(picture.rows)
        assert set(picture.colours) == {picture.ours, *picture.others}


def test_words_that_people_wrote_stay(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(
        f"# Ours\n\n{report.PICTURES}\nold\n{report.END_OF_PICTURES}\n\nHow it is measured.\n\n"
        f"{report.BEGIN}\nold\n{report.END}\n\nWhere the time goes.\n"
    )

    picture = tmp_path / "performance" / "fresh-database.svg"
    report.write(document, [a_figure("fresh", [1.0], [40.0])], [], [picture])

    text = document.read_text()
    assert text.startswith(
        f"# Ours\n\n{report.PICTURES}\n\n![fresh database](performance/fresh-database.svg)\n\n"
        f"{report.END_OF_PICTURES}\n\nHow it is measured.\n\n{report.BEGIN}\n\n### MySQL\n"
    )
    assert text.endswith(f"{report.END}\n\nWhere the time goes.\n")
    assert "old" not in text


def test_the_document_has_a_place_for_the_figures_and_explains_every_row() -> None:
    text = report.DOCUMENT.read_text(encoding="utf-8")

    assert text.index(report.BEGIN) < text.index(report.END)
    assert [name for name in NAMED if f"| `{name}` |" not in text] == []


# ---- what is asked for ---------------------------------------------------------------------


def test_everything_is_measured_unless_something_is_named() -> None:
    choice = parse([])

    assert choice.families == ("mariadb", "mysql")
    assert [row.name for row in choice.rows] == list(BY_NAME)
    assert choice.packets
    assert {100, 400} == {shape.tables for shape in choice.shapes}
    assert {8, 100} == {shape.migrations for shape in choice.shapes}


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


def test_a_password_goes_to_no_file_and_no_command_line(tmp_path: Path) -> None:
    server = Server("mysql", "mysql://somebody:geheim@localhost/x", "nf_benchmark")
    subject = Subject("plain", "a", "A", tmp_path, tmp_path, sys.executable, server)

    text = statements_file(subject, ["SELECT 1"]).read_text(encoding="utf-8")

    assert json.loads(text) == ["SELECT 1"]
    assert server.login("nf_a")["user"] == "somebody"
    assert "geheim" not in str(server.login("nf_a"))
    assert "geheim" not in " ".join(server.client("nf_a"))
    assert server.environment["MYSQL_PWD"] == "geheim"


# ---- a real run ----------------------------------------------------------------------------


def test_the_smallest_real_run(
    server: TestServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Every row that needs neither npm nor packages; each has seconds of all its sides."""
    family = server.family
    monkeypatch.setenv(f"SHADOW_{family.upper()}_URL", server.database_url("x"))
    common = [family, "--repeat", "1", "--room", str(tmp_path), "--no-report", "--migrations", "1"]
    rows = "fresh,client,replay,pending,unchanged"

    for some in (
        ["--subjects", "generated", "--tables", "1", "--rows", rows],
        ["--subjects", "related", "--tables", "2", "--rows", "addition"],
        ["--subjects", "plain", "--tables", "1", "--rows", "loop,network-loop"],
    ):
        with django_db_blocker.unblock():  # schemas are read after a run
            assert main([*common, *some]) == 0

    found = figures.read(tmp_path / "figures")
    more = {"addition", "loop", "network-loop"}
    assert {figure.row for figure in found} == {*rows.split(","), *more}
    for figure in found:
        assert len(figure.ours) == len(figure.theirs) == 1
        assert min(figure.ours + figure.theirs) > 0
    facts = {figure.row: figure.facts for figure in found}
    assert facts["loop"] == {
        "tables": 1, "migrations": 1, "files": 1, "statements": 1, "Python steps": 0,
    }  # fmt: skip
    left = [name for (name,) in server.sql("SHOW DATABASES") if name.startswith("nf_benchmark")]
    ours = parse([*common, "--tables", "1"]).prefix
    assert [name for name in left if name.startswith(ours)] == []
