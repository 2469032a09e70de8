"""The site as a WSGI application, for gunicorn or uWSGI: ``nestflux.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nestflux.settings")

application = get_wsgi_application()
