"""Users, found and listed."""

from django.db.models import Prefetch, Q, QuerySet

from identity.exceptions import UserNotFound
from identity.models import RoleAssignment, User
from nestflux.orm.keyset import KeysetPage, keyset_page


def get_user_by_email(*, email: str) -> User:
    """:raises UserNotFound: nobody has the address, in whatever spelling."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise UserNotFound(email) from error


def list_users(
    *, is_active: bool | None = None, cursor: str | None = None, limit: int = 50
) -> KeysetPage[User]:
    """Users, the newest first; with `role_assignments` and their roles read along.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    users = _with_roles(User.objects.all())
    if is_active is not None:
        users = users.filter(is_active=is_active)
    return keyset_page(users, moment="created_at", cursor=cursor, limit=limit)


def search_users(*, text: str, cursor: str | None = None, limit: int = 50) -> KeysetPage[User]:
    """Users whose e-mail address or name begins with `text`, whatever its case, newest first.

    The beginning, because an index finds that; a word in the middle would read every row.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    text = text.strip()
    users = _with_roles(User.objects.filter(Q(email__istartswith=text) | Q(name__istartswith=text)))
    return keyset_page(users, moment="created_at", cursor=cursor, limit=limit)


def list_users_with_role(
    *, role_code: str, cursor: str | None = None, limit: int = 50
) -> KeysetPage[User]:
    """Users who hold the role, the newest first.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    users = _with_roles(User.objects.filter(role_assignments__role__code=role_code))
    return keyset_page(users, moment="created_at", cursor=cursor, limit=limit)


def user_has_role(*, user_id: int, role_code: str) -> bool:
    return RoleAssignment.objects.filter(user_id=user_id, role__code=role_code).exists()


def _with_roles(users: QuerySet[User]) -> QuerySet[User]:
    assignments = RoleAssignment.objects.select_related("role").order_by("role__code")
    return users.prefetch_related(Prefetch("role_assignments", queryset=assignments))
