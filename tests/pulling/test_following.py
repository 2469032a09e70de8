"""``db_pull --compare APP --write``: the models of an installed app follow the database."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed
from tests.scenario import Project

TABLES = """
CREATE TABLE t_a (id int NOT NULL PRIMARY KEY, n varchar(9), old int NOT NULL, KEY old (old));
CREATE TABLE t_b (id int NOT NULL PRIMARY KEY, a_id int,
  CONSTRAINT b_of FOREIGN KEY (a_id) REFERENCES t_a (id));
"""
LATER = """
ALTER TABLE t_a MODIFY n varchar(30) COMMENT 'as typed', DROP COLUMN old,
  ADD kind enum('x','y') NOT NULL DEFAULT 'x' AFTER n, ADD KEY by_kind (kind, n),
  ADD UNIQUE KEY n (n), COMMENT = 'Who buys';
ALTER TABLE t_b DROP FOREIGN KEY b_of, ADD second_id int,
  ADD CONSTRAINT second_of FOREIGN KEY (second_id) REFERENCES t_a (id) ON DELETE CASCADE;
CREATE TABLE t_news (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, b_id int NOT NULL,
  hits int unsigned, CONSTRAINT news_of FOREIGN KEY (b_id) REFERENCES t_b (id));
"""
# Models as people write them.
WRITTEN = '''\
"""What is sold, and to whom."""

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models

LONGEST = 40


class Dated(models.Model):
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ("made",)


class Buyer(models.Model):
    """Somebody."""

    # As it is on the card.
    name = models.CharField("full name", max_length=LONGEST, validators=[MinLengthValidator(2)])
    email = models.EmailField(
        blank=True,
        help_text="ours",  # shown in the form
    )
    kind = models.CharField(max_length=5, choices=[("a", "All"), ("b", "Best")])
    code = models.SlugField()
    points = models.PositiveIntegerField(default=0); visits = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["name"], name="by_name")]

    def __str__(self): return self.name   # one line, two blanks


class Sale(Dated):
    buyer = models.ForeignKey(Buyer, on_delete=models.CASCADE, related_name="sales", help_text="?")
    price = models.DecimalField(max_digits=6, decimal_places=2)
    Built = None


def extra(name):
    return type(name, (models.Model,), {"__module__": __name__, "x": models.IntegerField()})


Extra = extra("Extra")
MADE = [models.UniqueConstraint(fields=["x"], name="one_x")]


class Listed(models.Model):
    x = models.IntegerField()

    class Meta:
        constraints = MADE
'''


def pulled(project: ProjectFactory) -> Project:
    site = feed(project({}), TABLES)
    site.succeeds("db_pull")
    adopted(site, "t")
    return site


def written(project: ProjectFactory) -> Project:
    """A project whose models somebody wrote, and whose tables Django made."""
    site = project({"s": {"models.py": ""}})
    (site.path / "s/models.py").write_text(WRITTEN, encoding="utf-8")
    site.succeeds("db_generate", "--noinput")
    site.succeeds("db_migrate")
    site.succeeds("db_pull", "--compare", "s")
    return site


def texts(site: Project, app: str) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in (site.path / app).rglob("*") if p.suffix == ".py"}


def test_pulled_models_follow(project: ProjectFactory) -> None:
    site = pulled(project)
    feed(site, LATER)

    done = site.succeeds("db_pull", "--compare", "t", "--write")

    start = done.lines.index("t/models/a.py")
    assert done.lines[start:] == [
        "t/models/a.py",
        "  - old = models.IntegerField()",
        '  ~ n = models.CharField(max_length=30, null=True, blank=True, db_comment="as typed")',
        '  + kind = SqlCharField(max_length=1, choices=[("x", "x"), ("y", "y")], '
        "sql_type=\"enum('x','y')\", db_default=\"x\")",
        '  + db_table_comment = "Who buys"',
        '  - models.Index(fields=["old"], name="old")',
        '  + models.Index(fields=["kind", "n"], name="by_kind")',
        '  + models.UniqueConstraint(fields=["n"], name="n")',
        "t/models/b.py",
        '  + second = models.ForeignKey("A", on_delete=models.DO_NOTHING, '
        'related_name="t_b_second_set", db_constraint=False, db_index=False, null=True, '
        "blank=True)",
        '  + models.Index(fields=["a"], name="b_of")',
        '  - SqlConstraint(sql="CONSTRAINT `b_of` FOREIGN KEY (`a_id`) REFERENCES `t_a` (`id`)", '
        'name="b_of")',
        '  + SqlConstraint(sql="CONSTRAINT `second_of` FOREIGN KEY (`second_id`) REFERENCES `t_a` '
        '(`id`) ON DELETE CASCADE", name="second_of")',
        "t/models/news.py  (new)",
        "  + class News",
        "t/sql.py",
        "  + SqlType, SqlCharField, SqlPositiveIntegerField",
        "Remark: Django has no field of this type; a class in sql.py keeps it:",
        "    t_news.hits (int unsigned)",
        "✓ Wrote 5 files:",
        "    t/models/__init__.py",
        "    t/models/a.py",
        "    t/models/b.py",
        "    t/models/news.py",
        "    t/sql.py",
        "✓ Compared again: 0 differences",
        "Next: review the changes, then",
        "      python manage.py db_generate",
        "      python manage.py db_mark_applied 0002",
    ]
    site.succeeds("db_generate", "--noinput")
    site.succeeds("db_mark_applied", "0002", "--yes")
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]
    site.succeeds("db_pull", "--compare", "t")


def test_the_files_are_what_db_pull_itself_would_write(project: ProjectFactory) -> None:
    """Of the changed schema, without models."""
    site = pulled(project)
    feed(site, LATER)
    site.succeeds("db_pull", "--compare", "t", "--write")
    other = feed(project({}), TABLES + LATER)
    other.succeeds("db_pull")

    for name in ("models/news.py", "models/__init__.py", "sql.py"):
        assert site.read(f"t/{name}") == other.read(f"t/{name}")


def test_what_people_wrote_stays(project: ProjectFactory) -> None:
    site = written(project)
    site.sql(
        "ALTER TABLE s_buyer MODIFY name varchar(60) NOT NULL, MODIFY email varchar(300) NOT NULL, "
        "MODIFY code varchar(70) NOT NULL, MODIFY visits bigint NOT NULL, "
        "ADD nick varchar(20) NULL AFTER name, ADD UNIQUE KEY nick (nick), DROP KEY by_name, "
        "ADD KEY by_nick (nick, name)"
    )
    site.sql("ALTER TABLE s_sale MODIFY price decimal(9,2) NULL, MODIFY buyer_id bigint NULL")

    site.succeeds("db_pull", "--compare", "s", "--write")

    expected = WRITTEN
    for old, new in (
        (
            'models.CharField("full name", max_length=LONGEST, '
            "validators=[MinLengthValidator(2)])\n",
            "models.CharField(\n"
            "        max_length=60,\n"
            '        verbose_name="full name",\n'
            "        validators=[MinLengthValidator(2)],\n"
            "    )\n"
            "    nick = models.CharField(max_length=20, unique=True, null=True, blank=True)\n",
        ),
        (
            "    email = models.EmailField(\n        blank=True,\n"
            '        help_text="ours",  # shown in the form\n    )\n',
            "    # shown in the form\n"
            '    email = models.EmailField(max_length=300, blank=True, help_text="ours")\n',
        ),
        ("models.SlugField()", "models.SlugField(max_length=70, db_index=False)"),
        ("; visits = models.IntegerField(", "; visits = models.BigIntegerField("),
        (
            'on_delete=models.CASCADE, related_name="sales", help_text="?")',
            "\n        on_delete=models.CASCADE,\n        null=True,\n        blank=True,\n"
            '        related_name="sales",\n        help_text="?",\n    )',
        ),
        ("models.ForeignKey(Buyer, ", "models.ForeignKey(\n        Buyer,"),
        (
            "max_digits=6, decimal_places=2)",
            "max_digits=9, decimal_places=2, null=True, blank=True)",
        ),
    ):
        assert expected.count(old) == 1, old
        expected = expected.replace(old, new)
    found = site.read("s/models.py")
    meta = found[found.index("        indexes = [") : found.index("    def __str__")]
    old = '        indexes = [models.Index(fields=["name"], name="by_name")]\n\n'
    assert found == expected.replace(old, meta)
    assert 'models.Index(fields=["nick", "name"], name="by_nick")' in meta
    assert "by_name" not in meta
    site.succeeds("db_pull", "--compare", "s")


def test_what_is_not_written_is_said(project: ProjectFactory) -> None:
    site = written(project)
    site.sql("ALTER TABLE s_sale MODIFY made datetime(3) NOT NULL, ADD note varchar(9) NULL")
    site.sql("ALTER TABLE s_extra MODIFY x bigint NOT NULL")
    site.sql("ALTER TABLE s_listed DROP KEY one_x, ADD UNIQUE KEY two_x (x, id)")

    done = site.run("db_pull", "--compare", "s", "--write")

    assert done.code == 1
    start = done.lines.index("To be changed by hand:")
    assert done.lines[start : start + 5] == [
        "To be changed by hand:",
        "    table s_extra: the file has no statement `class Extra` at its top: code builds the "
        "class",
        "    table s_listed / index one_x: Meta.constraints is no plain list",
        "    table s_listed / index two_x: Meta.constraints is no plain list; write: "
        'models.UniqueConstraint(fields=["x", "id"], name="two_x")',
        "    table s_sale / column made: the field comes from the abstract Dated; write: "
        'made = SqlDateTimeField(sql_type="datetime(3)")',
    ]
    assert "✓ Compared again: 4 differences, of what is left to you" in done.lines
    assert "    note = models.CharField(max_length=9, null=True, blank=True)\n" in site.read(
        "s/models.py"
    )


def test_a_table_that_is_gone_keeps_its_model(project: ProjectFactory) -> None:
    site = pulled(project)
    site.sql("DROP TABLE t_b")
    before = texts(site, "t")

    done = site.run("db_pull", "--compare", "t", "--write")

    assert done.code == 1
    assert "    table t_b: the database has no such table; its model is left" in done.lines
    assert texts(site, "t") == before
    assert "Nothing was written." in done.stdout


def test_a_key_is_changed_by_hand(project: ProjectFactory) -> None:
    site = pulled(project)
    site.sql(
        "ALTER TABLE t_b DROP PRIMARY KEY, ADD PRIMARY KEY (id, a_id), MODIFY a_id int NOT NULL"
    )
    site.sql("ALTER TABLE t_a MODIFY n varchar(12)")

    done = site.run("db_pull", "--compare", "t", "--write")

    assert done.code == 1
    assert "    table t_b / primary key: the key of a model is changed by hand" in done.lines
    assert "max_length=12" in site.read("t/models/a.py")


def test_models_that_cannot_be_used_are_put_back(project: ProjectFactory) -> None:
    site = pulled(project)
    site.edit(
        "t/models/a.py", "        indexes = [", '        ordering = ["old"]\n        indexes = ['
    )
    site.sql("ALTER TABLE t_a DROP COLUMN old, ADD kind enum('x','y')")
    feed(site, "CREATE TABLE t_new (id int NOT NULL PRIMARY KEY)")
    before = texts(site, "t")

    done = site.run("db_pull", "--compare", "t", "--write")

    assert done.code == 1
    assert done.stderr.startswith("The written models cannot be used: t.A: (models.E015)")
    assert "  Now:   the old files were put back: " in done.stderr
    assert texts(site, "t") == before


def test_models_that_give_something_else_are_put_back(project: ProjectFactory) -> None:
    site = pulled(project)
    site.edit(
        "t/models/a.py",
        "    class Meta:",
        "    locals().update(n=models.CharField(max_length=9, null=True))\n\n    class Meta:",
    )
    site.sql("ALTER TABLE t_a MODIFY n varchar(12)")
    before = texts(site, "t")

    done = site.run("db_pull", "--compare", "t", "--write")

    assert done.code == 1
    assert done.stderr.splitlines()[:3] == [
        "The models as written do not give what the database has.",
        "  Where: differs: table t_a / column n, type: varchar(12), and by the models: varchar(9)",
        "  Now:   the old files were put back: t/models/a.py",
    ]
    assert texts(site, "t") == before


def test_it_asks_on_a_terminal(project: ProjectFactory) -> None:
    site = pulled(project)
    site.sql("ALTER TABLE t_a MODIFY n varchar(12)")
    before = texts(site, "t")

    for args, asks in ((["--plan"], False), (["--no-input"], False), ([], True)):
        shown = site.on_a_terminal("db_pull", "--compare", "t", *args, answers="n\n")
        assert shown.code == 1
        assert ("Write it? [y/N]" in shown.stdout) is asks
        assert "Nothing was written." in shown.stdout
    assert texts(site, "t") == before
    done = site.on_a_terminal("db_pull", "--compare", "t", answers="y\n")

    assert done.code == 0
    assert "✓ Compared again: 0 differences" in done.stdout


def test_as_json(project: ProjectFactory) -> None:
    site = pulled(project)
    site.sql("ALTER TABLE t_a MODIFY n varchar(12)")

    shown = site.run("db_pull", "--compare", "t", "--json")
    done = site.succeeds("db_pull", "--compare", "t", "--json", "--write")

    assert shown.code == 1
    assert shown.json == {
        "differences": [
            {
                "key": "table t_a / column n",
                "attribute": "type",
                "live": "varchar(12)",
                "made": "varchar(9)",
            }
        ],
        "new_tables": {},
        "changes": [
            {
                "file": "t/models/a.py",
                "sign": "~",
                "text": "n = models.CharField(max_length=12, null=True, blank=True)",
            }
        ],
        "by_hand": [],
        "remarks": [],
        "files": ["t/models/a.py"],
        "written": False,
        "left": [],
    }
    assert done.json == {**shown.json, "written": True}


def test_write_goes_with_compare(project: ProjectFactory) -> None:
    site = feed(project({}), TABLES)

    refused = site.run("db_pull", "--write")

    assert refused.code == 2
    assert refused.stderr.startswith("--write goes with --compare")
    assert not (site.path / "t").exists()


def test_new_tables_of_an_app_in_one_file(project: ProjectFactory) -> None:
    site = written(project)
    feed(
        site,
        "CREATE TABLE s_new (id int NOT NULL PRIMARY KEY, f float, by_id bigint NOT NULL, "
        "FOREIGN KEY (by_id) REFERENCES s_buyer (id));"
        "CREATE TABLE audit (id int NOT NULL PRIMARY KEY); CREATE TABLE s_left (a int)",
    )

    site.succeeds(
        "db_pull", "--compare", "s", "--write", "--exclude", "s_left", "--app", "s=audit*"
    )

    text = site.read("s/models.py")
    assert text.startswith(
        WRITTEN.replace(
            "import models\n", "import models\n\nfrom s.sql import SqlConstraint, SqlFloatField\n"
        )
    )
    assert "\n\n\nclass New(models.Model):\n" in text
    assert "\n\n\nclass Audit(models.Model):\n" in text
    site.succeeds("db_pull", "--compare", "s", "--exclude", "s_left")


def test_relations_keys_and_classes_without_meta(project: ProjectFactory) -> None:
    site = project(
        {
            "s": {
                "models.py": """
    from django.db import models

    class Thing(models.Model):
        parent = models.ForeignKey("self", models.CASCADE, null=True)

    class Part(models.Model):
        thing_ref = models.BigIntegerField()
        n = models.IntegerField()

        @property
        def twice(self):
            return 2 * self.n
    """
            }
        }
    )
    site.succeeds("db_generate", "--noinput")
    site.succeeds("db_migrate")
    ((foreign,),) = site.sql(
        "SELECT CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = "
        "DATABASE() AND TABLE_NAME = 's_thing' AND REFERENCED_TABLE_NAME IS NOT NULL"
    )
    site.sql(f"ALTER TABLE s_thing DROP FOREIGN KEY `{foreign}`")
    site.sql("ALTER TABLE s_part MODIFY id int NOT NULL AUTO_INCREMENT, ADD KEY by_n (n)")
    site.sql(
        "ALTER TABLE s_part ADD CONSTRAINT of_it FOREIGN KEY (thing_ref) REFERENCES s_thing (id)"
    )

    site.succeeds("db_pull", "--compare", "s", "--write")

    text = site.read("s/models.py")
    thing, part = text[text.index("class Thing") :].split("class Part")
    assert '"self", models.CASCADE' not in thing
    assert (
        'parent = models.ForeignKey(\n        "self",\n        on_delete=models.CASCADE,' in thing
    )
    assert "db_constraint=False" in thing
    assert f'sql="KEY `{foreign}` (`parent_id`)"' in thing
    assert part.startswith(
        "(models.Model):\n"
        "    id = models.AutoField(primary_key=True)\n"
        "    thing_ref = models.BigIntegerField()\n"
        "    n = models.IntegerField()\n\n"
        "    class Meta:\n"
        "        indexes = [\n"
        '            models.Index(fields=["n"], name="by_n"),\n'
        "        ]\n"
        "        constraints = [\n"
        "            SqlConstraint(\n"
    )
    assert part.endswith("\n    @property\n    def twice(self):\n        return 2 * self.n\n")
    site.succeeds("db_generate", "--noinput")
    site.succeeds("db_mark_applied", "0002", "--yes")
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]
