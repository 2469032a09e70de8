"""Tables, foreign keys and many-to-many relations."""

from __future__ import annotations

from tests.recording.deploy_order.kinds.kind import (
    CF,
    FK,
    MF,
    NAME,
    NULL_FK,
    SAME,
    TWO,
    WITH_O,
    A,
    Kind,
    with_name,
)

_LINK = """class L(m.Model):
    p = m.ForeignKey('P', m.CASCADE)
    o = m.ForeignKey(O, m.CASCADE)
"""
KINDS = (
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
    Kind(
        "order_with_respect_to",
        with_name(FK),
        with_name(FK, "class Meta:\n    order_with_respect_to = 'o'"),
        TWO,
        WITH_O,
        WITH_O,
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
)
