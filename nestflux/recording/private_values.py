"""Values that belong to this machine and never to a repository."""

from __future__ import annotations

import os
import re

from django.conf import settings

# Shorter ones ("true", "0", "prod") stand in rows by chance.
_SHORTEST = 8
# What says nothing about the machine, or is about its programs only.
_PUBLIC = re.compile(
    r"PATH|HOME|PWD|OLDPWD|SHELL|TERM|TERM_PROGRAM|LANG|LANGUAGE|TZ|TMPDIR|PAGER|EDITOR|_"
    r"|DJANGO_SETTINGS_MODULE|(LC|LD|PYTHON|PYTEST|VIRTUAL_ENV|LS|LESS|XDG)_?.*"
)


def private_values() -> frozenset[str]:
    """The values of environment variables, ``SECRET_KEY`` and the databases' passwords: a row
    that holds one was made from this machine's configuration."""
    values = {value for name, value in os.environ.items() if not _PUBLIC.fullmatch(name)}
    values |= {str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)}
    values |= {str(entry.get("PASSWORD", "")) for entry in settings.DATABASES.values()}
    return frozenset(value for value in values if len(value) >= _SHORTEST)
