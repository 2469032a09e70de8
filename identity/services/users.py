"""Users: registering them and changing what is known about them.

Every function raises Django's ValidationError for a value that a form would refuse.
"""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from identity.exceptions import EmailAlreadyRegistered, UserNotFound
from identity.models import User
from nestflux.orm.integrity import integrity_errors_as


@transaction.atomic
def register_user(
    *, email: str, password: str | None, name: str, avatar_url: str = "", phone_number: str = ""
) -> User:
    """Makes an active user who can log in with `email` and `password`; with None for a password,
    only once one has been set.

    :raises EmailAlreadyRegistered: another user has the address, in whatever spelling.
    :raises ValidationError: a value or the password is not acceptable.
    """
    user = User(
        email=User.objects.normalize_email(email),
        name=name.strip(),
        avatar_url=avatar_url.strip(),
        phone_number=phone_number.strip(),
    )
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    _save_new_email(user)
    return user


@transaction.atomic
def change_email(*, user_id: int, email: str) -> User:
    """:raises UserNotFound: nobody has the id.
    :raises EmailAlreadyRegistered: another user has the address."""
    user = _lock_user(user_id)
    user.email = User.objects.normalize_email(email)
    _save_new_email(user)
    return user


@transaction.atomic
def change_name(*, user_id: int, name: str) -> User:
    """:raises UserNotFound: nobody has the id."""
    user = _lock_user(user_id)
    user.name = name.strip()
    _save_field(user, "name")
    return user


@transaction.atomic
def change_avatar(*, user_id: int, avatar_url: str) -> User:
    """An empty `avatar_url` takes the picture away.

    :raises UserNotFound: nobody has the id."""
    user = _lock_user(user_id)
    user.avatar_url = avatar_url.strip()
    _save_field(user, "avatar_url")
    return user


@transaction.atomic
def change_phone_number(*, user_id: int, phone_number: str) -> User:
    """An empty `phone_number` takes it away.

    :raises UserNotFound: nobody has the id."""
    user = _lock_user(user_id)
    user.phone_number = phone_number.strip()
    _save_field(user, "phone_number")
    return user


@transaction.atomic
def deactivate_user(*, user_id: int) -> User:
    """The user can no longer log in; open sessions end with their next request.

    :raises UserNotFound: nobody has the id."""
    user = _lock_user(user_id)
    user.is_active = False
    _save_field(user, "is_active")
    return user


@transaction.atomic
def reactivate_user(*, user_id: int) -> User:
    """:raises UserNotFound: nobody has the id."""
    user = _lock_user(user_id)
    user.is_active = True
    _save_field(user, "is_active")
    return user


def _lock_user(user_id: int) -> User:
    """Reads the user and keeps the row until the transaction ends: two changes at once follow
    one another."""
    try:
        return User.objects.select_for_update().get(pk=user_id)
    except User.DoesNotExist as error:
        raise UserNotFound(user_id) from error


def _save_new_email(user: User) -> None:
    user.full_clean(validate_unique=False)
    with integrity_errors_as(taken={"email": EmailAlreadyRegistered(user.email)}):
        user.save()


def _save_field(user: User, field: str) -> None:
    user.full_clean(validate_unique=False)
    user.save(update_fields=[field])
