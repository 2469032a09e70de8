from identity.selectors.login_events import list_login_events, list_login_events_from_address
from identity.selectors.users import (
    get_user_by_email,
    list_users,
    list_users_with_role,
    search_users,
    user_has_role,
)

__all__ = [
    "get_user_by_email",
    "list_login_events",
    "list_login_events_from_address",
    "list_users",
    "list_users_with_role",
    "search_users",
    "user_has_role",
]
