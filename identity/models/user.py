from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from identity.managers import UserManager
from nestflux.orm.clock import UTC_NOW


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can log in, by e-mail address.

    Users are deactivated, not deleted: what they wrote and what they assigned stays theirs.
    """

    email = models.EmailField(
        "e-mail address",
        max_length=254,
        unique=True,
        error_messages={"unique": "A user with this e-mail address exists already."},
        db_comment="Login name: lower case, domain in punycode",
    )
    name = models.CharField(max_length=150, db_comment="Name to show, as the person writes it")
    is_active = models.BooleanField(
        "active",
        default=True,
        db_default=True,
        help_text="Untick this to stop a person from logging in, instead of deleting the account.",
        db_comment="May log in",
    )
    is_staff = models.BooleanField(
        "staff",
        default=False,
        db_default=False,
        help_text="May log in to this admin site.",
        db_comment="May use the admin site",
    )
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )
    avatar_url = models.URLField(
        "avatar URL",
        max_length=500,
        blank=True,
        default="",
        db_default="",
        db_comment="Picture to show beside the name; empty when there is none",
    )
    phone_number = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        validators=[
            RegexValidator(
                r"^\+?[0-9][0-9 ()-]{2,18}\Z",
                "Write a phone number with digits, spaces, brackets or hyphens, "
                "for example +49 30 123456.",
            )
        ],
        db_comment="As the person writes it; empty when there is none",
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "identity_user"
        db_table_comment = "People who can log in"
        indexes = [
            models.Index(fields=["name"], name="identity_user_name_idx"),
            models.Index(fields=["created_at"], name="identity_user_created_at_idx"),
            # InnoDB adds the primary key to every index: these give the few staff and the few
            # inactive users newest first, without a sort.
            models.Index(fields=["is_staff"], name="identity_user_is_staff_idx"),
            models.Index(fields=["is_active"], name="identity_user_is_active_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(email=""),
                name="identity_user_email_not_empty",
                violation_error_message="A user needs an e-mail address.",
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="identity_user_name_not_empty",
                violation_error_message="A user needs a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = User.objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
