"""Roles, and who holds them."""

from django.db import transaction

from identity.exceptions import (
    RoleAlreadyAssigned,
    RoleAlreadyExists,
    RoleNotAssigned,
    RoleNotFound,
    UserNotFound,
)
from identity.models import Role, RoleAssignment
from nestflux.orm.integrity import integrity_errors_as


@transaction.atomic
def create_role(*, code: str, name: str, description: str = "") -> Role:
    """:raises RoleAlreadyExists: another role has the code.
    :raises ValidationError: a value is too long, or the code is not a slug."""
    role = Role(code=code.strip(), name=name.strip(), description=description.strip())
    role.full_clean(validate_unique=False)
    with integrity_errors_as(taken={"code": RoleAlreadyExists(role.code)}):
        role.save()
    return role


@transaction.atomic
def assign_role(*, user_id: int, role_code: str, assigned_by_id: int) -> RoleAssignment:
    """Gives the role to the user, in the name of the user `assigned_by_id`.

    :raises RoleNotFound: no role has the code.
    :raises UserNotFound: one of the two users does not exist.
    :raises RoleAlreadyAssigned: the user holds the role; who gave it first stays written.
    """
    role = _find_role(role_code)
    assignment = RoleAssignment(user_id=user_id, role=role, assigned_by_id=assigned_by_id)
    # The database answers for the three foreign keys and for the unique key, without a race.
    assignment.full_clean(exclude={"user", "role", "assigned_by"}, validate_constraints=False)
    with integrity_errors_as(
        taken={"identity_role_assignment_user_role_uniq": RoleAlreadyAssigned(role_code)},
        missing={
            "user_id": UserNotFound(user_id),
            "assigned_by_id": UserNotFound(assigned_by_id),
            "role_id": RoleNotFound(role_code),
        },
    ):
        assignment.save()
    return assignment


@transaction.atomic
def revoke_role(*, user_id: int, role_code: str) -> None:
    """:raises RoleNotFound: no role has the code.
    :raises RoleNotAssigned: the user does not hold the role."""
    role = _find_role(role_code)
    removed, _ = RoleAssignment.objects.filter(user_id=user_id, role=role).delete()
    if not removed:
        raise RoleNotAssigned(role_code)


def _find_role(code: str) -> Role:
    try:
        return Role.objects.get(code=code)
    except Role.DoesNotExist as error:
        raise RoleNotFound(code) from error
