"""Login events, by user and by address. Each list comes out of one index, newest first."""

from identity.models import LoginEvent
from nestflux.orm.keyset import KeysetPage, keyset_page


def list_login_events(
    *,
    user_id: int | None = None,
    succeeded: bool | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> KeysetPage[LoginEvent]:
    """Recent login events, of one user or of all, with the user read along.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    events = LoginEvent.objects.prefetch_related("user")
    if user_id is not None:
        events = events.filter(user_id=user_id)
    if succeeded is not None:
        events = events.filter(succeeded=succeeded)
    return keyset_page(events, moment="created_at", cursor=cursor, limit=limit)


def list_login_events_from_address(
    *, ip_address: str, cursor: str | None = None, limit: int = 50
) -> KeysetPage[LoginEvent]:
    """Recent login events from one IP address, with the user read along.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    events = LoginEvent.objects.prefetch_related("user").filter(ip_address=ip_address)
    return keyset_page(events, moment="created_at", cursor=cursor, limit=limit)
