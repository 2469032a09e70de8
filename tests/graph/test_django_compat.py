"""Each private name of Django and mysqlclient in ``nestflux/django_compat.py`` is there, and means
what is relied on. On a new Django these tests come first."""

from __future__ import annotations

import re
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.apps import apps
from django.conf import SettingsReference, settings
from django.contrib.auth.hashers import get_hasher, make_password
from django.core.management.base import OutputWrapper
from django.db import connection, models
from django.db.backends.base import schema
from django.db.migrations import AlterUniqueTogether, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import post_save
from django.test.utils import setup_test_environment

from nestflux import django_compat as compat
from nestflux.models import Run
from nestflux.recording import model_subset

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NESTFLUX = Path(compat.__file__).parent


def a_state(*together: tuple[str, str]) -> ProjectState:
    """Two models; the second refers to the first twice, with no way back."""
    key = models.AutoField(primary_key=True)
    to_first: dict[str, Any] = {
        "to": "shop.first",
        "on_delete": models.CASCADE,
        "related_name": "+",
    }
    fields: list[tuple[str, Any]] = [("id", key.clone())]
    fields += [(name, models.ForeignKey(**to_first)) for name in ("b", "a")]
    first = ModelState("shop", "First", [("id", key)])
    options: dict[str, Any] = {"unique_together": set(together)}
    second = ModelState("shop", "Second", fields, options=options)
    return ProjectState({("shop", "first"): first, ("shop", "second"): second})


# ---- one object's method --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["database_forwards", "database_backwards"])
def test_django_calls_an_operation_s_own_method(name: str) -> None:
    operation, called = CreateModel("Third", [("id", models.AutoField(primary_key=True))]), []
    migration: Any = Migration("0001_initial", "shop")
    migration.operations = [operation]

    with (
        compat.method_replaced(operation, name, lambda *given: called.append(name)),
        connection.schema_editor(collect_sql=True) as editor,
    ):
        run = migration.apply if name == "database_forwards" else migration.unapply
        run(ProjectState(), editor)

    assert called == [name]
    assert not compat.is_method_replaced(operation, name)


def test_django_calls_a_connection_s_own_connect(scratch: BaseDatabaseWrapper) -> None:
    asked: list[str] = []

    with compat.method_replaced(scratch, "connect", lambda: asked.append("connect")):
        assert compat.is_method_replaced(scratch, "connect")
        scratch.ensure_connection()

    assert asked == ["connect"]
    assert scratch.connection is None


def test_a_method_that_is_replaced_twice_is_what_it_was_in_between() -> None:
    operation: Any = CreateModel("Third", [])

    with compat.method_replaced(operation, "describe", lambda: "outer"):
        with compat.method_replaced(operation, "describe", lambda: "inner"):
            assert operation.describe() == "inner"
        assert operation.describe() == "outer"

    assert operation.describe() == "Create model Third"


# ---- states ---------------------------------------------------------------------------------


def test_a_state_makes_its_models_when_they_are_asked_for_and_again_when_forgotten() -> None:
    state = a_state()
    assert not compat.models_are_made(state)
    made = state.apps.get_model("shop", "first")

    assert compat.models_are_made(state)
    assert made.__module__ == compat.HISTORICAL_MODULE
    compat.forget_models(state)
    assert not compat.models_are_made(state)
    assert state.apps.get_model("shop", "first") is not made


def test_a_state_finds_anew_what_refers_to_what() -> None:
    state = a_state()
    assert set(state.relations["shop", "first"]["shop", "second"]) == {"b", "a"}
    del state.models["shop", "second"].fields["b"]

    compat.forget_relations(state)

    assert set(state.relations["shop", "first"]["shop", "second"]) == {"a"}


def test_what_is_related_is_found_in_the_order_that_is_asked_for() -> None:
    module: Any = schema

    def names(state: ProjectState) -> list[str]:
        model = state.apps.get_model("shop", "first")
        field = model._meta.pk
        return [old.field.name for old, _ in module._related_non_m2m_objects(field, field)]

    with compat.relations_through(lambda found: found.sort(key=lambda one: one.name)):
        assert names(a_state()) == ["a", "b"]
    with compat.relations_through(lambda found: found.clear()):
        assert names(a_state()) == []
    assert names(a_state()) == ["b", "a"]  # as the model has them


def test_what_is_related_in_the_project_stays_in_djangos_order() -> None:
    options = Run._meta
    of_django = list(options.related_objects)

    with compat.relations_through(lambda found: found.clear()):
        apps.clear_cache()
        assert list(options.related_objects) == of_django != []


