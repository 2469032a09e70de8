import pytest
from django.test import Client
from pytest_django import Settings

from identity.models import User
from tests.identity.factories import UserFactory


@pytest.fixture(autouse=True)
def _quick_and_plain(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def superuser(db: None) -> User:
    return UserFactory.create(email="root@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def admin_pages(client: Client, superuser: User) -> Client:
    """A browser that is logged in to the admin site."""
    client.force_login(superuser)
    return client
