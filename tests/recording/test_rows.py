"""Rows that migrations write: byte for byte in the files, and never a secret in any of them."""

from __future__ import annotations

from nestflux.history.folder import Folder
from tests.conftest import ProjectFactory
from tests.recording.django_truth import (
    require_fidelity,
    snapshot_builds,
    statements,
    up_file,
)
from tests.scenario import Project

MODELS = """
    import uuid
    from django.db import models

    class Note(models.Model):
        title = models.CharField(max_length=80)
        data = models.BinaryField(default=b"")
        when = models.DateTimeField(null=True)

    class Key(models.Model):
        name = models.CharField(max_length=20)
        token = models.UUIDField(null=True)
        secret = models.CharField(max_length=80, default="")

        class Meta:
            db_table = "shop.keys"
"""

PARAMETERS = r"""
    from decimal import Decimal
    from uuid import UUID
    from django.db import migrations

    INSERT = "INSERT INTO shop_note (title, data) VALUES (%s, %s)"

    class InsertMany(migrations.operations.base.Operation):
        reversible = True

        def state_forwards(self, app_label, state):
            pass

        def database_forwards(self, app_label, schema_editor, from_state, to_state):
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(INSERT, [(f"row {n}", bytes([n])) for n in range(5)])

        def database_backwards(self, app_label, schema_editor, from_state, to_state):
            schema_editor.execute("DELETE FROM shop_note")

    class InsertPercent(InsertMany):
        def database_forwards(self, app_label, schema_editor, from_state, to_state):
            with schema_editor.connection.cursor() as cursor:
                cursor.execute("INSERT INTO shop_note (title, data) VALUES ('100%%', '')", ())
                cursor.execute("INSERT INTO shop_note (title, data) VALUES ('100%', '')")

    class SaveAll(InsertMany):
        def database_forwards(self, app_label, schema_editor, from_state, to_state):
            for note in to_state.apps.get_model("shop", "Note").objects.all():
                note.title = note.title.upper()
                note.save()

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                [
                    (INSERT, ["it's 100% \"so\" \\ \n\r\0\x1a \u2028 🎈 -- # ;", b"\x00\xff'\\"]),
                    (INSERT, [UUID(int=5), b""]),
                    (INSERT, [Decimal("1.50"), b""]),
                    (INSERT, [1.5e300, b""]),
                ],
                [("DELETE FROM shop_note WHERE title LIKE %s", ["%"])],
            ),
            InsertMany(),
            InsertPercent(),
            SaveAll(),
        ]
"""


def test_parameters_arrive_byte_for_byte(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", PARAMETERS)
    shop.succeeds("db_generate", "--name", "rows")

    found = statements(up_file(shop, "0002_rows"))

    assert "X'00ff275c'" in found[0]
    assert [sql.split("VALUES")[1] for sql in found[1:4]] == [
        " ('00000000-0000-0000-0000-000000000005', X'')",
        " (1.50, X'')",
        " (1.5e+300, X'')",
    ]
    require_fidelity(shop)


VOLATILE = """
    import secrets
    import uuid
    from django.db import migrations
    from django.utils import timezone

    def fill(apps, schema_editor):
        Note, Key = apps.get_model("shop", "Note"), apps.get_model("shop", "Key")
        Note.objects.create(title="made", when=timezone.now())
        Note.objects.create(title="never")
        Key.objects.create(name="none")
        Key.objects.create(name="public", token=uuid.uuid4())
        SECRETS

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL(
                "INSERT INTO shop_note (title, data, `when`) VALUES ('now', '', NOW(6))", ""
            ),
        ]
"""
SECRET = """
        secret = "s3cr3t-" + secrets.token_hex(8)
        Key.objects.create(name="secret", secret=secret)
"""


def test_times_and_uuids_are_made_anew_in_each_database(
    project: ProjectFactory, family: str
) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", VOLATILE.replace("SECRETS", ""))
    shop.succeeds("db_generate", "--name", "rows")

    snapshot = (shop.history / "schema.sql").read_text(encoding="utf-8")
    one, other = snapshot_builds(shop).rows, snapshot_builds(shop).rows

    assert "CURRENT_TIMESTAMP(6)" in snapshot
    assert ("UUID()" if family == "mariadb" else "REPLACE(UUID(), '-', '')") in snapshot
    assert one["shop.keys"][0] == other["shop.keys"][0]  # no uuid is no uuid
    assert one["shop.keys"][1][2] != other["shop.keys"][1][2]
    assert one["shop_note"][1] == other["shop_note"][1]
    assert shop.run("db_generate", "--check").code == 0


def test_a_secret_is_never_written_to_any_file(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", VOLATILE.replace("\n        SECRETS", SECRET))

    outcome = shop.succeeds("db_generate", "--name", "rows")

    journal = Folder(shop.history, shop.server.family).journal
    # The same step made rows of a table that a statement fills as well: nothing to take apart.
    (reason,) = journal.replay_because
    assert "0002_rows.sql, which is no Python step, makes rows of shop_note" in reason
    assert f"Fresh databases replay the files, because {reason}" in outcome.stdout
    assert all("s3cr3t-" not in path.read_text("utf-8") for path in shop.history.iterdir())
    assert "INSERT INTO `shop.keys`" not in (shop.history / "schema.sql").read_text("utf-8")
    _the_next_file_is_recorded_on_replayed_rows(shop)


def _the_next_file_is_recorded_on_replayed_rows(shop: Project) -> None:
    shop.edit("shop/models.py", "max_length=20", "max_length=30")

    shop.succeeds("db_generate", "--name", "longer")

    assert len(statements(up_file(shop, "0003_longer"))) == 1
    assert "s3cr3t-" not in (shop.history / "schema.sql").read_text("utf-8")


KINDS = """
    from django.db import models

    def usual():
        # As in edx-enterprise: on MariaDB the INSERT gives the key back (RETURNING).
        return Kind.objects.get_or_create(name="usual")[0].pk

    class Kind(models.Model):
        name = models.CharField(max_length=20, unique=True)

    class Note(models.Model):
        title = models.CharField(max_length=80)
"""
OF_A_KIND = """
        kind = models.ForeignKey(Kind, on_delete=models.CASCADE, default=usual)
"""


def test_a_default_that_makes_a_row_gets_its_key(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": KINDS}})
    shop.succeeds("db_generate")
    shop.write("shop/models.py", KINDS + OF_A_KIND)
    shop.succeeds("db_generate", "--name", "kinds")

    first, *_ = statements(up_file(shop, "0002_kinds"))

    assert first.startswith("INSERT INTO `shop_kind`")
    require_fidelity(shop)
