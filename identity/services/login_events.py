"""The record of who logged in, or tried to."""

from datetime import datetime

from django.db import transaction

from identity.exceptions import UserNotFound
from identity.models import LoginEvent, User

USER_AGENT_LENGTH = 255
DELETE_BATCH_SIZE = 1_000


@transaction.atomic
def record_login(
    *, user_id: int, ip_address: str, user_agent: str = "", succeeded: bool
) -> LoginEvent:
    """Writes down one attempt to log in. A longer `user_agent` is cut, not refused.

    The user's row is locked, as a foreign key would lock it: nobody deletes the user meanwhile.

    :raises UserNotFound: nobody has the id.
    :raises ValidationError: `ip_address` is no IPv4 or IPv6 address.
    """
    event = LoginEvent(
        user_id=user_id,
        ip_address=ip_address,
        user_agent=user_agent[:USER_AGENT_LENGTH],
        succeeded=succeeded,
    )
    event.full_clean(exclude={"user"})
    if not User.objects.select_for_update().filter(pk=user_id).exists():
        raise UserNotFound(user_id)
    event.save()
    return event


def delete_login_events_before(
    *, moment: datetime, batch_size: int = DELETE_BATCH_SIZE, max_batches: int | None = None
) -> int:
    """Removes the events that are older than `moment`, oldest first, and says how many.

    Each batch is a transaction of its own: a single DELETE over years of events would hold its
    locks, and grow the undo log, for as long as it runs. What is done stays done when a later
    batch fails.

    :param max_batches: stop after so many; None goes on until nothing is left.
    """
    deleted = 0
    batches = 0
    while max_batches is None or batches < max_batches:
        oldest = LoginEvent.objects.filter(created_at__lt=moment).order_by("created_at", "pk")
        with transaction.atomic():
            keys = list(oldest.values_list("pk", flat=True)[:batch_size])
            removed, _ = LoginEvent.objects.filter(pk__in=keys).delete()
        deleted += removed
        batches += 1
        if len(keys) < batch_size:
            break
    return deleted
