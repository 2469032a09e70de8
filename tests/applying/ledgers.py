"""Entries of a journal and rows of a ledger as values, for tests that need no database."""

from __future__ import annotations

from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Replaced
from nestflux.ledger.rows import LedgerFile


def entry(number: int, replaces: tuple[Replaced, ...] = ()) -> Entry:
    migration = f"shop.{number:04d}_m"
    return Entry(
        name=f"{number:04d}_file",
        id=f"id{number}",
        up=f"up{number}",
        down=f"down{number}",
        record=f"record{number}",
        migrations=(migration,),
        recorded_migrations=(migration,),
        replaces=replaces,
    )


def row(of: Entry, state: str = "applied", direction: str = "up") -> LedgerFile:
    return LedgerFile(
        id=of.id,
        name=of.name,
        state=state,
        direction=direction,
        attempt=1,
        up_sha256=of.up,
        down_sha256=of.down,
        record_sha256=of.record,
        family="mariadb",
        recorded_migrations=of.recorded_migrations,
        finished_at=of.name,
    )
