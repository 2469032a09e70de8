"""``profile.json`` as a value and a file: rounded, strict, and whose size counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nestflux.database.profile import (
    AutoIncrement,
    KnownSize,
    Profile,
    Sizes,
    TableSize,
    for_the_file,
    refuse_another_family,
    rounded,
)
from nestflux.database.profile_file import dumps, load, loads, save
from nestflux.exceptions import HistoryError, Refused

ORDERS = TableSize(
    rows=1_200_000,
    bytes=340_000_000,
    index_bytes=90_000_000,
    indexes={"by_day": 60_000_000, "by_customer": 30_000_000},
    auto_increment=AutoIncrement("id", "int unsigned", 43),
    writes=20,
)
PROFILE = Profile(
    family="mysql",
    version="8.4.3",
    collation="utf8mb4_0900_ai_ci",
    replicas=2,
    variables={"sql_mode": "STRICT_TRANS_TABLES", "innodb_page_size": "16384"},
    tables={"shop_order": ORDERS, "shop_log": TableSize(0, 16_000, engine="MyISAM")},
    not_read={"indexes": "the size of each index needs SELECT on mysql.innodb_index_stats"},
)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, 0), (7, 7), (99, 99), (16_384, 16_000), (995, 1_000), (1_234_567, 1_200_000)],
)
def test_two_significant_digits(number: int, shown: int) -> None:
    assert rounded(number) == shown


@pytest.mark.parametrize("profile", [PROFILE, Profile("mariadb", "10.11.8")])
def test_what_is_written_is_read(profile: Profile) -> None:
    assert loads(dumps(profile)) == profile


def test_the_text_is_sorted_with_a_table_a_line() -> None:
    lines = dumps(PROFILE).splitlines()

    assert [line.split(":")[0].strip() for line in lines if '{"rows"' in line] == [
        '"shop_log"',
        '"shop_order"',
    ]
    assert lines.index('    "innodb_page_size": "16384",') + 1 == lines.index(
        '    "sql_mode": "STRICT_TRANS_TABLES"'
    )


def test_a_figure_stays_while_it_is_about_the_same() -> None:
    kept = replace(PROFILE, tables={"t": TableSize(1_200_000, 50_000_000, writes=100)})

    found = replace(PROFILE, tables={"t": TableSize(1_251_000, 58_123_456, writes=140)})

    # 1,251,000 alone would be 1,300,000.
    assert for_the_file(found, kept).tables["t"] == TableSize(1_200_000, 58_000_000, writes=100)
    assert for_the_file(found, None).tables["t"] == TableSize(1_300_000, 58_000_000, writes=140)


def test_a_table_that_was_emptied_is_empty_in_the_file() -> None:
    kept = replace(PROFILE, tables={"t": TableSize(1_200_000, 50_000_000, writes=100)})

    found = replace(PROFILE, tables={"t": TableSize(0, 16_384, writes=0)})

    assert for_the_file(found, kept).tables["t"] == TableSize(0, 16_000, writes=0)


def test_a_profile_is_of_one_server() -> None:
    refuse_another_family("mysql", PROFILE, Path("profile.json"))
    refuse_another_family("mariadb", None, Path("profile.json"))

    with pytest.raises(Refused, match=r"is of MySQL 8\.4\.3, .* is on MariaDB"):
        refuse_another_family("mariadb", PROFILE, Path("profile.json"))


# ---- whose size counts ---------------------------------------------------------------------


def test_the_live_database_counts_and_the_profile_where_it_is_not_at_hand() -> None:
    live = {"shop_order": replace(ORDERS, bytes=300_000_000)}

    assert Sizes(live, PROFILE).of("shop_order") == KnownSize(
        live["shop_order"], "the live database"
    )
    assert Sizes(live, None).of("shop_order") == KnownSize(live["shop_order"], "the live database")
    assert Sizes(None, PROFILE).of("shop_order") == KnownSize(ORDERS, "profile.json")
    assert Sizes(live, PROFILE).of("new") is None


def test_a_developers_copy_of_a_few_rows_says_nothing_against_the_profile() -> None:
    copy = {"shop_order": TableSize(12, 16_384, 16_384)}

    assert Sizes(copy, PROFILE).of("shop_order") == KnownSize(ORDERS, "profile.json")


def test_names_of_a_server_that_keeps_them_in_lower_case() -> None:
    assert Sizes(None, PROFILE).of("Shop_Order") == KnownSize(ORDERS, "profile.json")


# ---- the file ------------------------------------------------------------------------------


def change(**values: Any) -> str:
    return json.dumps({**json.loads(dumps(PROFILE)), **values})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not JSON"),
        ("<<<<<<< HEAD\n{}\n>>>>>>> other\n", "conflict markers"),
        ("[]", "lacks or mistypes an entry"),
        ("{}", "lacks or mistypes an entry: 'server'"),
        (change(format=2), "has format 2; this version reads 1"),
        (change(format=None), "lacks or mistypes an entry: format"),
        (change(more=1), "'more' is not known"),
        (change(server={"family": "oracle", "version": "1", "collation": ""}), "'oracle'"),
        (change(variables={"sql_mode": 1}), "1 is no text"),
        (change(tables={"t": {"rows": -1, "bytes": 1}}), "-1 is no whole number"),
        (change(tables={"t": {"rows": 1.5, "bytes": 1}}), "1.5 is no whole number"),
        (change(tables={"t": {"rows": True, "bytes": 1}}), "True is no whole number"),
        (change(tables={"t": {"rows": 1}}), "'bytes'"),
        (change(tables={"t": {"rows": 1, "bytes": 1, "row": 1}}), "'row' is not known"),
        (change(tables={"t": {"rows": 1, "bytes": 1, "auto_increment": 3}}), "mistypes"),
    ],
)
def test_a_file_that_is_no_profile_is_said_with_what_to_do(
    tmp_path: Path, text: str, what: str
) -> None:
    path = tmp_path / "profile.json"
    path.write_text(text)

    with pytest.raises(HistoryError) as caught:
        load(path)

    lines = str(caught.value).splitlines()
    assert what in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["Where", "Now", "Next"]
    assert str(path) in lines[1]


def not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff")


@pytest.mark.parametrize("spoil", [not_utf8, Path.mkdir])
def test_a_file_that_cannot_be_read(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "profile.json"
    spoil(path)

    with pytest.raises(HistoryError, match=r"profile\.json cannot be read: "):
        load(path)


def test_no_file_is_no_profile(tmp_path: Path) -> None:
    assert load(tmp_path / "profile.json") is None


def test_it_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "profile.json"

    assert save(PROFILE, path)
    assert not save(PROFILE, path)
    assert load(path) == PROFILE
    assert [each.name for each in path.parent.iterdir()] == ["profile.json"]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HistoryError, match=r"profile\.json cannot be written: "):
        save(PROFILE, tmp_path / "file" / "profile.json")
