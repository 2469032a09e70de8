import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError

from identity import services
from identity.exceptions import EmailAlreadyRegistered, UserNotFound
from identity.models import User
from tests.identity.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def test_a_registered_user_can_log_in() -> None:
    user = services.register_user(email="Ann@Example.com", password=PASSWORD, name=" Ann ")

    assert user.name == "Ann"
    assert authenticate(username="ann@example.com", password=PASSWORD) == user


def test_a_user_registered_without_a_password_cannot_log_in() -> None:
    user = services.register_user(email="ann@example.com", password=None, name="Ann")

    assert not user.has_usable_password()


def test_an_email_can_be_registered_once_in_any_spelling() -> None:
    UserFactory.create(email="ann@example.com")

    with pytest.raises(EmailAlreadyRegistered, match=r"ann@example\.com is registered already"):
        services.register_user(email="ANN@example.COM", password=PASSWORD, name="Ann")

    assert User.objects.count() == 1


def test_a_refused_registration_leaves_the_surrounding_transaction_usable() -> None:
    UserFactory.create(email="ann@example.com")

    with pytest.raises(EmailAlreadyRegistered):
        services.register_user(email="ann@example.com", password=PASSWORD, name="Ann")

    services.register_user(email="ben@example.com", password=PASSWORD, name="Ben")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", ""),
        ("name", "  "),
        ("name", "x" * 151),
        ("avatar_url", "not a url"),
        ("avatar_url", "https://example.com/" + "x" * 500),
        ("phone_number", "call me"),
        ("phone_number", "1" * 21),
    ],
)
def test_a_value_that_a_form_would_refuse_is_refused(field: str, value: str) -> None:
    values = {"email": "ann@example.com", "name": "Ann", field: value}

    with pytest.raises(ValidationError) as refused:
        services.register_user(password=PASSWORD, **values)

    assert field in refused.value.message_dict


def test_a_password_that_is_too_easy_is_refused() -> None:
    with pytest.raises(ValidationError):
        services.register_user(email="ann@example.com", password="12345", name="Ann")

    assert not User.objects.exists()


def test_changing_the_email_changes_what_one_logs_in_with() -> None:
    user = UserFactory.create(password=PASSWORD)

    services.change_email(user_id=user.pk, email="New@example.com")

    assert authenticate(username="new@example.com", password=PASSWORD) == user


def test_the_email_of_somebody_else_is_refused() -> None:
    UserFactory.create(email="ann@example.com")
    ben = UserFactory.create(email="ben@example.com")

    with pytest.raises(EmailAlreadyRegistered):
        services.change_email(user_id=ben.pk, email="ANN@example.com")

    ben.refresh_from_db()
    assert ben.email == "ben@example.com"


def test_changing_to_the_email_one_has_is_no_error() -> None:
    user = UserFactory.create(email="ann@example.com")

    assert services.change_email(user_id=user.pk, email="Ann@example.com").email == user.email


def test_name_avatar_and_phone_number_can_be_changed_one_by_one() -> None:
    user = UserFactory.create(name="Ann")

    services.change_name(user_id=user.pk, name="Anna")
    services.change_avatar(user_id=user.pk, avatar_url="https://example.com/a.png")
    services.change_phone_number(user_id=user.pk, phone_number="+49 (30) 123-456")

    user.refresh_from_db()
    assert user.name == "Anna"
    assert user.avatar_url == "https://example.com/a.png"
    assert user.phone_number == "+49 (30) 123-456"


def test_avatar_and_phone_number_can_be_taken_away() -> None:
    user = UserFactory.create(avatar_url="https://example.com/a.png", phone_number="123 456")

    services.change_avatar(user_id=user.pk, avatar_url="")
    services.change_phone_number(user_id=user.pk, phone_number="")

    user.refresh_from_db()
    assert (user.avatar_url, user.phone_number) == ("", "")


def test_a_deactivated_user_cannot_log_in_until_reactivated() -> None:
    user = UserFactory.create(email="ann@example.com", password=PASSWORD)

    services.deactivate_user(user_id=user.pk)
    assert authenticate(username="ann@example.com", password=PASSWORD) is None

    services.reactivate_user(user_id=user.pk)
    assert authenticate(username="ann@example.com", password=PASSWORD) == user


def test_changing_nobody_is_a_domain_error() -> None:
    with pytest.raises(UserNotFound, match="There is no user 4711"):
        services.change_name(user_id=4711, name="Ann")
