import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from identity.models import Role, User
from nestflux.orm import large_tables
from nestflux.orm.large_tables import (
    ApproximateCount,
    EstimatedCountPaginator,
    LowerBound,
    estimated_rows,
)
from tests.identity.factories import RoleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def counts_three_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_tables, "COUNTED_ROWS", 3)


def test_a_small_table_is_counted() -> None:
    RoleFactory.create_batch(5)

    assert EstimatedCountPaginator(Role.objects.order_by("pk"), 2).count == 5
    assert EstimatedCountPaginator(Role.objects.order_by("pk"), 2).num_pages == 3


@pytest.mark.usefixtures("counts_three_rows")
def test_a_large_table_is_as_long_as_the_server_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    RoleFactory.create_batch(5)
    monkeypatch.setattr(large_tables, "estimated_rows", lambda model, using: 1_234_567)

    count = EstimatedCountPaginator(Role.objects.order_by("pk"), 100).count

    assert count == 1_234_567
    assert str(count) == "about 1,234,567"


@pytest.mark.usefixtures("counts_three_rows")
def test_an_estimate_below_what_was_counted_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    RoleFactory.create_batch(5)
    monkeypatch.setattr(large_tables, "estimated_rows", lambda model, using: 0)

    assert EstimatedCountPaginator(Role.objects.order_by("pk"), 100).count == 4


@pytest.mark.usefixtures("counts_three_rows")
def test_a_filtered_list_is_counted_to_a_bound() -> None:
    RoleFactory.create_batch(5)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        count = EstimatedCountPaginator(Role.objects.filter(pk__gt=0).order_by("pk"), 2).count

    assert isinstance(count, LowerBound)
    assert str(count) == "3+"
    assert "LIMIT 4" in queries[0]["sql"]


def test_a_list_that_is_no_query_is_counted() -> None:
    assert EstimatedCountPaginator([1, 2, 3], 2).count == 3


def test_an_approximate_count_calculates_like_a_number() -> None:
    assert ApproximateCount(250) / 100 == 2.5


@pytest.mark.django_db(transaction=True)
def test_the_server_estimates_the_rows_of_a_table() -> None:
    UserFactory.create_batch(20)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE identity_user")
        cursor.fetchall()

    assert 10 <= estimated_rows(User, "default") <= 40


@pytest.mark.usefixtures("counts_three_rows")
def test_a_list_page_says_that_its_count_is_an_estimate(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    RoleFactory.create_batch(5)
    monkeypatch.setattr(large_tables, "estimated_rows", lambda model, using: 1_234_567)

    page = admin_pages.get(reverse("admin:identity_role_changelist")).content.decode()

    assert "about 1,234,567 results" in page


def test_no_list_page_counts_without_a_limit(admin_pages: Client) -> None:
    for name in ("user", "role", "roleassignment", "loginevent"):
        with CaptureQueriesContext(connection) as queries:
            admin_pages.get(reverse(f"admin:identity_{name}_changelist"))
        counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
        assert counts
        assert all("LIMIT" in sql for sql in counts), name


def test_an_action_on_too_many_rows_is_refused(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_tables, "ACTION_ROWS", 3)
    roles = RoleFactory.create_batch(5)
    form = {
        "action": "delete_selected",
        "_selected_action": [str(roles[0].pk)],
        "select_across": "1",
        "post": "yes",
    }

    page = admin_pages.post(reverse("admin:identity_role_changelist"), form, follow=True)

    assert "That is more than 3 rows." in page.content.decode()
    assert Role.objects.count() == 5
