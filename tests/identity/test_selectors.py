from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identity import selectors
from identity.exceptions import UserNotFound
from nestflux.orm.keyset import InvalidCursor, InvalidLimit
from tests.identity.factories import RoleAssignmentFactory, RoleFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_user_is_found_by_email_in_any_spelling() -> None:
    user = UserFactory.create(email="ann@example.com")

    assert selectors.get_user_by_email(email=" ANN@example.com") == user


def test_an_unknown_email_is_a_domain_error() -> None:
    with pytest.raises(UserNotFound, match=r"ann@example\.com"):
        selectors.get_user_by_email(email="ann@example.com")


def test_users_are_found_by_the_beginning_of_name_or_email() -> None:
    ann = UserFactory.create(name="Ann Smith", email="a@example.com")
    smith = UserFactory.create(name="Ben", email="ann.b@example.com")
    UserFactory.create(name="Joann", email="j@example.com")

    assert set(selectors.search_users(text=" ANN").items) == {ann, smith}
    assert selectors.search_users(text="ann s").items == [ann]
    assert selectors.search_users(text="%").items == []


def test_users_can_be_listed_by_state_and_by_role() -> None:
    active = UserFactory.create()
    inactive = UserFactory.create(is_active=False)
    RoleAssignmentFactory.create(
        user=active, assigned_by=inactive, role=RoleFactory.create(code="editor")
    )

    assert selectors.list_users().items == [inactive, active]
    assert selectors.list_users(is_active=False).items == [inactive]
    assert selectors.list_users_with_role(role_code="editor").items == [active]


def test_listing_users_with_roles_takes_two_queries_however_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    role = RoleFactory.create(code="editor")
    boss = UserFactory.create()
    for _ in range(10):
        RoleAssignmentFactory.create(role=role, assigned_by=boss)

    with django_assert_num_queries(2):
        page = selectors.list_users()
        codes = [held.role.code for user in page.items for held in user.role_assignments.all()]

    assert codes == ["editor"] * 10


def test_pages_neither_repeat_nor_skip_a_user_even_at_equal_moments() -> None:
    moment = timezone.now()
    users = [UserFactory.create(created_at=moment - timedelta(hours=n // 3)) for n in range(10)]

    seen, cursor, pages = [], None, 0
    while True:
        page = selectors.list_users(cursor=cursor, limit=4)
        seen += page.items
        pages += 1
        cursor = page.next_cursor
        if cursor is None:
            break

    assert pages == 3
    assert len(seen) == len(set(seen)) == len(users)
    assert seen == sorted(seen, key=lambda user: (user.created_at, user.pk), reverse=True)


def test_a_user_who_joins_between_two_pages_shifts_nothing() -> None:
    UserFactory.create_batch(4)
    first = selectors.list_users(limit=2)

    UserFactory.create(created_at=timezone.now() + timedelta(seconds=1))
    second = selectors.list_users(limit=2, cursor=first.next_cursor)

    assert not set(first.items) & set(second.items)
    assert len(second.items) == 2


def test_an_exactly_full_last_page_has_no_next() -> None:
    UserFactory.create_batch(2)

    assert selectors.list_users(limit=2).next_cursor is None


@pytest.mark.parametrize("cursor", ["", "nonsense", "MTIz", "ä", "MjAyNi0wMS0wMVQwMDowMDowMC81"])
def test_a_cursor_that_no_page_gave_is_a_domain_error(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        selectors.list_users(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_page_has_between_one_and_a_hundred_rows(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        selectors.list_users(limit=limit)
