"""``db_doctor``: each rule about a server speaks, and is silent of its neighbour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nestflux.database.profile import AutoIncrement, TableSize
from nestflux.database.server import Server
from nestflux.database.setup import Setup
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import load_rules, look_at
from nestflux.reviewing.schema_rule import Group, schema_rules
from nestflux.schema.transform.tables import TableSchema
from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project

MYSQL = Server("mysql", (9, 7, 4), "9.7.4", {})
SOUND = LiveServer(
    server=MYSQL,
    variables={
        "innodb_strict_mode": "ON",
        "lock_wait_timeout": "60",
        "max_connections": "100",
        "wait_timeout": "600",
        "log_bin": "ON",
        "binlog_format": "ROW",
        "innodb_flush_log_at_trx_commit": "1",
        "sync_binlog": "1",
    },
    sql_mode="STRICT_TRANS_TABLES,NO_ZERO_DATE",
    schema="shop",
    collation="utf8mb4_unicode_ci",
    grants=("GRANT USAGE ON *.* TO `app`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`"),
    unused=(),
    uptime=30 * 86_400,
    most_used=20,
)
TABLE = TableSchema(
    "shop_order",
    columns={"id": "int NOT NULL AUTO_INCREMENT", "note": "varchar(9)", "user_id": "int"},
    indexes={
        "by_note": "KEY `by_note` (`note`)",
        "once": "UNIQUE KEY `once` (`note`)",
        "fk": "KEY `fk` (`user_id`)",
    },
    primary="PRIMARY KEY (`id`)",
    constraints={"fk": "CONSTRAINT `fk` FOREIGN KEY (`user_id`) REFERENCES `user` (`id`)"},
)


def having(**variables: str) -> LiveServer:
    return replace(SOUND, variables={**SOUND.variables, **variables})


def counting(used: int) -> LiveServer:
    size = TableSize(10, 10, auto_increment=AutoIncrement("id", "int", used))
    return replace(SOUND, sizes={"shop_order": size})


def unread(*indexes: str, days: int = 30) -> LiveServer:
    pairs = tuple(("shop_order", index) for index in indexes)
    return replace(SOUND, tables={"shop_order": TABLE}, unused=pairs, uptime=days * 86_400)


def of_rows(rows: int, options: str = "ENGINE=InnoDB") -> LiveServer:
    table = replace(TABLE, options=options)
    return replace(SOUND, tables={"shop_order": table}, sizes={"shop_order": TableSize(rows, rows)})


def granted(*lines: str) -> LiveServer:
    return replace(SOUND, grants=lines)


REPLICA = replace(SOUND, setup=Setup(replica_of="10.0.0.1:3306"))
# By rule: those of which it speaks, each with what it says; those of which it does not.
CASES: dict[str, tuple[dict[str, LiveServer], list[LiveServer]]] = {
    "strict-mode-off": (
        {"'NO_ZERO_DATE'": replace(SOUND, sql_mode="NO_ZERO_DATE")},
        [SOUND, replace(SOUND, sql_mode="STRICT_ALL_TABLES")],
    ),
    "innodb-strict-mode-off": ({"is off": having(innodb_strict_mode="OFF")}, [SOUND]),
    "database-character-set": (
        {
            "shop is latin1": replace(SOUND, collation="latin1_swedish_ci"),
            "shop is utf8mb3": replace(SOUND, collation="utf8mb3_general_ci"),
        },
        [SOUND],
    ),
    "long-lock-wait": (
        {"31,536,000 seconds": having(lock_wait_timeout="31536000")},
        [SOUND, having(lock_wait_timeout="3600")],
    ),
    "connections-run-out": (
        {
            "85 of 100": replace(SOUND, most_used=85),
            "one process may open 85 connections, of 100": replace(SOUND, pool_size=85),
        },
        [SOUND, replace(SOUND, most_used=84, pool_size=84)],
    ),
    "idle-connections-end": (
        {
            "for ever": replace(SOUND, conn_max_age=None),
            "600 seconds": replace(SOUND, conn_max_age=600),
        },
        [
            SOUND,
            replace(SOUND, conn_max_age=599),
            replace(SOUND, conn_max_age=None, health_checks=True),
        ],
    ),
    "time-zone-tables-missing": ({"are empty": replace(SOUND, zones=False)}, [SOUND]),
    "statement-based-log": (
        {"is STATEMENT": having(binlog_format="STATEMENT")},
        [SOUND, having(binlog_format="STATEMENT", log_bin="OFF"), having(binlog_format="MIXED")],
    ),
    "no-binary-log": ({"log_bin is off": having(log_bin="OFF")}, [SOUND]),
    "commits-not-on-disk": (
        {
            "innodb_flush_log_at_trx_commit is 2": having(innodb_flush_log_at_trx_commit="2"),
            "sync_binlog is 0": having(sync_binlog="0"),
        },
        # MariaDB's 3 writes more often than 1; a sync_binlog without a log decides nothing.
        [SOUND, having(innodb_flush_log_at_trx_commit="3"), having(sync_binlog="0", log_bin="OFF")],
    ),
    "writable-replica": (
        {"replica of 10.0.0.1:3306": REPLICA},
        [SOUND, replace(REPLICA, setup=Setup(read_only=True, replica_of="10.0.0.1:3306"))],
    ),
    "key-near-its-end": ({"used 70 % of int": counting(70)}, [SOUND, counting(69)]),
    "unused-index": (
        {"by_note of shop_order in 30 days": unread("by_note")},
        [SOUND, unread("once"), unread("fk"), unread("by_note", days=6), unread("gone")],
    ),
    "large-table-without-partitions": (
        {"about 100,000,000 rows": of_rows(100_000_000)},
        [
            of_rows(99_999_999),
            of_rows(200_000_000, "ENGINE=InnoDB\n PARTITION BY HASH (`id`)\nPARTITIONS 4"),
        ],
    ),
    "needless-privileges": (
        {
            "has ALL PRIVILEGES on *.*, GRANT OPTION.": granted(
                "GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"
            ),
            "has FILE on *.*, SUPER on *.*.": granted("GRANT SUPER, FILE ON *.* TO `app`@`%`"),
        },
        [SOUND, granted("GRANT SELECT, DROP ON `super`.* TO `file`@`%`"), granted()],
    ),
    "unencrypted-connection": (
        {"without TLS": replace(SOUND, over_network=True, encrypted=False)},
        [SOUND, replace(SOUND, over_network=True), replace(SOUND, encrypted=False)],
    ),
}
SPEAKING = [(rule, says) for rule, (speaking, _) in CASES.items() for says in speaking]


@pytest.mark.parametrize(("rule", "says"), SPEAKING)
def test_a_rule_speaks(rule: str, says: str) -> None:
    (finding,) = (each for each in look_at(CASES[rule][0][says]) if each.code == rule)

    assert says in finding.what
    assert finding.fix
    assert finding.why


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent(rule: str) -> None:
    for live in CASES[rule][1]:
        assert rule not in [each.code for each in look_at(live)]


def test_a_sound_server_has_no_finding() -> None:
    assert look_at(SOUND) == []


def test_every_rule_about_servers_has_its_cases() -> None:
    load_rules()

    assert {n for n, rule in schema_rules().items() if rule.group is Group.SERVER} == set(CASES)


# ---- a live server -------------------------------------------------------------------------

MODELS = """
    from django.db import models


    class Order(models.Model):
        id = models.AutoField(primary_key=True)
        note = models.CharField(max_length=40, db_index=True)
