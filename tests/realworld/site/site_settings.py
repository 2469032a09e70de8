"""A site of other people's packages. Which of them are installed is said by REALWORLD_APPS."""

import os
from importlib import import_module
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-tests"
ROOT_URLCONF = "site_urls"
SITE_ID = 1
STATIC_URL = "static/"
USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "German")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CMS_CONFIRM_VERSION4 = True
WAGTAIL_SITE_NAME = "realworld"
WAGTAILADMIN_BASE_URL = "http://localhost"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
NEWSLETTER_THUMBNAIL = "easy-thumbnails"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
STRIPE_TEST_SECRET_KEY = "sk_test_only"

INSTALLED_APPS = ["nestflux", *os.environ["REALWORLD_APPS"].split()]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
if "allauth.account" in INSTALLED_APPS:
    MIDDLEWARE.append("allauth.account.middleware.AccountMiddleware")
if "oscar.config.Shop" in INSTALLED_APPS:
    defaults = vars(import_module("oscar.defaults"))
    globals().update({name: value for name, value in defaults.items() if name.isupper()})
if "django_otp" in INSTALLED_APPS:
    MIDDLEWARE.append("django_otp.middleware.OTPMiddleware")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                *(["sekizai.context_processors.sekizai"] if "sekizai" in INSTALLED_APPS else []),
            ]
        },
    }
]

# With the server's own sql_mode, as most sites: treebeard has SQL that is not for every other.
DATABASES = {"default": environ.Env().db()}
if collation := os.environ.get("REALWORLD_COLLATION"):
    # As whoever has a database of that collation must do: some packages compare a column with a
    # text of their own.
    DATABASES["default"].setdefault("OPTIONS", {})["collation"] = collation
NESTFLUX = {"SHADOW_NAME": os.environ["REALWORLD_SHADOW"]}
