"""How a command speaks and ends: exit codes, JSON, colour, Ctrl-C."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

COMMAND = """
    from django.core.checks import Tags
    from nestflux.exceptions import Refused, StatementFailed
    from nestflux.management.command import NestFluxCommand

    class Command(NestFluxCommand):
        machine_readable = True
        interrupted = "two of three things are done"

        def add_arguments(self, parser):
            super().add_arguments(parser)
            parser.add_argument("what")

        def handle(self, *args, what, **options):
            if what == "refused":
                raise Refused("No.", where="here", stands="nothing was changed", then="do this")
            if what == "failed":
                raise StatementFailed("It failed.")
            if what == "found":
                self.found()
            if what == "interrupted":
                raise KeyboardInterrupt
            if what == "bug":
                raise ValueError("a bug")
            if what == "database":
                from django.db import connection
                connection.cursor().execute("SELECT * FROM nowhere")
            if what == "wide":
                self.console().print("x" * 300, style="bold red")
            if what == "text":
                from rich.text import Text
                self.console().print(Text("applied", style="green"))
            if what == "plain":
                self.console().print("[bold]x[/bold] :smile: 'é' 12 http://x " + "y" * 300)
            if what == "confirm":
                self.stdout.write(str(self.confirm("Sure?")))
            if options["json"]:
                self.console().print("a message")
                self.print_json({"done": what})
"""
# Two models of one table: models.E028.
ONE_TABLE = """
    from django.db import models

    class A(models.Model):
        class Meta:
            db_table = "same"

    class B(models.Model):
        class Meta:
            db_table = "same"
