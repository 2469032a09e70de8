import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from identity.models import LoginEvent, RoleAssignment, User
from tests.identity.factories import (
    LoginEventFactory,
    RoleAssignmentFactory,
    RoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

USERS = reverse("admin:identity_user_changelist")
EVENTS = reverse("admin:identity_loginevent_changelist")
ASSIGNMENTS = reverse("admin:identity_roleassignment_changelist")
NO_INLINE = {
    "role_assignments-TOTAL_FORMS": "0",
    "role_assignments-INITIAL_FORMS": "0",
}


def change_page(user: User) -> str:
    return reverse("admin:identity_user_change", args=[user.pk])


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("user", "ann@example.com"),
        ("role", "editor"),
        ("roleassignment", "ann@example.com"),
        ("loginevent", "198.51.100.1"),
    ],
)
def test_every_table_has_a_list_page(admin_pages: Client, name: str, shown: str) -> None:
    RoleAssignmentFactory.create(user__email="ann@example.com", role__code="editor")
    LoginEventFactory.create()

    assert shown in text(admin_pages, reverse(f"admin:identity_{name}_changelist"))


def test_users_are_searched_by_the_beginning_of_name_or_email(admin_pages: Client) -> None:
    UserFactory.create(name="Ann Smith", email="a@example.com")
    UserFactory.create(name="Joann Smith", email="b@example.com")

    page = text(admin_pages, f"{USERS}?q=ann+smi")

    assert "a@example.com" in page
    assert "b@example.com" not in page


def test_a_search_for_a_quote_is_a_search(admin_pages: Client) -> None:
    UserFactory.create(name='5" floppy', email="a@example.com")

    assert "a@example.com" in text(admin_pages, f"{USERS}?q=5%22+f")
    text(admin_pages, f"{USERS}?q=%22")
    text(admin_pages, f"{USERS}?q=%5C")


def test_users_are_filtered_by_state(admin_pages: Client) -> None:
    UserFactory.create(email="gone@example.com", is_active=False)
    UserFactory.create(email="here@example.com")

    page = text(admin_pages, f"{USERS}?is_active__exact=0")

    assert "gone@example.com" in page
    assert "here@example.com" not in page


def test_a_user_is_added_by_email_and_can_log_in(admin_pages: Client, client: Client) -> None:
    form = {
        "email": "New@Example.com",
        "name": "New",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }

    response = admin_pages.post(reverse("admin:identity_user_add"), form)

    user = User.objects.get(email="new@example.com")
    assert response.headers["Location"] == change_page(user)
    assert Client().login(username="new@example.com", password="correct horse battery")


def test_an_email_that_is_registered_is_refused_in_the_form(admin_pages: Client) -> None:
    UserFactory.create(email="ann@example.com")
    form = {"email": "ANN@example.com", "name": "Ann", "usable_password": "false"}

    response = admin_pages.post(reverse("admin:identity_user_add"), form)

    assert "A user with this e-mail address exists already." in response.content.decode()


def test_a_user_is_changed(admin_pages: Client) -> None:
    user = UserFactory.create(name="Ann")
    form = {"email": user.email, "name": "Anna", "phone_number": "123 456", "is_active": "on"}

    response = admin_pages.post(change_page(user), form | NO_INLINE)

    assert response.status_code == 302, response.context["errors"]
    user.refresh_from_db()
    assert (user.name, user.phone_number, user.is_staff) == ("Anna", "123 456", False)


def test_a_role_given_on_the_users_page_is_given_by_whoever_is_logged_in(
    admin_pages: Client, superuser: User
) -> None:
    user, role = UserFactory.create(), RoleFactory.create()
    form = {"email": user.email, "name": user.name, "is_active": "on"} | {
        "role_assignments-TOTAL_FORMS": "1",
        "role_assignments-INITIAL_FORMS": "0",
        "role_assignments-0-user": str(user.pk),
        "role_assignments-0-role": str(role.pk),
    }

    response = admin_pages.post(change_page(user), form)

    assert response.status_code == 302, response.context["errors"]
    assert RoleAssignment.objects.get(user=user, role=role).assigned_by == superuser


def test_a_role_is_assigned_on_its_own_page_once(admin_pages: Client, superuser: User) -> None:
    form = {"user": str(UserFactory.create().pk), "role": str(RoleFactory.create().pk)}
    url = reverse("admin:identity_roleassignment_add")

    first = admin_pages.post(url, form)
    second = admin_pages.post(url, form)

    assert first.status_code == 302
    assert RoleAssignment.objects.get().assigned_by == superuser
    assert "This user holds this role already." in second.content.decode()


