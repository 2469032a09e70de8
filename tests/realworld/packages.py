"""Which apps a site installs, and in which steps it came to have them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.realworld.clean_room import is_whole


@dataclass(frozen=True)
class Stage:
    """Apps that a site gets at once: their migrations make one file."""

    name: str
    apps: tuple[str, ...]


_CONTRIB = Stage(
    "contrib",
    tuple(
        f"django.contrib.{name}"
        for name in (
            "contenttypes auth sessions messages staticfiles sites redirects flatpages admin"
        ).split()
    ),
)
# A migration of the CMS has no way back, and so has the file that holds it: it comes early, or
# nothing after it could be undone.
_CMS = Stage("cms", ("treebeard", "sekizai", "cms", "menus"))
_WAGTAIL = Stage(
    "wagtail",
    (
        *(f"wagtail.contrib.{name}" for name in "forms redirects settings".split()),
        "wagtail.contrib.search_promotions",
        *(f"wagtail.{name}" for name in "embeds sites users snippets documents images".split()),
        "wagtail.search",
        "wagtail.admin",
        "wagtail",
        "modelcluster",
    ),
)
_TAGGIT = Stage("taggit", ("taggit",))
_FILES = Stage("files", ("easy_thumbnails", "filer"))
OAUTH = Stage("oauth", ("oauth2_provider",))
_ALLAUTH = Stage(
    "allauth",
    ("allauth", *(f"allauth.{name}" for name in "account socialaccount mfa usersessions".split())),
)


def stages() -> tuple[Stage, ...]:
    """In the order in which the site gets them."""
    if is_whole():
        return (_CONTRIB, _CMS, _TAGGIT, _WAGTAIL, _FILES, OAUTH, _ALLAUTH)
    return (_CONTRIB, _TAGGIT, _FILES, OAUTH, _ALLAUTH)


def in_two_stages() -> tuple[Stage, ...]:
    """The same apps: Django's own, and then all others at once."""
    first, *others = stages()
    return first, Stage("packages", tuple(app for stage in others for app in stage.apps))