def test_the_registry_answers_by_a_function_of_its_own() -> None:
    asked: list[str] = []

    def keeping(of_django: Any) -> Any:
        def answer(to_string: str) -> Any:
            asked.append(to_string)
            return of_django(to_string)

        return answer

    with compat.swappable_settings_name_through(keeping):
        field = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
        assert field.swappable_setting == "AUTH_USER_MODEL"

    assert asked == [settings.AUTH_USER_MODEL]
    assert not compat.is_method_replaced(apps, "get_swappable_settings_name")


def test_the_models_of_the_whole_are_made_with_a_django_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Migration("0001_initial", "shop")
    assert model_subset.needs_few(plain, a_state())

    monkeypatch.setattr(model_subset, "_DJANGO_IS_KNOWN", False)

    assert not model_subset.needs_few(plain, a_state())


# ---- autodetector and executor --------------------------------------------------------------


class Watched(compat.OpenAutodetector):
    seen: list[str]

    def together_operations(self, option_name: str) -> Any:
        self.seen.append(option_name)
        return super().together_operations(option_name)

    def sort_operations(self) -> None:
        for operations in self.generated_operations.values():  # type: ignore[attr-defined]
            for operation in operations:
                assert isinstance(operation._auto_deps, list)
                compat.forget_dependencies(operation)
                compat.add_dependencies(operation)
        self.seen.append("sorted")
        super().sort_operations()


def test_the_autodetector_goes_through_both_steps() -> None:
    after = a_state(("a", "b"))
    detector = Watched(a_state(), after, MigrationQuestioner(specified_apps={"shop"}))
    detector.seen = []

    found = detector.changes(MigrationLoader(None, ignore_no_migrations=True).graph)

    (operation,) = found["shop"][0].operations
    assert isinstance(operation, AlterUniqueTogether)
    assert {"unique_together", "sorted"} <= set(detector.seen)


def test_an_operation_of_no_autodetector_gets_dependencies_and_keeps_those_it_has() -> None:
    operation: Any = CreateModel("Third", [])

    compat.add_dependencies(operation)
    assert operation._auto_deps == []
    operation._auto_deps.append("kept")
    compat.add_dependencies(operation)
    assert operation._auto_deps == ["kept"]


class WatchedExecutor(compat.OpenExecutor):
    seen: list[str]

    def migrate_forwards(self, state: ProjectState, plan: Any) -> ProjectState:
        self.seen.append("forwards")
        return state

    def migrate_backwards(self, plan: Any, full_plan: Any) -> None:
        self.seen.append("backwards")


def an_executor(*applied: tuple[str, str]) -> WatchedExecutor:
    """Of all migrations and no database, to which ``applied`` are applied."""
    executor: Any = WatchedExecutor(None)
    executor.seen = []
    executor.loader.applied_migrations = dict.fromkeys(applied)
    executor.recorder = SimpleNamespace(
        ensure_schema=lambda: None, applied_migrations=lambda: dict.fromkeys(applied)
    )
    own: WatchedExecutor = executor
    return own


def test_the_executor_goes_through_ours_both_ways() -> None:
    executor = an_executor()
    first = executor.loader.graph.nodes[executor.loader.graph.root_nodes()[0]]

    executor.migrate(None, plan=[(first, False)])
    executor.migrate(None, plan=[(first, True)])

    assert executor.seen == ["forwards", "backwards"]


def test_the_states_that_the_executor_starts_with() -> None:
    executor = an_executor(("contenttypes", "0001_initial"))

    assert set(executor.state_of_applied().models) == {("contenttypes", "contenttype")}
    assert not executor.first_state().models
    assert executor.first_state().real_apps == executor.loader.unmigrated_apps


def test_the_setting_that_a_migration_names() -> None:
    reference = SettingsReference(settings.AUTH_USER_MODEL, "AUTH_USER_MODEL")

    assert compat.setting_of(reference) == "AUTH_USER_MODEL"


def test_the_name_of_a_key_is_the_one_that_django_gives_it(scratch: BaseDatabaseWrapper) -> None:
    model = a_state().apps.get_model("shop", "second")
    with scratch.schema_editor(collect_sql=True) as editor:
        editor.create_model(model)
    sql = "\n".join(map(str, editor.collected_sql))

    name = compat.key_name(scratch, "shop_second", ["a_id"], "_fk_shop_first_id")

    assert f"CONSTRAINT `{name}` FOREIGN KEY (`a_id`)" in sql


