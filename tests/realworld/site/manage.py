"""The site of the packages."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"

from nestflux.management.start import main

main()
