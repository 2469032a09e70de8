"""What is carried from one request to the next, by a browser or a client: where they wrote.

Signed and not secret: the aliases of the primaries, and a position for each.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from django.core import signing

from nestflux.conf import replicas
from nestflux.replicas.context import Behind

_SALT = "nestflux.replicas"
# A browser keeps a cookie of 4096 bytes with its name and attributes (RFC 6265, section 6.1), and
# MySQL's set of GTIDs grows by some 40 bytes with each server that was ever a primary.
LONGEST = 2000


def remembered(positions: Mapping[str, str]) -> str:
    """The positions as text. Where it would be too long, without them: what was written is then
    read from the primary for as long as it is remembered."""
    text = signing.dumps(dict(positions), salt=_SALT, compress=True)
    if len(text) <= LONGEST:
        return text
    return signing.dumps(dict.fromkeys(positions, ""), salt=_SALT)


def recalled(text: str) -> dict[str, Behind]:
    """The same by primary, from such text; nothing where it is empty, forged, too old, or of
    another time of the settings."""
    configured = replicas()
    if not text or len(text) > LONGEST:
        return {}
    try:
        found = signing.loads(text, salt=_SALT, max_age=timedelta(seconds=configured.remember))
    except signing.BadSignature:
        return {}
    if not isinstance(found, dict):
        return {}
    until = time.monotonic() + configured.remember
    return {
        primary: Behind(position, until)
        for primary, position in found.items()
        if primary in configured.of and isinstance(position, str)
    }
