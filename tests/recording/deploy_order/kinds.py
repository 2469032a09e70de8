"""Kinds of change: the models before and after, rows that code of each writes, and the order.

The orders are those of a measurement of real code by hand, on MariaDB 10.11 and MySQL 9.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

MF, CF, TWO, SAME = "migrate first", "code first", "two steps", "no difference found"


@dataclass(frozen=True)
class Kind:
    """One app with a model P, and O beside it, to which P may refer.

    ``old`` and ``new`` are the bodies of P; ``rows_old`` and ``rows_new`` what code gives to
    ``P.objects.create``; ``operations`` those of the second migration where the autodetector would
    ask; ``also`` is done by code with a row ``p``; ``more_old`` and ``more_new`` stand before P.
    """

    name: str
    old: str
    new: str
    order: str
    rows_old: tuple[str, ...] = ("name='a'",)
    rows_new: tuple[str, ...] = ("name='a'",)
    on_mysql: str = ""
    operations: str = ""
    more_old: str = ""
    more_new: str = ""
    also_old: str = ""
    also_new: str = ""
    model_new: str = "P"

    def order_on(self, family: str) -> str:
        return self.on_mysql if family == "mysql" and self.on_mysql else self.order

    def module(self, *, new: bool) -> str:
        """The text of models.py."""
        body = self.new if new else self.old
        name = self.model_new if new else "P"
        of_p = f"class {name}(m.Model):\n{indent(body, '    ')}\n" if body else ""
        return (
            "import uuid\nfrom django.db import models as m\nfrom django.db.models import Q, F\n"
            "from django.db.models.functions import Lower, Now\n\n"
            "class O(m.Model):\n    title = m.CharField(max_length=20, default='o')\n\n"
            f"{self.more_new if new else self.more_old}\n{of_p}"
        )


NAME = "name = m.CharField(max_length=20)"


def with_name(*lines: str) -> str:
    return "\n".join((NAME, *lines))


A = ("name='a'",)
FK = "o = m.ForeignKey(O, m.CASCADE)"
NULL_FK = "o = m.ForeignKey(O, m.CASCADE, null=True)"
WITH_O = ("name='a', o=O.objects.create()",)

_BASE_AND_CHILD = """class Base(m.Model):
    {}

class P(Base):
    {}
"""
_LINK = """class L(m.Model):
    p = m.ForeignKey('P', m.CASCADE)
    o = m.ForeignKey(O, m.CASCADE)