def test_a_password_is_changed(admin_pages: Client) -> None:
    user = UserFactory.create()
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    form = {
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }

    response = admin_pages.post(url, form)

    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password("correct horse battery")


def test_nobody_deletes_a_user(admin_pages: Client) -> None:
    user = UserFactory.create()

    response = admin_pages.post(
        reverse("admin:identity_user_delete", args=[user.pk]), {"post": "yes"}
    )

    assert response.status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_login_events_are_only_looked_at(admin_pages: Client) -> None:
    event = LoginEventFactory.create()
    change = reverse("admin:identity_loginevent_change", args=[event.pk])
    delete = reverse("admin:identity_loginevent_delete", args=[event.pk])

    assert "198.51.100.1" in text(admin_pages, change)
    assert admin_pages.post(change, {"ip_address": "203.0.113.9"}).status_code == 403
    assert admin_pages.get(reverse("admin:identity_loginevent_add")).status_code == 403
    assert admin_pages.post(delete, {"post": "yes"}).status_code == 403
    assert LoginEvent.objects.get().ip_address == "198.51.100.1"


def test_login_events_are_searched_by_address_or_by_email(admin_pages: Client) -> None:
    LoginEventFactory.create(ip_address="203.0.113.9", user__email="ann@example.com")
    LoginEventFactory.create(ip_address="198.51.100.1", user__email="ben@example.com")

    by_address = text(admin_pages, f"{EVENTS}?q=203.0")
    by_email = text(admin_pages, f"{EVENTS}?q=ben@")

    assert "ann@example.com" in by_address
    assert "ben@example.com" not in by_address
    assert "ben@example.com" in by_email
    assert "ann@example.com" not in by_email


def test_the_users_page_links_to_their_login_events(admin_pages: Client) -> None:
    event = LoginEventFactory.create(user__email="ann@example.com")
    LoginEventFactory.create(user__email="ben@example.com")
    url = f"{EVENTS}?user__id__exact={event.user_id}"

    assert url in text(admin_pages, change_page(event.user))
    assert "ben@example.com" not in text(admin_pages, url)


def test_a_role_that_is_held_is_not_deleted(admin_pages: Client) -> None:
    held = RoleAssignmentFactory.create(role__name="Editor", user__email="ann@example.com")

    page = text(admin_pages, reverse("admin:identity_role_delete", args=[held.role_id]))

    assert "Role assignment: Editor for ann@example.com" in page


def test_staff_sees_what_they_have_permission_for(client: Client) -> None:
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_role"))
    client.force_login(staff)

    assert client.get(reverse("admin:identity_role_changelist")).status_code == 200
    assert client.get(USERS).status_code == 403


@pytest.fixture
def user_keeper(client: Client) -> Client:
    """Staff who may change users, and is no superuser."""
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_user", "change_user"])
    )
    client.force_login(staff)
    return client


def test_staff_who_changes_users_gives_no_privileges(user_keeper: Client) -> None:
    user = UserFactory.create()
    form = {"email": user.email, "name": "Anna", "is_staff": "on", "is_superuser": "on"}

    response = user_keeper.post(change_page(user), form | NO_INLINE)

    assert response.status_code == 302, response.context["errors"]
    user.refresh_from_db()
    assert (user.name, user.is_staff, user.is_superuser) == ("Anna", False, False)


def test_staff_who_changes_users_does_not_change_a_superuser(
    user_keeper: Client, superuser: User
) -> None:
    password = reverse("admin:auth_user_password_change", args=[superuser.pk])

    assert user_keeper.post(change_page(superuser), {"email": "x@example.com"}).status_code == 403
    assert user_keeper.get(password).status_code == 403


def test_a_user_who_is_no_staff_is_sent_to_the_login(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(USERS).status_code == 302


@pytest.mark.parametrize(("url", "queries"), [(USERS, 6), (EVENTS, 5), (ASSIGNMENTS, 8)])
def test_a_list_page_takes_as_many_queries_for_thirty_rows_as_for_one(
    admin_pages: Client,
    url: str,
    queries: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    RoleAssignmentFactory.create_batch(30)
    LoginEventFactory.create_batch(30)

    with django_assert_max_num_queries(queries):
        text(admin_pages, url)


def test_autocomplete_finds_a_user(admin_pages: Client) -> None:
    user = UserFactory.create(name="Ann", email="ann@example.com")
    query = "app_label=identity&model_name=roleassignment&field_name=user&term=an"

    found = admin_pages.get(f"{reverse('admin:autocomplete')}?{query}").json()

    assert found["results"] == [{"id": str(user.pk), "text": "ann@example.com"}]
