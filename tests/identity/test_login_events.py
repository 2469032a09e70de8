from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identity import selectors, services
from identity.exceptions import UserNotFound
from identity.models import LoginEvent
from tests.identity.factories import LoginEventFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_login_is_recorded_with_where_it_came_from() -> None:
    user = UserFactory.create()

    services.record_login(
        user_id=user.pk, ip_address="2001:DB8::1", user_agent="Firefox", succeeded=False
    )

    event = LoginEvent.objects.get()
    assert (event.user, event.ip_address) == (user, "2001:db8::1")
    assert (event.user_agent, event.succeeded) == ("Firefox", False)


def test_a_long_user_agent_is_cut_and_not_refused() -> None:
    event = services.record_login(
        user_id=UserFactory.create().pk,
        ip_address="198.51.100.1",
        user_agent="x" * 1000,
        succeeded=True,
    )

    event.refresh_from_db()
    assert event.user_agent == "x" * 255


def test_something_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValidationError):
        services.record_login(
            user_id=UserFactory.create().pk, ip_address="localhost", succeeded=True
        )


def test_a_login_of_nobody_is_a_domain_error() -> None:
    with pytest.raises(UserNotFound):
        services.record_login(user_id=4711, ip_address="198.51.100.1", succeeded=True)


def test_old_events_are_removed_in_batches_and_recent_ones_stay() -> None:
    now = timezone.now()
    user = UserFactory.create()
    for days in range(7):
        LoginEventFactory.create(user=user, created_at=now - timedelta(days=days))

    removed = services.delete_login_events_before(
        moment=now - timedelta(days=3, hours=1), batch_size=2
    )

    assert removed == 3
    assert LoginEvent.objects.count() == 4


def test_removing_old_events_can_be_stopped_after_some_batches() -> None:
    old = timezone.now() - timedelta(days=9)
    LoginEventFactory.create_batch(5, created_at=old)

    removed = services.delete_login_events_before(
        moment=timezone.now(), batch_size=2, max_batches=1
    )

    assert removed == 2


def test_recent_logins_come_newest_first_and_only_those_asked_for() -> None:
    now = timezone.now()
    ann, ben = UserFactory.create(), UserFactory.create()
    older = LoginEventFactory.create(user=ann, created_at=now - timedelta(hours=2))
    newer = LoginEventFactory.create(user=ann, created_at=now - timedelta(hours=1), succeeded=False)
    other = LoginEventFactory.create(user=ben, created_at=now, ip_address="203.0.113.9")

    assert selectors.list_login_events().items == [other, newer, older]
    assert selectors.list_login_events(user_id=ann.pk).items == [newer, older]
    assert selectors.list_login_events(succeeded=False).items == [newer]
    assert selectors.list_login_events_from_address(ip_address="203.0.113.9").items == [other]


def test_listing_logins_takes_two_queries_however_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    LoginEventFactory.create_batch(10)

    with django_assert_num_queries(2):
        emails = [event.user.email for event in selectors.list_login_events().items]

    assert len(emails) == 10


def test_the_user_of_an_event_is_locked_while_it_is_written() -> None:
    """The table has no foreign key: this is what keeps an event's user there."""
    user = UserFactory.create()

    with CaptureQueriesContext(connection) as queries:
        services.record_login(user_id=user.pk, ip_address="198.51.100.1", succeeded=True)

    sent = [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    locking, writing = sent
    assert "FROM `identity_user`" in locking
    assert locking.endswith("FOR UPDATE")
    assert writing.startswith("INSERT INTO `identity_login_event`")


def test_events_go_with_their_user() -> None:
    event = LoginEventFactory.create()

    event.user.delete()

    assert not LoginEvent.objects.exists()


def test_the_events_of_a_month_lie_in_its_partition() -> None:
    january, february = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    LoginEventFactory.create(created_at=january)
    LoginEventFactory.create(created_at=february)

    events = LoginEvent.objects.filter(created_at__gte=january, created_at__lt=february)

    assert len(events) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM identity_login_event PARTITION (p20270101)")
        assert cursor.fetchone() == (1,)
