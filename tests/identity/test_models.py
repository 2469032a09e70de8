from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from identity.models import LoginEvent, Role, RoleAssignment, User
from tests.identity.factories import RoleAssignmentFactory, UserFactory

pytestmark = pytest.mark.django_db


def insert(table: str, **values: Any) -> None:
    """A row as another program writes it: with the columns it knows."""
    columns = ", ".join(f"`{name}`" for name in values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO `{table}` ({columns}) VALUES ({marks})", list(values.values()))


def insert_user(**values: Any) -> User:
    email = values.setdefault("email", "ann@example.com")
    insert("identity_user", **{"name": "Ann", "password": "!", "is_superuser": False, **values})
    return User.objects.get(email=email)


def test_the_database_fills_in_what_an_older_program_leaves_out() -> None:
    user = insert_user()

    assert user.is_active is True
    assert user.is_staff is False
    assert user.avatar_url == ""
    assert user.phone_number == ""


def test_the_database_writes_utc_whatever_the_sessions_time_zone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@session.time_zone")
        (before,) = cursor.fetchone()
        cursor.execute("SET SESSION time_zone = '+05:00'")
    try:
        user = insert_user()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = %s", [before])

    assert abs(user.created_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("values", [{"email": ""}, {"name": ""}])
def test_the_database_refuses_a_user_without_email_or_name(values: dict[str, str]) -> None:
    with pytest.raises(Exception, match="not_empty"), transaction.atomic():
        insert_user(**values)


def test_the_database_refuses_a_second_user_with_an_email() -> None:
    insert_user()

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_user()


def test_the_database_refuses_a_role_twice_for_one_user() -> None:
    held = RoleAssignmentFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(user=held.user, role=held.role, assigned_by=held.assigned_by)


def test_a_user_who_assigned_a_role_to_somebody_else_stays() -> None:
    held = RoleAssignmentFactory.create()

    with pytest.raises(models.RestrictedError):
        held.assigned_by.delete()


def test_a_user_who_assigned_a_role_to_themselves_can_be_deleted() -> None:
    user = UserFactory.create()
    RoleAssignmentFactory.create(user=user, assigned_by=user)

    user.delete()

    assert not RoleAssignment.objects.exists()


def test_no_foreign_key_is_nullable() -> None:
    for model in (LoginEvent, Role, RoleAssignment, User):
        for field in model._meta.concrete_fields:
            assert not (field.is_relation and field.null), f"{model.__name__}.{field.name}"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  Ann@Example.COM ", "ann@example.com"),
        ("Ann@EXÄMPLE.com", "ann@xn--exmple-cua.com"),
        ("no-address", "no-address"),
        ("", ""),
    ],
)
def test_an_email_has_one_spelling(written: str, stored: str) -> None:
    assert User.objects.normalize_email(written) == stored


def test_logging_in_finds_the_user_under_any_spelling() -> None:
    user = UserFactory.create(email="ann@example.com")

    assert User.objects.get_by_natural_key("ANN@example.com") == user


def test_create_superuser_may_do_everything() -> None:
    user = User.objects.create_superuser("Root@Example.com", "secret", name="Root")

    assert user.email == "root@example.com"
    assert user.is_staff
    assert user.is_superuser
    assert user.check_password("secret")
    assert user.get_full_name() == user.get_short_name() == "Root"


def test_create_user_may_not_use_the_admin() -> None:
    user = User.objects.create_user("ann@example.com", name="Ann")

    assert not user.is_staff
    assert not user.has_usable_password()


def test_the_rows_tell_what_they_are() -> None:
    held = RoleAssignmentFactory.create(user__email="ann@example.com", role__name="Editor")
    event = LoginEvent(ip_address="198.51.100.1", succeeded=False)

    assert str(held) == "Editor for ann@example.com"
    assert str(event) == "Login failed from 198.51.100.1"
