from identity.models.login_event import LoginEvent
from identity.models.role import Role
from identity.models.role_assignment import RoleAssignment
from identity.models.user import User

__all__ = ["LoginEvent", "Role", "RoleAssignment", "User"]
