"""What the server itself measures of a statement: how long it took, and how many rows it changed.

For a row of the ledger that is written before the client has heard of it. Variables of a session
are in a log of statements with their values, so a replica writes the same.
"""

from __future__ import annotations

BEGINS = "SET @nestflux_began = SYSDATE(6)"
# ROW_COUNT() is -1 behind a statement that answers with rows (INSERT … RETURNING).
ENDS = (
    "SET @nestflux_rows = NULLIF(ROW_COUNT(), -1), "
    "@nestflux_seconds = TIMESTAMPDIFF(MICROSECOND, @nestflux_began, SYSDATE(6)) / 1000000"
)
ROWS, SECONDS = "@nestflux_rows", "@nestflux_seconds"
