"""What a pulled model reads, finds and saves is what the column holds: to the end of its range, bit
for bit, and numbers where they are meant."""

from __future__ import annotations

import secrets

from tests.conftest import ProjectFactory
from tests.pulling.conftest import Pulled, adopted, feed

RANGES = """
CREATE TABLE t_int (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, n int);
CREATE TABLE t_big (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, n int);
CREATE TABLE t_small (id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, n int);
CREATE TABLE t_medium (id mediumint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, n int);
CREATE TABLE t_all (id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, of_id int unsigned,
  i int unsigned, b bigint unsigned, z int(6) unsigned zerofill, s smallint unsigned,
  t tinyint unsigned, CONSTRAINT all_of FOREIGN KEY (of_id) REFERENCES t_int (id));
INSERT INTO t_int VALUES (3000000000, 1);
INSERT INTO t_big VALUES (18000000000000000000, 1);
INSERT INTO t_small VALUES (60000, 1);
INSERT INTO t_medium VALUES (16000000, 1);
INSERT INTO t_all VALUES (200, 3000000000, 4000000000, 18000000000000000000, 999999, 60000, 200);
"""
BITS = """
CREATE TABLE t_bits (id int NOT NULL PRIMARY KEY, yes bit(1) NOT NULL DEFAULT b'0',
  maybe bit(1), most bit(1) DEFAULT b'1', eight bit(8), many bit(64) DEFAULT b'11', KEY yes (yes));
INSERT INTO t_bits VALUES (1, b'0', NULL, b'0', b'11', 1), (2, b'1', b'1', b'0', b'0', 2),
  (3, b'1', b'0', b'1', b'110001', 3);
"""
NUMBERS = """
CREATE TABLE t_flags (id int NOT NULL PRIMARY KEY, level tinyint(1) NOT NULL DEFAULT 2,
  below tinyint(1) NOT NULL DEFAULT -1, yes tinyint(1) NOT NULL DEFAULT '1', maybe tinyint(1),
  no tinyint(1) NOT NULL DEFAULT 0, stars tinyint(1) NOT NULL, old tinyint(1) unsigned DEFAULT 1);
CREATE TABLE t_kind (kind tinyint(1) NOT NULL AUTO_INCREMENT PRIMARY KEY, place tinyint(1),
  UNIQUE KEY place (place));
CREATE TABLE t_kinds (kind tinyint(1) NOT NULL PRIMARY KEY);
INSERT INTO t_flags (id, maybe, no, stars) VALUES (1, NULL, 0, 1), (2, NULL, 1, 5);
"""


def test_unsigned_keys_to_the_end_of_their_range(project: ProjectFactory) -> None:
    site = feed(project({}), RANGES)
    site.succeeds("db_pull")
    adopted(site, "t")

    used = site.python(
        """
        from t.models import All, Big, Int, Medium, Small

        for model, key in ((Int, 3000000000), (Big, 18000000000000000000), (Small, 60000),
                           (Medium, 16000000)):
            row = model.objects.get(pk=key)
            row.full_clean()
            row.n = 2
            row.save()
            assert model.objects.filter(pk__gt=key - 1, pk__lte=key, n=2).count() == 1, model
            assert model.objects.create(n=3).pk == key + 1
        row = All.objects.get(pk=200, of=3000000000, i=4000000000, b=18000000000000000000,
                              z=999999, s=60000, t=200)
        row.full_clean()
        assert Int.objects.get(all=row).pk == row.of_id
        """
    )

    assert used.code == 0, str(used)


def test_bits_are_found_and_saved_as_they_are(project: ProjectFactory) -> None:
    site = feed(project({}), BITS)
    site.succeeds("db_pull", "--app", "t=*")
    adopted(site, "t")

    used = site.python(
        r"""
        from t.models import Bit

        def found(**wanted):
            return sorted(Bit.objects.filter(**wanted).values_list("pk", flat=True))

        assert (found(yes=True), found(yes=False)) == ([2, 3], [1])
        assert (found(maybe=True), found(maybe=False), found(maybe=None)) == ([2], [3], [1])
        assert (found(eight=b"\x03"), found(eight=b"1"), found(eight=b"\0")) == ([1], [3], [2])
        assert found(eight__in=[b"\x03", b"1"]) == [1, 3]
        assert (found(eight__gt=b"\x03"), found(eight=49)) == ([3], [3])
        first = Bit.objects.get(pk=1)
        assert (first.yes, first.maybe, first.most, first.eight) == (False, None, False, b"\x03")
        first.yes, first.eight = True, b"\x05"
        first.save()
        first.refresh_from_db()
        assert (first.yes, first.eight) == (True, b"\x05")
        made = Bit.objects.create(pk=9)
        made.refresh_from_db()
        assert (made.yes, made.most, made.many) == (False, True, bytes(7) + b"\x03")
        Bit.objects.filter(pk=9).update(eight=b"\x07", yes=True)
        Bit.objects.bulk_create([Bit(pk=10, eight=b"\x07")])
        assert found(eight=b"\x07") == [9, 10]
        """
    )

    assert used.code == 0, str(used)


def test_a_tinyint_that_holds_more_than_yes_and_no_is_a_number(project: ProjectFactory) -> None:
    site = feed(project({}), NUMBERS)
    site.succeeds("db_pull")
    text = site.read("t/models/flags.py")
    adopted(site, "t")

    for name in ("yes", "maybe", "no"):
        assert f"    {name} = models.BooleanField(" in text
    for name in ("level", "below", "stars"):
        assert f"    {name} = SqlSmallIntegerField(" in text
    used = site.python(
        """
        from t.models import Flag, Kind, Kinds

        for row in Flag.objects.all():
            row.full_clean()
            row.save()
        assert [(row.level, row.below, row.yes, row.stars) for row in Flag.objects.all()] == [
            (2, -1, True, 1), (2, -1, True, 5)]
        assert [Kind.objects.create().pk, Kind.objects.create().pk] == [1, 2]
        Kinds.objects.create(kind=7)
        Kinds.objects.get(kind=7).delete()
        """
    )
    assert used.code == 0, str(used)


def test_rows_that_cannot_be_read_are_said(project: ProjectFactory) -> None:
    site = feed(project({}), NUMBERS)

    with site.a_user(
        f"nf{secrets.token_hex(4)}", "Secret-1!", f"INSERT, REFERENCES ON `{site.database}`.*"
    ) as url:
        shown = site.succeeds("db_pull", "--plan", env={"DATABASE_URL": url})

    assert Pulled(site, shown).remarks("Its tinyint(1) are booleans") == [
        "t_flags",
        "t_kind",
        "t_kinds",
    ]


def test_a_percent_sign_in_a_name_is_said(project: ProjectFactory) -> None:
    """Django sends parameters with each query, and the driver takes the sign for one."""
    site = feed(
        project({}),
        """
        CREATE TABLE t_rates (id int NOT NULL PRIMARY KEY, `vat%` int);
        CREATE TABLE `t_per%cent` (id int NOT NULL PRIMARY KEY, n int);
        CREATE TABLE t_fine (id int NOT NULL PRIMARY KEY, n varchar(9) DEFAULT '100%' COMMENT '%');
        """,
    )

    pulled = Pulled(site, site.succeeds("db_pull"))

    assert pulled.remarks("Every query that Django makes of it fails") == [
        "t_per%cent",
        "t_rates.vat%",
    ]