"""

KINDS = (
    # a column comes or goes
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
    # keys and tables
    Kind("add_null_fk", NAME, with_name(NULL_FK), MF, A, WITH_O),
    Kind("drop_null_fk", with_name(NULL_FK), NAME, CF, WITH_O, A),
    Kind("drop_fk", with_name(FK), NAME, TWO, WITH_O, A),
    Kind(
        "add_m2m",
        NAME,
        with_name("os = m.ManyToManyField(O)"),
        MF,
        also_new="p.os.add(O.objects.create())",
    ),
    Kind(
        "drop_m2m",
        with_name("os = m.ManyToManyField(O)"),
        NAME,
        CF,
        also_old="p.os.add(O.objects.create())",
    ),
    Kind(
        "add_table",
        NAME,
        NAME,
        MF,
        more_new="class N(m.Model):\n    n = m.IntegerField()\n",
        also_new="N.objects.create(n=1)",
    ),
    Kind(
        "drop_table",
        NAME,
        NAME,
        CF,
        more_old="class N(m.Model):\n    n = m.IntegerField()\n",
        also_old="N.objects.create(n=1)",
    ),
    Kind(
        "add_child_table",
        NAME,
        NAME,
        MF,
        more_new=f"class N(m.Model):\n    {FK}\n",
        also_new="N.objects.create(o=O.objects.create())",
    ),
    Kind(
        "fk_to_one_to_one",
        with_name(FK),
        with_name("o = m.OneToOneField(O, m.CASCADE)"),
        CF,
        ("name='a', o=O.objects.create(pk=901)", "name='b', o=O.objects.get(pk=901)"),
        WITH_O,
    ),
    Kind(
        "fk_without_constraint",
        with_name("o = m.ForeignKey(O, m.DO_NOTHING)"),
        with_name("o = m.ForeignKey(O, m.DO_NOTHING, db_constraint=False)"),
        MF,
        WITH_O,
        ("name='a', o_id=777",),
    ),
    Kind(
        "on_delete",
        with_name(FK),
        with_name("o = m.ForeignKey(O, m.PROTECT)"),
        SAME,
        WITH_O,
        WITH_O,
    ),
    Kind(
        "on_delete_set",
        with_name("o = m.ForeignKey(O, m.SET(777))"),
        with_name("o = m.ForeignKey(O, m.SET(777), verbose_name='other')"),
        SAME,
        WITH_O,
        WITH_O,
    ),
    # names
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
    Kind("rename_table", NAME, with_name("class Meta:\n    db_table = 'rename_table_other'"), TWO),
    # one column otherwise
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
        "narrower",
        "name = m.CharField(max_length=20)",
        "name = m.CharField(max_length=5)",
        CF,
        ("name='a' * 20",),
        ("name='a' * 5",),
    ),
    Kind(
        "wider",
        "name = m.CharField(max_length=5)",
        "name = m.CharField(max_length=20)",
        MF,
        ("name='a' * 5",),
        ("name='a' * 20",),
    ),
    Kind(
        "text_to_varchar",
        "name = m.TextField()",
        "name = m.CharField(max_length=5)",
        CF,
        ("name='a' * 50",),
        ("name='a' * 5",),
    ),
    Kind(
        "int_to_bigint",
        with_name("f = m.IntegerField()"),
        with_name("f = m.BigIntegerField()"),
        MF,
        ("name='a', f=5",),
        ("name='a', f=2**40",),
    ),
    Kind(
        "int_to_varchar",
        with_name("f = m.IntegerField()"),
        with_name("f = m.CharField(max_length=20)"),
        TWO,
        ("name='a', f=5",),
        ("name='a', f='b'",),
    ),
    Kind(
        "datetime_to_date",
        with_name("f = m.DateTimeField()"),
        with_name("f = m.DateField()"),
        TWO,
        ("name='a', f=moment",),
        ("name='a', f=moment.date()",),
    ),
    Kind(
        "decimal_places",
        with_name("f = m.DecimalField(max_digits=8, decimal_places=2)"),
        with_name("f = m.DecimalField(max_digits=10, decimal_places=4)"),
        MF,
        ("name='a', f=Decimal('1.25')",),
        ("name='a', f=Decimal('1.2345')",),
    ),
    Kind(
        "varchar_to_uuid",
        with_name("f = m.CharField(max_length=40)"),
        with_name("f = m.UUIDField()"),
        TWO,
        ("name='a', f='b' * 40",),
        ("name='a', f=uuid.UUID(int=2**127)",),
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
        "choices",
        "name = m.CharField(max_length=20, choices=[('a', 'A')])",
        "name = m.CharField(max_length=20, choices=[('a', 'A'), ('b', 'B')])",
        SAME,
        A,
        ("name='b'",),
    ),
    Kind("comment", NAME, "name = m.CharField(max_length=20, db_comment='who')", SAME),
    # keys and checks over columns
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
        "positive",
        with_name("f = m.IntegerField(default=1)"),
        with_name("f = m.PositiveIntegerField(default=1)"),
        TWO,
        ("name='a', f=-1",),
        ("name='a', f=2**31",),
    ),
    Kind(
        "add_index",
        NAME,
        with_name("class Meta:\n    indexes = [m.Index(fields=['name'], name='add_index_i')]"),
        SAME,
    ),
    Kind(
        "collation_ci",
        "name = m.CharField(max_length=20, unique=True, db_collation='utf8mb4_bin')",
        "name = m.CharField(max_length=20, unique=True, db_collation='utf8mb4_unicode_ci')",
        CF,
        ("name='a'", "name='A'"),
        ("name='a'", "name='b'"),
    ),
    Kind(
        "order_with_respect_to",
        with_name(FK),
        with_name(FK, "class Meta:\n    order_with_respect_to = 'o'"),
        TWO,
        WITH_O,
        WITH_O,
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
        "bigint_to_int",
        with_name("f = m.BigIntegerField()"),
        with_name("f = m.IntegerField()"),
        CF,
        ("name='a', f=2**40",),
        ("name='a', f=5",),
    ),
    Kind(
        "varchar_to_text",
        "name = m.CharField(max_length=5)",
        "name = m.TextField()",
        MF,
        ("name='a' * 5",),
        ("name='a' * 50",),
    ),
    Kind(
        "varchar_to_int",
        with_name("f = m.CharField(max_length=20)"),
        with_name("f = m.IntegerField()"),
        TWO,
        ("name='a', f='b'",),
        ("name='a', f=5",),
    ),
    Kind(
        "date_to_datetime",
        with_name("f = m.DateField()"),
        with_name("f = m.DateTimeField()"),
        TWO,
        ("name='a', f=moment.date()",),
        ("name='a', f=moment",),
    ),
    Kind(
        "date_to_datetime_added_by_django",
        with_name("f = m.DateField(auto_now_add=True)"),
        with_name("f = m.DateTimeField(auto_now_add=True)"),
        TWO,
        also_old="assert type(p.f) is type(moment.date())",
        also_new="assert type(p.f) is type(moment)",
    ),
    Kind(
        "fewer_decimal_places",
        with_name("f = m.DecimalField(max_digits=10, decimal_places=4)"),
        with_name("f = m.DecimalField(max_digits=8, decimal_places=2)"),
        CF,
        ("name='a', f=Decimal('1.2345')",),
        ("name='a', f=Decimal('1.25')",),
    ),
    Kind(
        "text_to_json",
        with_name("f = m.TextField()"),
        with_name("f = m.JSONField()"),
        CF,
        ("name='a', f='b'",),
        ("name='a', f={'a': 1}",),
    ),
    Kind(
        "varchar_to_json",
        with_name("f = m.CharField(max_length=255)"),
        with_name("f = m.JSONField()"),
        TWO,
        ("name='a', f='b'",),
        ("name='a', f={'a': 'b' * 300}",),
    ),
    Kind(
        "text_to_long_varchar",
        "name = m.TextField()",
        "name = m.CharField(max_length=500)",
        CF,
        ("name='a' * 501",),
        ("name='a' * 500",),
    ),
    Kind(
        "varchar_to_ip_address",
        with_name("f = m.CharField(max_length=15)"),
        with_name("f = m.GenericIPAddressField()"),
        MF,
        ("name='a', f='192.0.2.1'",),
        ("name='a', f='2001:db8:ffff:ffff:ffff:ffff:ffff:1'",),
    ),
    Kind(
        "one_to_one_to_fk",
        with_name("o = m.OneToOneField(O, m.CASCADE)"),
        with_name(FK),
        MF,
        WITH_O,
        ("name='a', o=O.objects.create(pk=901)", "name='b', o=O.objects.get(pk=901)"),
    ),
    Kind(
        "fk_to_another_table",
        with_name(FK),
        with_name("o = m.ForeignKey(T, m.CASCADE)"),
        TWO,
        ("name='a', o=O.objects.create(pk=901)",),
        ("name='a', o=T.objects.create(pk=902)",),
        more_old="class T(m.Model):\n    n = m.IntegerField(default=1)\n",
        more_new="class T(m.Model):\n    n = m.IntegerField(default=1)\n",
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
    Kind("table_comment", NAME, with_name("class Meta:\n    db_table_comment = 'people'"), SAME),
    Kind("options", NAME, with_name("class Meta:\n    verbose_name = 'person'"), SAME),
    Kind(
        "collation_bin",
        "name = m.CharField(max_length=20, unique=True, db_collation='utf8mb4_unicode_ci')",
        "name = m.CharField(max_length=20, unique=True, db_collation='utf8mb4_bin')",
        MF,
        ("name='a'", "name='b'"),
        ("name='a'", "name='A'"),
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
        "run_sql_default",
        NAME,
        NAME,
        SAME,
        operations="migrations.RunSQL('ALTER TABLE run_sql_default_p ADD f int NOT NULL "
        "DEFAULT 1')",
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
    Kind(
        "m2m_to_through",
        with_name("os = m.ManyToManyField(O)"),
        with_name("os = m.ManyToManyField(O, through='L')"),
        TWO,
        also_old="p.os.add(O.objects.create())",
        also_new="p.os.add(O.objects.create())",
        more_new=_LINK,
        operations="migrations.RemoveField('p', 'os'), "
        "migrations.CreateModel('L', [('id', models.BigAutoField(primary_key=True)), "
        "('p', models.ForeignKey('P', models.CASCADE)), "
        "('o', models.ForeignKey('O', models.CASCADE))]), "
        "migrations.AddField('p', 'os', models.ManyToManyField('O', through='L'))",
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
    Kind(
        "key_to_bigint",
        with_name("id = m.AutoField(primary_key=True)"),
        with_name("id = m.BigAutoField(primary_key=True)"),
        SAME,
        more_old="class C(m.Model):\n    p = m.ForeignKey('P', m.CASCADE)\n",
        more_new="class C(m.Model):\n    p = m.ForeignKey('P', m.CASCADE)\n",
        also_old="C.objects.create(p=p)",
        also_new="C.objects.create(p=p)",
    ),
    Kind(
        "key_to_char",
        with_name("id = m.IntegerField(primary_key=True)"),
        with_name("id = m.CharField(max_length=20, primary_key=True)"),
        TWO,
        ("name='a', id=5",),
        ("name='a', id='b'",),
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
)
