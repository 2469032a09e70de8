import pytest
from django.core.exceptions import ValidationError

from identity import selectors, services
from identity.exceptions import (
    RoleAlreadyAssigned,
    RoleAlreadyExists,
    RoleNotAssigned,
    RoleNotFound,
    UserNotFound,
)
from identity.models import RoleAssignment
from tests.identity.factories import RoleAssignmentFactory, RoleFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_an_assigned_role_is_held_and_remembers_who_gave_it() -> None:
    RoleFactory.create(code="editor")
    user, boss = UserFactory.create(), UserFactory.create()

    assignment = services.assign_role(user_id=user.pk, role_code="editor", assigned_by_id=boss.pk)

    assert assignment.assigned_by == boss
    assert selectors.user_has_role(user_id=user.pk, role_code="editor")
    assert not selectors.user_has_role(user_id=boss.pk, role_code="editor")


def test_a_role_is_assigned_once_and_its_first_giver_stays() -> None:
    held = RoleAssignmentFactory.create(role__code="editor")

    with pytest.raises(RoleAlreadyAssigned, match="'editor'"):
        services.assign_role(
            user_id=held.user_id, role_code="editor", assigned_by_id=UserFactory.create().pk
        )

    assert RoleAssignment.objects.get().assigned_by == held.assigned_by


def test_an_unknown_role_cannot_be_assigned() -> None:
    user = UserFactory.create()

    with pytest.raises(RoleNotFound, match="'chief'"):
        services.assign_role(user_id=user.pk, role_code="chief", assigned_by_id=user.pk)


@pytest.mark.parametrize("missing", ["user_id", "assigned_by_id"])
def test_a_role_cannot_be_assigned_to_or_by_nobody(missing: str) -> None:
    RoleFactory.create(code="editor")
    user = UserFactory.create()
    people = {"user_id": user.pk, "assigned_by_id": user.pk, missing: 4711}

    with pytest.raises(UserNotFound, match="4711"):
        services.assign_role(role_code="editor", **people)


def test_a_revoked_role_is_no_longer_held() -> None:
    held = RoleAssignmentFactory.create(role__code="editor")

    services.revoke_role(user_id=held.user_id, role_code="editor")

    assert not selectors.user_has_role(user_id=held.user_id, role_code="editor")


def test_a_role_that_is_not_held_cannot_be_revoked() -> None:
    RoleFactory.create(code="editor")

    with pytest.raises(RoleNotAssigned):
        services.revoke_role(user_id=UserFactory.create().pk, role_code="editor")


def test_a_role_code_is_unique_and_a_slug() -> None:
    services.create_role(code="editor", name="Editor")

    with pytest.raises(RoleAlreadyExists):
        services.create_role(code="editor", name="Another editor")
    with pytest.raises(ValidationError):
        services.create_role(code="chief editor!", name="Chief editor")