# ---- signals --------------------------------------------------------------------------------


def test_an_entry_of_a_signal_begins_with_ids_then_the_receiver() -> None:
    sender = a_state().apps.get_model("shop", "first")
    called: list[str] = []

    def receiver(**kwargs: Any) -> None:
        called.append("called")

    before = len(post_save.receivers)
    post_save.connect(receiver, sender=sender, weak=False)
    (entry,) = post_save.receivers[before:]
    post_save.send(sender)
    del post_save.receivers[before:]
    compat.forget_answers(post_save)
    post_save.send(sender)

    assert compat.sender_id(entry) == id(sender)
    assert compat.receiver_of(entry) is receiver
    assert called == ["called"]  # and not once more


# ---- commands, test runners, the driver -----------------------------------------------------


def test_a_muted_signal_has_its_receivers_again_afterwards() -> None:
    heard: list[Any] = []

    def receiver(**kwargs: Any) -> None:
        heard.append(kwargs["sender"])

    post_save.connect(receiver)
    try:
        with compat.receivers_muted(post_save):
            post_save.send(sender=Run)
        assert heard == []
        post_save.send(sender=Run)
    finally:
        post_save.disconnect(receiver)

    assert heard == [Run]


def test_passwords_are_cheap_for_a_while() -> None:
    before = list(settings.PASSWORD_HASHERS)

    with compat.cheap_passwords():
        assert make_password("secret").startswith("md5$")

    assert list(settings.PASSWORD_HASHERS) == before
    assert make_password("secret").startswith(f"{get_hasher().algorithm}$")
    assert get_hasher().algorithm != "md5" or "MD5" in before[0]


def test_the_stream_beneath_a_command_s_output() -> None:
    stream = StringIO()

    assert compat.stream_of(OutputWrapper(stream)) is stream


def test_a_test_runner_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compat.tests_are_running()  # pytest-django called setup_test_environment
    with pytest.raises(RuntimeError, match="already called"):
        setup_test_environment()
    monkeypatch.delattr(sys.modules["django.test.utils"]._TestState, "saved_data")
    assert not compat.tests_are_running()


def test_the_size_of_what_the_driver_was_sending(scratch: BaseDatabaseWrapper) -> None:
    statement = "SELECT 1 FROM there_is_none WHERE a = %s"
    with pytest.raises(Exception, match="there_is_none") as caught, scratch.cursor() as cursor:
        cursor.execute(statement, ["é" * 10])

    assert compat.bytes_sent(caught.value) == len((statement % f"'{'é' * 10}'").encode())
    assert compat.statement_of(caught.value) == statement
    assert (compat.bytes_sent(ValueError()), compat.statement_of(ValueError())) == (0, "")


# ---- nowhere else ---------------------------------------------------------------------------


def test_no_assignment_hides_behind_vars() -> None:
    hidden = re.compile(r"vars\([^()]*\)\[[^]]*\] = |vars\([^()]*\)\.(pop|setdefault|update)\(")
    sources = [
        source
        for package in ("nestflux", "identity", "blog")
        for source in NESTFLUX.with_name(package).rglob("*.py")
        if source != Path(compat.__file__)
    ]

    assert len(sources) > 100
    assert not [source for source in sources if hidden.search(source.read_text("utf-8"))]


def test_private_names_of_django_stand_in_one_module() -> None:
    private = re.compile(
        r"\._(auto_deps|sort_migrations|get_altered_foo|create_project_state|migrate_all|"
        r"relations\b|populate_directed|create_index_name|TestState)|_relation_tree|"
        r"sender_receivers_cache|\b_auto_deps\b"
    )
    found = {
        source.relative_to(NESTFLUX)
        for source in NESTFLUX.rglob("*.py")
        if private.search(source.read_text("utf-8"))
    }

    assert found == {Path("django_compat.py")}


@pytest.mark.skipif(django.VERSION < (6, 1), reason="needs Django 6.1")
def test_the_names_of_newer_djangos_are_there() -> None:
    assert [each.__name__ for each in compat.ALTER_CONSTRAINT] == ["AlterConstraint"]
    rules: list[Any] = [models.CASCADE, *map(models.__dict__.get, ("DB_CASCADE", "DB_SET_NULL"))]
    assert [compat.database_on_delete(rule) for rule in rules] == ["", "CASCADE", "SET NULL"]
