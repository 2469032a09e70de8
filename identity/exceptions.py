"""What can go wrong in the identity domain. Input that a form would refuse (a phone number with
letters) is Django's own ValidationError and not listed here."""


class IdentityError(Exception):
    """Any error of this domain; its text is fit to be shown to a person."""


class EmailAlreadyRegistered(IdentityError):
    """A user is registered with, or changes to, an address that another user has."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is registered already.")
        self.email = email


class UserNotFound(IdentityError):
    """A service or selector is given the id or the e-mail address of nobody."""

    def __init__(self, user: int | str) -> None:
        super().__init__(f"There is no user {user}.")


class RoleNotFound(IdentityError):
    """A role is assigned or revoked whose code no role has."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no role {code!r}.")
        self.code = code


class RoleAlreadyExists(IdentityError):
    """A role is created with a code that another role has."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is a role {code!r} already.")
        self.code = code


class RoleAlreadyAssigned(IdentityError):
    """A role is assigned to a user who holds it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The user holds the role {code!r} already.")
        self.code = code


class RoleNotAssigned(IdentityError):
    """A role is revoked from a user who does not hold it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The user does not hold the role {code!r}.")
        self.code = code
