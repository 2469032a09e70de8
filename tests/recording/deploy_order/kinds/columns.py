"""Columns that come, go, or get another default or NULL."""

from __future__ import annotations

from tests.recording.deploy_order.kinds.kind import CF, MF, NAME, SAME, TWO, A, Kind, with_name

_BASE_AND_CHILD = """class Base(m.Model):
    {}

class P(Base):
    {}
"""
KINDS = (
    Kind("add_null", NAME, with_name("f = m.IntegerField(null=True)"), MF, A, ("name='a', f=3",)),
    Kind("drop_null", with_name("f = m.IntegerField(null=True)"), NAME, CF, ("name='a', f=3",), A),
    Kind("add_db_default", NAME, with_name("f = m.IntegerField(db_default=7)"), MF),
    Kind("drop_db_default", with_name("f = m.IntegerField(db_default=7)"), NAME, CF),
    Kind("add_required", NAME, with_name("f = m.IntegerField(default=7)"), TWO),
    Kind("drop_required", with_name("f = m.IntegerField(default=7)"), NAME, TWO),
    Kind("add_text", NAME, with_name("f = m.TextField(default='x')"), TWO, on_mysql=MF),
    Kind("add_empty_text", NAME, with_name("f = m.TextField(default='')"), TWO),
    Kind("drop_text", with_name("f = m.TextField(default='')"), NAME, TWO),
    Kind("add_auto_now", NAME, with_name("f = m.DateTimeField(auto_now=True)"), TWO),
    Kind(
        "add_generated",
        NAME,
        with_name(
            "f = m.GeneratedField(expression=Lower('name'), "
            "output_field=m.CharField(max_length=20), db_persist=True)"
        ),
        MF,
    ),
    Kind(
        "null_to_required",
        with_name("f = m.IntegerField(null=True)"),
        with_name("f = m.IntegerField(default=1)"),
        CF,
        ("name='a', f=None", "name='a', f=2"),
    ),
    Kind(
        "required_to_null",
        with_name("f = m.IntegerField(default=1)"),
        with_name("f = m.IntegerField(null=True)"),
        MF,
        A,
        ("name='a', f=None",),
    ),
    Kind(
        "db_default_added",
        with_name("f = m.IntegerField(default=1)"),
        with_name("f = m.IntegerField(db_default=1)"),
        MF,
    ),
    Kind(
        "db_default_removed",
        with_name("f = m.IntegerField(db_default=1)"),
        with_name("f = m.IntegerField(default=1)"),
        CF,
    ),
    Kind(
        "python_default",
        with_name("f = m.IntegerField(default=1)"),
        with_name("f = m.IntegerField(default=2)"),
        SAME,
    ),
    Kind(
        "two_independent",
        with_name("f = m.IntegerField(null=True)"),
        with_name("g = m.IntegerField(null=True)"),
        TWO,
        ("name='a', f=1",),
        ("name='a', g=1",),
    ),
    Kind(
        "state_only",
        with_name("f = m.IntegerField(null=True)"),
        NAME,
        SAME,
        ("name='a', f=1",),
        A,
        operations="migrations.SeparateDatabaseAndState("
        "state_operations=[migrations.RemoveField('p', 'f')])",
    ),
    Kind(
        "run_sql_default",
        NAME,
        NAME,
        SAME,
        operations="migrations.RunSQL('ALTER TABLE run_sql_default_p ADD f int NOT NULL "
        "DEFAULT 1')",
    ),
    Kind(
        "move_to_base",
        "",
        "",
        TWO,
        more_old=_BASE_AND_CHILD.format(
            "n = m.IntegerField()", "o = m.IntegerField()\n    f = m.IntegerField(default=1)"
        ),
        more_new=_BASE_AND_CHILD.format(
            "n = m.IntegerField()\n    f = m.IntegerField(default=1)", "o = m.IntegerField()"
        ),
        rows_old=("n=1, o=2, f=3",),
        rows_new=("n=1, o=2, f=3",),
        operations="migrations.RemoveField('p', 'f'), "
        "migrations.AddField('base', 'f', models.IntegerField(default=1))",
    ),
    Kind("comment", NAME, "name = m.CharField(max_length=20, db_comment='who')", SAME),
    Kind(
        "choices",
        "name = m.CharField(max_length=20, choices=[('a', 'A')])",
        "name = m.CharField(max_length=20, choices=[('a', 'A'), ('b', 'B')])",
        SAME,
        A,
        ("name='b'",),
    ),
    Kind("table_comment", NAME, with_name("class Meta:\n    db_table_comment = 'people'"), SAME),
    Kind("options", NAME, with_name("class Meta:\n    verbose_name = 'person'"), SAME),
)
