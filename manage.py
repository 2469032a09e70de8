#!/usr/bin/env python
"""Django's command-line utility for this project."""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nestflux.settings")
    from nestflux.management.start import main as start

    start()


if __name__ == "__main__":
    main()
