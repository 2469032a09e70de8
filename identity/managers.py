from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import BaseUserManager
from django.utils.encoding import punycode

if TYPE_CHECKING:
    from identity.models.user import User


class UserManager(BaseUserManager["User"]):
    """Makes users that log in by e-mail. Application code registers users through
    `identity.services.register_user`; this manager is what Django's own commands call."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """The one spelling under which an address is stored and looked up.

        Lower case throughout, and an international domain as punycode. So an address is plain
        ASCII, and two spellings of it meet in the unique key under every collation: under an
        accent-insensitive one `ä.example` and `a.example` would be one domain, under a binary
        one `Ann@` and `ann@` would be two people.
        """
        address = (email or "").strip().lower()
        name, at, domain = address.rpartition("@")
        try:
            return f"{name}{at}{punycode(domain)}"
        except UnicodeError:
            return address

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, *, name: str) -> User:
        return self._create(email, password, name=name, is_staff=False)

    def create_superuser(self, email: str, password: str | None = None, *, name: str) -> User:
        return self._create(email, password, name=name, is_staff=True)

    def _create(self, email: str, password: str | None, *, name: str, is_staff: bool) -> User:
        user = self.model(
            email=self.normalize_email(email), name=name, is_staff=is_staff, is_superuser=is_staff
        )
        user.set_password(password)
        user.save(using=self._db)
        return user
