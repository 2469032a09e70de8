"""This repository's own apps in a throwaway project."""

from __future__ import annotations

import shutil

from tests.conftest import ProjectFactory
from tests.scenario import REPOSITORY, Project

CONTRIB = (
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
)
SETTINGS = """
    AUTH_USER_MODEL = "identity.User"
    TIME_ZONE = "UTC"
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    TEMPLATES = [{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }]
"""


def make_site(project: ProjectFactory, *, history: bool) -> Project:
    """identity and blog, with the repository's settings as far as a schema depends on them.

    Args:
        history: with the SQL migrations that the repository ships.
    """
    site = project({}, contrib=("identity", "blog", *CONTRIB), settings=SETTINGS)
    for name in ("identity", "blog", *(["migrations_sql"] if history else [])):
        shutil.copytree(
            REPOSITORY / name, site.path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return site
