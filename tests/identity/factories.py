"""Rows to test with. They go past the services on purpose: a test of one service should not
depend on another.

Use `UserFactory.create()`: unlike `UserFactory()`, it has a type.
"""

# mypy: disable-error-code="no-untyped-call"

from typing import Any

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from identity.models import LoginEvent, Role, RoleAssignment, User


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = Sequence(lambda n: f"person{n}@example.com")
    name = Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", None)
        user = model_class(**kwargs)
        user.set_password(password)
        user.save()
        return user


class RoleFactory(DjangoModelFactory[Role]):
    class Meta:
        model = Role

    code = Sequence(lambda n: f"role-{n}")
    name = Sequence(lambda n: f"Role {n}")


class RoleAssignmentFactory(DjangoModelFactory[RoleAssignment]):
    class Meta:
        model = RoleAssignment

    user = SubFactory(UserFactory)
    role = SubFactory(RoleFactory)
    assigned_by = SubFactory(UserFactory)


class LoginEventFactory(DjangoModelFactory[LoginEvent]):
    class Meta:
        model = LoginEvent

    user = SubFactory(UserFactory)
    ip_address = "198.51.100.1"
    succeeded = True
