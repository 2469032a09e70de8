from identity.admin.login_event import LoginEventAdmin
from identity.admin.role import RoleAdmin
from identity.admin.role_assignment import RoleAssignmentAdmin
from identity.admin.user import UserAdmin

__all__ = ["LoginEventAdmin", "RoleAdmin", "RoleAssignmentAdmin", "UserAdmin"]
