"""Unique keys, checks and indexes."""

from __future__ import annotations

from tests.recording.deploy_order.kinds.kind import (
    CF,
    MF,
    NAME,
    NULL_FK,
    SAME,
    WITH_O,
    A,
    Kind,
    with_name,
)

KINDS = (
    Kind(
        "add_unique",
        NAME,
        "name = m.CharField(max_length=20, unique=True)",
        CF,
        ("name='a'", "name='a'"),
        ("name='a'", "name='b'"),
    ),
    Kind(
        "drop_unique",
        "name = m.CharField(max_length=20, unique=True)",
        NAME,
        MF,
        ("name='a'", "name='b'"),
        ("name='a'", "name='a'"),
    ),
    Kind(
        "add_unique_together",
        with_name("f = m.IntegerField(default=1)"),
        with_name(
            "f = m.IntegerField(default=1)", "class Meta:\n    unique_together = [('name', 'f')]"
        ),
        CF,
        ("name='a'", "name='a'"),
        ("name='a'", "name='b'"),
    ),
    Kind(
        "drop_unique_together",
        with_name(
            "f = m.IntegerField(default=1)", "class Meta:\n    unique_together = [('name', 'f')]"
        ),
        with_name("f = m.IntegerField(default=1)"),
        MF,
        ("name='a'", "name='b'"),
        ("name='a'", "name='a'"),
    ),
    Kind(
        "unique_lower",
        NAME,
        with_name(
            "class Meta:\n    constraints = [m.UniqueConstraint(Lower('name'), name='lower_u')]"
        ),
        SAME,
        ("name='a'", "name='A'"),
        ("name='a'", "name='b'"),
        on_mysql=CF,
    ),
    Kind(
        "composite_unique_dropped",
        with_name(
            NULL_FK,
            "class Meta:\n    constraints = "
            "[m.UniqueConstraint(fields=['o', 'name'], name='cud_u')]",
        ),
        with_name(NULL_FK),
        MF,
        WITH_O,
        ("name='a', o=O.objects.create(pk=911)", "name='a', o=O.objects.get(pk=911)"),
    ),
    Kind(
        "add_check",
        with_name("f = m.IntegerField(default=1)"),
        with_name(
            "f = m.IntegerField(default=1)",
            "class Meta:\n    constraints = "
            "[m.CheckConstraint(condition=Q(f__gte=10), name='add_check_c')]",
        ),
        CF,
        ("name='a', f=9",),
        ("name='a', f=10",),
    ),
    Kind(
        "drop_check",
        with_name(
            "f = m.IntegerField(default=12)",
            "class Meta:\n    constraints ="
            " [m.CheckConstraint(condition=Q(f__gte=10), name='drop_check_c')]",
        ),
        with_name("f = m.IntegerField(default=1)"),
        MF,
        ("name='a', f=10",),
        ("name='a', f=9",),
    ),
    Kind(
        "choices_with_check",
        with_name(
            "class Meta:\n    constraints = [m.CheckConstraint("
            "condition=Q(name__in=['a', 'b']), name='cwc_c')]"
        ),
        with_name(
            "class Meta:\n    constraints = [m.CheckConstraint("
            "condition=Q(name__in=['a', 'b', 'c']), name='cwc_c')]"
        ),
        MF,
        A,
        ("name='c'",),
    ),
    Kind(
        "add_index",
        NAME,
        with_name("class Meta:\n    indexes = [m.Index(fields=['name'], name='add_index_i')]"),
        SAME,
    ),
    Kind(
        "drop_index",
        with_name("class Meta:\n    indexes = [m.Index(fields=['name'], name='drop_index_i')]"),
        NAME,
        SAME,
    ),
    Kind(
        "rename_index",
        with_name("class Meta:\n    indexes = [m.Index(fields=['name'], name='rename_index_i')]"),
        with_name("class Meta:\n    indexes = [m.Index(fields=['name'], name='rename_index_j')]"),
        SAME,
        operations="migrations.RenameIndex('p', 'rename_index_j', 'rename_index_i')",
    ),
    Kind(
        "run_sql_unique",
        NAME,
        NAME,
        CF,
        ("name='a'", "name='a'"),
        A,
        operations="migrations.RunSQL('ALTER TABLE run_sql_unique_p ADD UNIQUE (name)')",
    ),
)
