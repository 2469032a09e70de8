"""Fields, models and tables under another name."""

from __future__ import annotations

from tests.recording.deploy_order.kinds.kind import NAME, SAME, TWO, Kind, with_name

KINDS = (
    Kind(
        "rename_field",
        with_name("f = m.IntegerField(default=1)"),
        with_name("g = m.IntegerField(default=1)"),
        TWO,
        operations="migrations.RenameField('p', 'f', 'g')",
    ),
    Kind(
        "rename_field_kept",
        with_name("f = m.IntegerField(default=1)"),
        with_name("g = m.IntegerField(default=1, db_column='f')"),
        SAME,
        operations="migrations.RenameField('p', 'f', 'g'), "
        "migrations.AlterField('p', 'g', models.IntegerField(default=1, db_column='f'))",
    ),
    Kind(
        "rename_model",
        NAME,
        NAME,
        TWO,
        operations="migrations.RenameModel('P', 'R')",
        model_new="R",
    ),
    Kind(
        "rename_model_table_kept",
        NAME,
        with_name("class Meta:\n    db_table = 'rename_model_table_kept_p'"),
        SAME,
        model_new="R",
        operations="migrations.RenameModel('P', 'R'), "
        "migrations.AlterModelTable('R', 'rename_model_table_kept_p')",
    ),
    Kind("rename_table", NAME, with_name("class Meta:\n    db_table = 'rename_table_other'"), TWO),
)
