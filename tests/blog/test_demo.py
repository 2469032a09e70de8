from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from blog import demo
from blog.models import Category, Comment, Post, PostTag
from identity.models import LoginEvent, RoleAssignment, User

pytestmark = pytest.mark.django_db


def seed(*options: str) -> str:
    output = StringIO()
    call_command("seed_demo", *options, stdout=output)
    return output.getvalue()


def counts() -> list[int]:
    tables = (User, RoleAssignment, LoginEvent, Post, PostTag, Comment)
    return [table._default_manager.count() for table in tables]


def test_demo_data_and_an_administrator_who_can_log_in() -> None:
    output = seed("--posts", "20")

    password = output.split("password  ")[1].strip()
    administrator = authenticate(username="admin@example.com", password=password)
    assert isinstance(administrator, User)
    assert administrator.is_staff
    assert administrator.is_superuser
    assert Post.objects.count() == 20
    assert "Added 48 users, 20 posts" in output
    assert all(counts())
    assert {post.status for post in Post.objects.all()} >= {"draft", "published"}


def test_a_second_run_adds_nothing_and_says_how_to_set_a_password() -> None:
    seed("--posts", "5")
    before = counts()

    output = seed("--posts", "5")

    assert counts() == before
    assert "nothing added" in output
    assert "python manage.py changepassword admin@example.com" in output
    assert "password  " not in output


def test_the_same_site_every_time() -> None:
    seed("--posts", "5")

    assert Post.objects.order_by("pk")[0].title == "What we learned from online schema changes"
    assert User.objects.filter(email__startswith="ada.").exists()


def test_another_address_makes_another_administrator() -> None:
    seed("--posts", "0")

    seed("--admin-email", "Boss@Example.com", "--posts", "0")

    assert User.objects.get(email="boss@example.com").is_superuser


def test_an_address_that_is_none_is_refused_and_nothing_is_added() -> None:
    with pytest.raises(CommandError, match="nobody: Enter a valid"):
        seed("--admin-email", "nobody")

    assert not User.objects.exists()


def test_a_blog_with_data_of_its_own_is_left_alone() -> None:
    Category.objects.create(slug="mine", name="Mine")

    seed()

    assert not Post.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_posts_are_added_in_bulk_up_to_the_number_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "DEMO_POSTS", 10)

    output = seed("--posts", "30")
    assert "in bulk" in output
    assert Post.objects.count() == 30
    seed("--posts", "31")
    seed("--posts", "31")

    assert Post.objects.count() == 31
    for post in Post.objects.all():
        post.full_clean()


@pytest.mark.django_db(transaction=True)
def test_filling_up_goes_on_after_rows_were_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "DEMO_POSTS", 10)
    seed("--posts", "20")
    Post.objects.filter(pk__in=list(Post.objects.values_list("pk", flat=True)[:15])).delete()

    seed("--posts", "25")

    assert Post.objects.count() == 25