"""


def doctor(project: Project, **given: Any) -> dict[str, Any]:
    """The findings by what they are about."""
    outcome = project.run("db_doctor", "--json", **given)
    assert outcome.code in (0, 1), str(outcome)
    return {each["about"]: each for each in outcome.json["findings"]}


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    made = project({"shop": {"models.py": MODELS}})
    made.settings('NESTFLUX["RULES"] = {}')
    made.succeeds("db_generate")
    made.succeeds("db_migrate")
    return made


def test_a_key_that_runs_out_is_found_in_the_live_table(shop: Project) -> None:
    assert "shop_order.id" not in doctor(shop)
    shop.sql("ALTER TABLE shop_order AUTO_INCREMENT = 1800000000")

    outcome = shop.run("db_doctor")

    assert outcome.code == 1
    assert "error key-near-its-end: id of shop_order has used 83 % of int" in outcome.stdout


def test_the_rights_of_the_aliass_user_are_looked_at(shop: Project) -> None:
    assert "privileges" in doctor(shop)  # root's
    rights = f"SELECT, INSERT, UPDATE, DELETE ON `{shop.database}`.*"
    with shop.a_user("nf_doctor", "secret", rights) as url:
        found = doctor(shop, env={"DATABASE_URL": url})

    assert "privileges" not in found


def test_a_user_with_few_rights_gets_an_answer(shop: Project) -> None:
    with shop.a_user("nf_doctor", "secret", f"SELECT ON `{shop.database}`.*") as url:
        outcome = shop.run("db_doctor", env={"DATABASE_URL": url})

    assert outcome.code == 0, str(outcome)
    assert "Not checked: indexes that no query uses" in outcome.stdout
    assert "secret" not in outcome.stdout + outcome.stderr


def test_severities_are_set_as_for_every_rule(shop: Project) -> None:
    shop.settings(
        'NESTFLUX["RULES"] = {"time-zone-tables-missing": "off", "long-lock-wait": "error"}'
    )

    found = doctor(shop)

    assert "time zones" not in found
    assert found["lock_wait_timeout"]["severity"] == "error"


def test_a_server_that_does_not_answer_is_said(shop: Project) -> None:
    outcome: Outcome = shop.run("db_doctor", env={"DATABASE_URL": "mysql://x@127.0.0.1:1/x"})

    assert outcome.code == 2
    assert "Traceback" not in outcome.stderr