"""


@pytest.fixture
def speaker(project: ProjectFactory) -> Project:
    return project(
        {
            "talk": {
                "management/__init__.py": "",
                "management/commands/__init__.py": "",
                "management/commands/talk.py": COMMAND,
            }
        }
    )


def test_a_refusal_is_four_lines_and_2(speaker: Project) -> None:
    outcome = speaker.run("talk", "refused")

    assert outcome.code == 2
    assert outcome.stdout == ""
    assert outcome.stderr == (
        "No.\n  Where: here\n  Now:   nothing was changed\n  Next:  do this\n"
    )


def test_a_failure_is_1(speaker: Project) -> None:
    outcome = speaker.run("talk", "failed")

    assert (outcome.code, outcome.stderr) == (1, "It failed.\n")


def test_something_found_is_1(speaker: Project) -> None:
    assert speaker.run("talk", "found").code == 1


def test_done_is_0(speaker: Project) -> None:
    assert speaker.run("talk", "nothing").code == 0


def test_wrong_use_is_2(speaker: Project) -> None:
    assert speaker.run("talk").code == 2


def test_ctrl_c_is_one_line_that_says_what_stands(speaker: Project) -> None:
    outcome = speaker.run("talk", "interrupted")

    assert outcome.code == 1
    assert outcome.stderr == "Interrupted: two of three things are done.\n"


def test_a_bug_keeps_its_traceback(speaker: Project) -> None:
    outcome = speaker.run("talk", "bug")

    assert outcome.code == 1
    assert "Traceback" in outcome.stderr


def test_a_server_error_is_reported_in_words(speaker: Project) -> None:
    outcome = speaker.run("talk", "database")

    assert outcome.code == 1
    assert "There is no table nowhere" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_traceback_shows_it_all(speaker: Project) -> None:
    assert "Traceback" in speaker.run("talk", "refused", "--traceback").stderr


class TestJson:
    def test_stdout_holds_one_document(self, speaker: Project) -> None:
        outcome = speaker.succeeds("talk", "nothing", "--json")

        assert outcome.json == {"done": "nothing"}
        assert outcome.stderr == "a message\n"

    def test_a_refusal_is_a_document_too(self, speaker: Project) -> None:
        outcome = speaker.run("talk", "refused", "--json")

        assert outcome.code == 2
        assert outcome.json["exit_code"] == 2
        assert outcome.json["error"] == {
            "kind": "Refused",
            "what": "No.",
            "where": "here",
            "now": "nothing was changed",
            "next": "do this",
        }

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("db_check", "--json", "--nowhere"), "unrecognized arguments: --nowhere"),
            (
                ("db_check", "--format", "json", "--since"),
                "--since: expected one argument",
            ),
            (("db_check", "--format=json", "--nowhere"), "unrecognized arguments: --nowhere"),
            (("db_status", "--json", "extra"), "unrecognized arguments: extra"),
        ],
    )
    def test_so_is_wrong_use(self, speaker: Project, words: tuple[str, ...], said: str) -> None:
        outcome = speaker.run(*words)

        assert outcome.code == 2
        assert outcome.json["exit_code"] == 2
        assert said in outcome.json["error"]["what"]
        assert outcome.json["error"]["next"] == f"python manage.py {words[0]} --help"
        assert "usage: " in outcome.stderr

    def test_wrong_use_without_it_is_text_alone(self, speaker: Project) -> None:
        outcome = speaker.run("db_check", "--format", "github", "--nowhere")

        assert (outcome.code, outcome.stdout) == (2, "")

    def test_so_is_a_refusal_with_the_format_by_name(self, speaker: Project) -> None:
        outcome = speaker.run("db_check", "--no-server", "--format", "json", "--database", "none")

        assert outcome.code == 2
        assert outcome.json["error"]["kind"] == "Refused"

    def test_so_are_errors_of_system_checks(self, speaker: Project) -> None:
        speaker.write("talk/models.py", ONE_TABLE)

        outcome = speaker.run("db_check", "--no-server", "--json")

        assert outcome.code == 2
        assert "models.E028" in outcome.json["error"]["what"]
        assert "Traceback" not in outcome.stderr

    def test_so_is_what_is_wrong_before_a_command_begins(self, speaker: Project) -> None:
        speaker.write("talk/models.py", "import nowhere_at_all\n")

        outcome = speaker.run("db_check", "--no-server", "--json")

        assert outcome.code == 2
        assert "nowhere_at_all" in outcome.json["error"]["what"]


class TestColour:
    def test_none_where_nobody_watches_and_nothing_is_cut(self, speaker: Project) -> None:
        assert speaker.succeeds("talk", "wide").stdout == "x" * 300 + "\n"

    def test_rich_reads_nothing_into_a_line(self, speaker: Project) -> None:
        (plain,) = speaker.succeeds("talk", "plain").lines

        assert plain == "[bold]x[/bold] :smile: 'é' 12 http://x " + "y" * 300

    def test_rich_is_imported_only_where_somebody_watches_or_wants_colour(
        self, speaker: Project
    ) -> None:
        def modules(option: str) -> list[str]:
            code = f"""
                import sys
                from django.core.management import call_command
                call_command("talk", "wide", {option}=True)
                print(*sorted({{"rich", "rich.console", "rich.progress"}} & set(sys.modules)))
                """
            line, found = speaker.python(code, forked=False).lines
            assert line.count("x") == 300
            return found.split()

        assert modules("no_color") == []
        assert "rich.console" in modules("force_color")

    def test_text_of_rich_is_plain_where_nobody_watches(self, speaker: Project) -> None:
        assert speaker.succeeds("talk", "text").stdout == "applied\n"

    def test_a_terminal_gets_it(self, speaker: Project) -> None:
        assert "\x1b[" in speaker.on_a_terminal("talk", "refused", kind="xterm").stdout

    def test_no_color_takes_it_away(self, speaker: Project) -> None:
        assert (
            "\x1b["
            not in speaker.on_a_terminal("talk", "refused", "--no-color", kind="xterm").stdout
        )
        assert (
            "\x1b[" not in speaker.on_a_terminal("talk", "wide", "--no-color", kind="xterm").stdout
        )

    def test_so_does_the_variable(self, speaker: Project) -> None:
        speaker.env["NO_COLOR"] = "1"

        assert "\x1b[" not in speaker.on_a_terminal("talk", "refused", kind="xterm").stdout

    def test_so_does_a_terminal_that_knows_no_colors(self, speaker: Project) -> None:
        assert "\x1b[" not in speaker.on_a_terminal("talk", "refused", kind="dumb").stdout


def test_nobody_to_ask_is_no(speaker: Project) -> None:
    assert speaker.succeeds("talk", "confirm", input="y\n").stdout == "False\n"


def test_a_person_can_say_yes(speaker: Project) -> None:
    assert "True" in speaker.on_a_terminal("talk", "confirm", answers="y\n").stdout


def test_called_from_code_it_raises(speaker: Project) -> None:
    outcome = speaker.python(
        """
        from django.core.management import CommandError, call_command
        try:
            call_command("talk", "refused")
        except CommandError as error:
            print(error.returncode, type(error.__cause__).__name__, str(error).splitlines()[0])
        """
    )

    assert outcome.stdout == "2 Refused No.\n"


def test_a_model_error_is_2_and_names_the_model(project: ProjectFactory) -> None:
    shop = project(
        {
            "shop": {
                "models.py": """
                    from django.db import models

                    class Product(models.Model):
                        name = models.CharField(max_length="many")
                """
            }
        }
    )

    outcome = shop.run("db_generate")

    assert outcome.code == 2
    assert "shop.Product.name" in outcome.stderr
    assert "Traceback" not in outcome.stderr
