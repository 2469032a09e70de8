"""Python source that is changed in places: all else stays, to the byte."""

from __future__ import annotations

import ast

import pytest

from nestflux.pulling.source import CannotEdit, ClassSource, Source

MODEL = '''\
"""Who buys."""

from django.db import models


class Buyer(models.Model):
    # As it is on the card.
    name = models.CharField(max_length=9)  # käse
    other = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="a"),  # for the list
            # Nobody knows.
            models.Index(fields=["other"], name="b")
        ]

    def __str__(self):
        return self.name
'''


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def of(text: str) -> tuple[Source, ClassSource]:
    source = Source(text.encode())
    return source, ClassSource(source, source.top_class("Buyer"))


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    source, buyer = of(MODEL)

    source.replace(buyer.assigned["name"].value, "models.TextField()")  # type: ignore[arg-type]

    expected = changed(
        MODEL, "models.CharField(max_length=9)  # käse", "models.TextField()  # käse"
    )
    assert source.result().decode() == expected


def test_windows_line_ends_stay() -> None:
    windows = MODEL.replace("\n", "\r\n")
    source, buyer = of(windows)

    source.insert_after(buyer.assigned["other"], ["    more = 1", "    most = 2"])

    line = "    other = models.IntegerField()\r\n"
    expected = changed(windows, line, f"{line}    more = 1\r\n    most = 2\r\n")
    assert source.result().decode() == expected


def test_what_is_inserted_behind_a_statement_that_goes() -> None:
    source, buyer = of(MODEL)

    source.remove(buyer.assigned["name"])
    source.insert_after(buyer.assigned["name"], ["    first = 1"])
    source.remove(buyer.assigned["other"])
    source.insert_after(buyer.assigned["other"], ["    second = 2"])

    old = MODEL[MODEL.index("    name =") : MODEL.index("\n    class Meta")]
    assert source.result().decode() == changed(MODEL, old, "    first = 1\n    second = 2\n")


def test_a_list_of_an_item_a_line_keeps_its_comments() -> None:
    source, buyer = of(MODEL)
    assert buyer.meta is not None
    indexes = buyer.meta.value("indexes")
    assert isinstance(indexes, ast.List)

    source.change_list(indexes, {0: ["            x,"]}, [["            y,"]])

    expected = changed(
        changed(MODEL, 'models.Index(fields=["name"], name="a"),', "x,"),
        'name="b")\n',
        'name="b"),\n            y,\n',
    )
    assert source.result().decode() == expected


@pytest.mark.parametrize("text", ["a = [f(1), f(2)]\n", "a = (f(1), f(2))\n"])
def test_a_list_on_one_line_becomes_one_of_an_item_a_line(text: str) -> None:
    source = Source(text.encode())
    value = source.tree.body[0].value  # type: ignore[attr-defined]

    source.change_list(value, {0: []}, [["    f(3),"]])

    assert source.result() == b"a = [\n    f(2),\n    f(3),\n]\n"


def test_comments_between_items_that_share_lines_are_not_lost() -> None:
    source = Source(b"a = [f(1), f(2),  # both\n     f(3)]\n")

    with pytest.raises(CannotEdit, match="comments between"):
        source.change_list(source.tree.body[0].value, {0: []}, [])  # type: ignore[attr-defined]


def test_a_statement_that_shares_its_line_is_not_taken_out() -> None:
    source = Source(b"class Buyer:\n    a = 1; b = 2\n")
    buyer = ClassSource(source, source.top_class("Buyer"))

    with pytest.raises(CannotEdit, match="line 2 holds more than one statement"):
        source.remove(buyer.assigned["a"])


def test_a_name_that_is_assigned_twice_is_nobodys() -> None:
    _, buyer = of("class Buyer:\n    a = 1\n    a = 2\n    b = 3\n    a = 4\n")

    assert set(buyer.assigned) == {"b"}


@pytest.mark.parametrize(
    ("before", "module", "after"),
    [
        ("", "django.conf", "NEW\n\n"),
        ('"""Doc."""\n', "django.conf", '"""Doc."""\nNEW\n\n'),
        (
            "import re\n\nfrom django.db import models\n",
            "django.conf",
            "import re\n\nNEW\nfrom django.db import models\n",
        ),
        ("from django.db import models\n", "shop.sql", "from django.db import models\n\nNEW\n"),
        ("from shop.a import A\n", "shop.b", "from shop.a import A\nNEW\n"),
        ("from .a import A\nfrom .c import C\n", ".b", "from .a import A\nNEW\nfrom .c import C\n"),
        ("from shop.sql import (\n    A,\n)\n", "shop.sql", "NEW\n"),
    ],
)
def test_imports_stand_in_their_order(before: str, module: str, after: str) -> None:
    source = Source(before.encode())

    source.import_names(module, ["X"], ["NEW"])

    assert source.result().decode() == after


def test_what_cannot_be_parsed_is_not_edited() -> None:
    for content, why in (
        (b"class Buyer(:\n", "cannot be parsed"),
        (b"a = '\xff'\n", "cannot be parsed"),
        (b"if 1:\n\ta = 1\n", "tabs"),
    ):
        with pytest.raises(CannotEdit, match=why):
            Source(content)
