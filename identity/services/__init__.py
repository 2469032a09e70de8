from identity.services.login_events import delete_login_events_before, record_login
from identity.services.roles import assign_role, create_role, revoke_role
from identity.services.users import (
    change_avatar,
    change_email,
    change_name,
    change_phone_number,
    deactivate_user,
    reactivate_user,
    register_user,
)

__all__ = [
    "assign_role",
    "change_avatar",
    "change_email",
    "change_name",
    "change_phone_number",
    "create_role",
    "deactivate_user",
    "delete_login_events_before",
    "reactivate_user",
    "record_login",
    "register_user",
    "revoke_role",
]
