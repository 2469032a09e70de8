"""The site as an ASGI application: ``nestflux.asgi:application``."""

import os

from django.core.asgi import get_asgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nestflux.settings")

application = get_asgi_application()

# A persistent connection belongs to a thread, and asgiref makes a thread for each request and ends
# it with the request: nobody would use the connection again or close it. Whatever CONN_MAX_AGE the
# environment gives, each request closes its own.
# https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-connections (Caveats)
for settings in connections.settings.values():
    settings["CONN_MAX_AGE"] = 0
