"""Error numbers that NestFlux itself acts on; ``explanations`` puts them in words."""

from __future__ import annotations

NO_SUCH_THREAD = 1094
KILL_DENIED = frozenset({1095, 1227})  # another user's connection; no privilege to end any
NO_SUCH_TABLE = 1146
LOCK_WAIT_TIMEOUT = 1205  # a metadata lock or a row lock; the statement did nothing
DEADLOCK = 1213  # the whole transaction was rolled back
TOO_MANY_ROWS = 1242  # of a subquery: the guard of the lock
USING_OTHER_ENGINE = 1266  # a warning
NO_SUCH_SAVEPOINT = 1305
PACKET_TOO_LARGE = 1153  # and the server ends the connection

# After these nobody knows what became of the statement. Gone, lost, lost with a reason (client);
# shut down, killed (MariaDB), idle for too long (MySQL 8.0.24).
CONNECTION_LOST = frozenset({2006, 2013, 2055, 1053, 1927, 4031})
