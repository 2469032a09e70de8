"""The settings of this site. Each deployment differs only in its environment (.env.example).

NestFlux itself needs one thing from a project's settings: ``nestflux`` in ``INSTALLED_APPS``.
"""

from pathlib import Path
from typing import Any

from nestflux.environment import (
    Environment,
    private_server_url,
    private_shadow_url,
    private_start_commands,
    refuse,
)

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"

env = Environment(BASE_DIR / ".env")

DEBUG = env.boolean("DEBUG", default=False)

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        refuse(
            "SECRET_KEY",
            "is not set, and with DEBUG off it has no default. Make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(50))'`.",
        )
    SECRET_KEY = "django-insecure-for-development-only"  # noqa: S105

# With DEBUG on and no list, Django itself allows localhost.
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "nestflux",
    "identity",
    "blog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "nestflux.urls"
WSGI_APPLICATION = "nestflux.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database ------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **(env.database("DATABASE_URL", default=private_server_url(LOCAL_DIR, "mariadb")) or {}),
        # A connection costs MySQL a thread and a login, so a worker keeps its own for a while;
        # the check finds one that wait_timeout or a proxy has closed meanwhile.
        "CONN_MAX_AGE": env.whole_number("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# This repository keeps a history for each family. One is recorded on the project's own server;
# the other needs a development server: one that a variable names, or a private one that runs.
SHADOWS: dict[str, dict[str, Any]] = {}
for family in ("mariadb", "mysql"):
    is_served = family == "mariadb" and not env.text("DATABASE_URL")  # by the site's own
    private = "" if is_served else private_shadow_url(LOCAL_DIR, family)
    if shadow := env.database(f"SHADOW_{family.upper()}_URL", default=private):
        SHADOWS[family] = shadow
NESTFLUX = {
    "DIRECTORY": BASE_DIR / "migrations_sql",
    "FAMILIES": ["mariadb", "mysql"],
    "SHADOWS": SHADOWS,
    "START_COMMANDS": private_start_commands(LOCAL_DIR),
}

# People --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "identity.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The wire ------------------------------------------------------------------------------------
# All on wherever DEBUG is off. SECURE_HSTS_SECONDS starts at an hour because a browser that was
# told so once cannot be told otherwise; raise it when TLS has proved itself.

SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=not DEBUG)
SESSION_COOKIE_SECURE = env.boolean("SESSION_COOKIE_SECURE", default=not DEBUG)
CSRF_COOKIE_SECURE = env.boolean("CSRF_COOKIE_SECURE", default=not DEBUG)
SECURE_HSTS_SECONDS = env.whole_number("SECURE_HSTS_SECONDS", default=0 if DEBUG else 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.boolean("SECURE_HSTS_PRELOAD", default=False)
# Only behind a proxy that sets this header itself: anyone else could claim to use TLS.
if env.boolean("TRUST_X_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Words, times, files -------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(LOCAL_DIR / "static"))
