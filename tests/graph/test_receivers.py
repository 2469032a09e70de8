"""Receivers that a project connects for every model class, while states are rendered."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import class_prepared, post_save, pre_save

from nestflux.graph.receivers import historical_receivers_kept, receivers_connected
from nestflux.models import Run
from tests.conftest import ProjectFactory
from tests.scenario import Project

# As Kiwi TCMS does for the history of its models.
EVERY_CLASS = """
    from django.db import models
    from django.db.models.signals import class_prepared, post_save, pre_save

    def stamp(sender, instance, **kwargs):
        instance.stamped = sender._meta.label_lower

    class Watch:
        def __call__(self, sender, **kwargs):
            pass

    watches = []

    def watch(sender, **kwargs):
        pre_save.connect(stamp, sender=sender)
        watches.append(Watch())
        post_save.connect(watches[-1], sender=sender, weak=False)
        if sender.__module__ == "__fake__" and hasattr(sender, "tags"):
            models.signals.m2m_changed.connect(stamp, sender=sender.tags.through)

    class_prepared.connect(watch)

    class Tag(models.Model):
        name = models.CharField(max_length=20)

    class Item(models.Model):
        name = models.CharField(max_length=20)
        stamped = models.CharField(max_length=40, default="")
        tags = models.ManyToManyField(Tag)
"""
FILLS = """
    from django.db import migrations
    from django.db.models.signals import pre_save

    def fill(apps, schema_editor):
        apps.get_model("shop", "Item").objects.using(schema_editor.connection.alias).create(
            name="{name}"
        )
        with open("counted", "a") as file:
            print(len(pre_save.receivers), file=file)

    class Migration(migrations.Migration):
        dependencies = [("shop", "{before}")]
        operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""
COUNT = """
    from django.core.management import call_command
    from django.db.migrations.recorder import MigrationRecorder
    from django.db.models import signals

    _ = MigrationRecorder.Migration  # a model of no state, which Django makes when it is needed

    def counts():
        return {name: len(getattr(signals, name).receivers)
                for name in ("pre_save", "post_save", "m2m_changed", "class_prepared")}

    before = counts()
    call_command(COMMAND)
    assert counts() == before, (before, counts())
"""


@pytest.fixture
def watched(project: ProjectFactory) -> Project:
    shop = project({"shop": {"models.py": EVERY_CLASS}})
    shop.succeeds("makemigrations", "shop")
    before = "0001_initial"
    for number in range(2, 8):
        name = f"{number:04}_fill"
        shop.write(f"shop/migrations/{name}.py", FILLS.format(name=number, before=before))
        before = name
    return shop


def test_a_step_finds_the_receivers_of_its_own_models_and_no_others(watched: Project) -> None:
    watched.succeeds("db_generate")
    snapshot = (watched.history / "schema.sql").read_text(encoding="utf-8")
    counted = {int(line) for line in watched.read("counted").split()}

    assert snapshot.count("shop.item") == 6
    assert len(counted) == 1, counted


def test_recording_and_checking_leave_the_signals_as_they_were(watched: Project) -> None:
    for command in ("db_generate", "db_check"):
        outcome = watched.python(COUNT.replace("COMMAND", repr(command)))
        assert outcome.code == 0, str(outcome)


def test_a_real_run_leaves_them_too_and_makes_the_same_rows(watched: Project) -> None:
    watched.succeeds("db_generate")
    watched.succeeds("db_migrate", "--replay")

    assert watched.sql("SELECT COUNT(*) FROM shop_item WHERE stamped = 'shop.item'") == [(6,)]


def a_state(*names: str) -> ProjectState:
    state = ProjectState()
    for name in names:
        state.add_model(ModelState("anywhere", name, [("id", models.AutoField(primary_key=True))]))
    return state


def test_what_is_connected_in_between_for_other_senders_stays() -> None:
    def receiver(**kwargs: object) -> None: ...
    def for_any(**kwargs: object) -> None: ...
    def on_class(sender: type, **kwargs: object) -> None:
        pre_save.connect(receiver, sender=sender)

    before = len(pre_save.receivers)
    class_prepared.connect(on_class)
    try:
        with historical_receivers_kept():
            _ = a_state("One").apps
            post_save.connect(for_any)
            pre_save.connect(receiver, sender=Run)
            _ = a_state("Two").apps
            assert len(pre_save.receivers) == before + 1
        assert len(pre_save.receivers) == before + 1
        assert post_save.disconnect(for_any)
        assert pre_save.disconnect(receiver, sender=Run)
    finally:
        class_prepared.disconnect(on_class)


def test_they_are_connected_around_a_step_alone_and_once() -> None:
    sent: list[type] = []

    def receiver(sender: type, **kwargs: object) -> None:
        sent.append(sender)

    def on_class(sender: type, **kwargs: object) -> None:
        # By name, in the registry of the state, as a reusable app would.
        label = sender._meta.label_lower  # type: ignore[attr-defined]
        pre_save.connect(receiver, sender=label, apps=sender._meta.apps)  # type: ignore[attr-defined]

    class_prepared.connect(on_class)
    try:
        with historical_receivers_kept():
            state = a_state("One")
            model = state.apps.get_model("anywhere", "one")
            _ = a_state("Two").apps
            pre_save.send(model)
            for _ in range(2):
                with receivers_connected(state), receivers_connected(state):
                    pre_save.send(model)
            clone = state.clone()
            with receivers_connected(clone):
                pre_save.send(model)
    finally:
        class_prepared.disconnect(on_class)

    assert sent[-3:] == [model] * 3
    assert len(sent) <= 4


def test_a_failure_inside_gives_the_signals_back() -> None:
    before = [len(signal.receivers) for signal in (pre_save, class_prepared)]

    def receiver(**kwargs: object) -> None: ...
    def on_class(sender: type, **kwargs: object) -> None:
        pre_save.connect(receiver, sender=sender)

    class_prepared.connect(on_class)
    try:
        with (
            pytest.raises(LookupError),
            historical_receivers_kept(),
            receivers_connected(state := a_state("One")),
        ):
            state.apps.get_model("anywhere", "missing")
    finally:
        class_prepared.disconnect(on_class)

    assert [len(signal.receivers) for signal in (pre_save, class_prepared)] == before
