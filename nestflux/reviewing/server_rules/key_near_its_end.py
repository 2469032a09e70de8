"""An AUTO_INCREMENT column has used most of its type's range."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

_PERCENT = 70

RULE = SchemaRule(
    "key-near-its-end",
    Severity.ERROR,
    "at the end of the range every INSERT fails with error 1062 or 167, and changing the "
    "type copies the table",
    group=Group.SERVER,
    summary="An AUTO_INCREMENT column has used most of its type's range.",
    source="MySQL Manual 13.1.2, Integer Types; 17.6.1.6, AUTO_INCREMENT Handling in InnoDB",
    bad="""\
id = models.AutoField(primary_key=True)  # at 2,000,000,000 of 2,147,483,647
""",
    good="""\
id = models.BigAutoField(primary_key=True)
""",
)


@rule(LiveServer)
def keys_that_run_out(live: LiveServer) -> Iterator[Finding]:
    for name, size in sorted(live.sizes.items()):
        counter = size.auto_increment
        if counter and counter.used >= _PERCENT:
            yield RULE.speaks(
                f"{counter.column} of {name} has used {counter.used} % of {counter.type}.",
                about=f"{name}.{counter.column}",
                fix="change it, and the foreign keys to it, to bigint while there is time: a "
                "BigAutoField, in a file of its own",
            )
