import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from blog.models import Category, Comment, Post
from identity.models import User
from nestflux.orm import large_tables
from tests.blog.factories import (
    CategoryFactory,
    CommentFactory,
    PostFactory,
    PostTagFactory,
    TagFactory,
)
from tests.identity.factories import UserFactory

pytestmark = pytest.mark.django_db

POSTS = reverse("admin:blog_post_changelist")
COMMENTS = reverse("admin:blog_comment_changelist")
POST_TAGS = reverse("admin:blog_posttag_changelist")
NO_TAGS = {"post_tags-TOTAL_FORMS": "0", "post_tags-INITIAL_FORMS": "0"}


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def act(client: Client, url: str, action: str, *rows: Post | Comment) -> str:
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(url, form, follow=True).content.decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("post", "On locks"),
        ("category", "Databases"),
        ("tag", "mysql"),
        ("posttag", "On locks"),
        ("comment", "I agree."),
    ],
)
def test_every_table_has_a_list_page(admin_pages: Client, name: str, shown: str) -> None:
    post = PostFactory.create(title="On locks", category__name="Databases")
    PostTagFactory.create(post=post, tag__name="mysql")
    CommentFactory.create(post=post)

    assert shown in text(admin_pages, reverse(f"admin:blog_{name}_changelist"))


def test_posts_are_searched_by_the_beginning_of_title_or_slug(admin_pages: Client) -> None:
    PostFactory.create(title="On gap locks", slug="first")
    PostFactory.create(title="Something on gap locks", slug="second")

    by_title = text(admin_pages, f"{POSTS}?q=on+gap")
    by_slug = text(admin_pages, f"{POSTS}?q=seco")

    assert "On gap locks" in by_title
    assert "Something" not in by_title
    assert "Something" in by_slug


def test_posts_are_searched_by_the_authors_email(admin_pages: Client) -> None:
    PostFactory.create(title="Hers", author__email="ann@example.com")
    PostFactory.create(title="His", author__email="ben@example.com")

    page = text(admin_pages, f"{POSTS}?q=ann@")

    assert "Hers" in page
    assert "His<" not in page


def test_posts_are_filtered_by_status_category_and_date(admin_pages: Client) -> None:
    draft = PostFactory.create(title="A draft")
    PostFactory.create(title="A published one", published=True)

    for filters in ("status__exact=draft", f"category__id__exact={draft.category_id}"):
        page = text(admin_pages, f"{POSTS}?{filters}")
        assert "A draft" in page
        assert "A published one" not in page
    page = text(admin_pages, f"{POSTS}?published_at__year={2000}")
    assert "0 results" in page


def test_a_filter_lists_a_bounded_number_of_choices(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_tables, "FILTER_CHOICES", 3)
    CategoryFactory.create_batch(9)

    page = text(admin_pages, POSTS)

    assert page.count("?category__id__exact=") == 3


def test_a_post_is_added_as_a_draft_with_its_tags(admin_pages: Client, superuser: User) -> None:
    category, tag = CategoryFactory.create(), TagFactory.create()
    url = reverse("admin:blog_post_add")
    form = {
        "title": "On locks",
        "slug": "locks",
        "body": "Some text.",
        "category": str(category.pk),
        "author": str(superuser.pk),
        "post_tags-TOTAL_FORMS": "1",
        "post_tags-INITIAL_FORMS": "0",
        "post_tags-0-tag": str(tag.pk),
    }

    assert superuser.email in text(admin_pages, url)
    response = admin_pages.post(url, form)

    assert response.status_code == 302, response.context["errors"]
    post = Post.objects.get()
    assert (post.status, list(post.tags.all())) == (Post.Status.DRAFT, [tag])


def test_a_form_cannot_set_the_status(admin_pages: Client) -> None:
    post = PostFactory.create()
    form = {
        "title": "New title",
        "slug": post.slug,
        "body": post.body,
        "category": str(post.category_id),
        "author": str(post.author_id),
        "status": "published",
    }

    response = admin_pages.post(reverse("admin:blog_post_change", args=[post.pk]), form | NO_TAGS)

    assert response.status_code == 302, response.context["errors"]
    post.refresh_from_db()
    assert (post.title, post.status) == ("New title", Post.Status.DRAFT)


def test_the_slug_can_be_changed_until_readers_have_seen_it(admin_pages: Client) -> None:
    draft, seen = PostFactory.create(), PostFactory.create(published=True)

    def page(post: Post) -> str:
        return text(admin_pages, reverse("admin:blog_post_change", args=[post.pk]))

    assert 'name="slug"' in page(draft)
    assert 'name="slug"' not in page(seen)


def test_posts_are_published_by_an_action_which_says_what_it_could_not_do(
    admin_pages: Client,
) -> None:
    draft, seen = PostFactory.create(), PostFactory.create(published=True, slug="seen")

    page = act(admin_pages, POSTS, "publish", draft, seen)

    draft.refresh_from_db()
    assert draft.status == Post.Status.PUBLISHED
    assert "1 post published." in page
    assert "The post &#x27;seen&#x27; is published already." in page
    assert LogEntry.objects.get().object_id == str(draft.pk)


@pytest.mark.parametrize(("action", "status"), [("unpublish", "draft"), ("archive", "archived")])
def test_posts_are_taken_back_by_an_action(admin_pages: Client, action: str, status: str) -> None:
    posts = PostFactory.create_batch(2, published=True)

    page = act(admin_pages, POSTS, action, *posts)

    assert set(Post.objects.values_list("status", flat=True)) == {status}
    assert "2 posts " in page


@pytest.mark.parametrize(("action", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_comments_are_moderated_by_an_action(admin_pages: Client, action: str, status: str) -> None:
    comment = CommentFactory.create()

    page = act(admin_pages, COMMENTS, action, comment)

    comment.refresh_from_db()
    assert comment.status == status
    assert f"1 comment {status}." in page


def test_an_action_needs_the_permission_to_change(client: Client) -> None:
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_post"))
    client.force_login(staff)
    post = PostFactory.create()

    act(client, POSTS, "publish", post)

    post.refresh_from_db()
    assert post.status == Post.Status.DRAFT


def test_deleting_a_post_says_what_goes_with_it(admin_pages: Client) -> None:
    post = PostFactory.create(title="On locks")
    CommentFactory.create_batch(3, post=post)
    url = reverse("admin:blog_post_delete", args=[post.pk])

    page = text(admin_pages, url)
    admin_pages.post(url, {"post": "yes"})

    assert "Comments: 3" in page
    assert not Post.objects.exists()
    assert not Comment.objects.exists()


def test_deleting_a_post_does_not_load_its_comments(
    admin_pages: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    comments = CommentFactory.create_batch(30, post=PostFactory.create())

    with CaptureQueriesContext(connection) as queries:
        text(admin_pages, reverse("admin:blog_post_delete", args=[comments[0].post_id]))

    of_comments = [query["sql"] for query in queries if "`blog_comment`" in query["sql"]]
    assert of_comments
    assert all(sql.startswith("SELECT COUNT(") for sql in of_comments)


def test_deleting_a_post_needs_the_permission_for_its_comments(client: Client) -> None:
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_post", "delete_post"])
    )
    client.force_login(staff)
    comment = CommentFactory.create()
    url = reverse("admin:blog_post_delete", args=[comment.post_id])

    response = client.post(url, {"post": "yes"})

    assert response.status_code == 403
    assert Comment.objects.exists()


def test_a_category_with_posts_is_not_deleted_and_names_some(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_tables, "PROTECTED_ROWS", 2)
    category = CategoryFactory.create()
    PostFactory.create_batch(5, category=category)
    url = reverse("admin:blog_category_delete", args=[category.pk])

    page = text(admin_pages, url)
    admin_pages.post(url, {"post": "yes"})

    assert page.count("Post: ") == 2
    assert Category.objects.filter(pk=category.pk).exists()


@pytest.mark.parametrize(("url", "queries"), [(POSTS, 11), (COMMENTS, 7), (POST_TAGS, 7)])
def test_a_list_page_takes_as_many_queries_for_thirty_rows_as_for_one(
    admin_pages: Client,
    url: str,
    queries: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    PostTagFactory.create_batch(30)
    CommentFactory.create_batch(30)

    with django_assert_max_num_queries(queries):
        text(admin_pages, url)


def test_a_list_of_posts_does_not_read_their_texts(admin_pages: Client) -> None:
    PostFactory.create()

    with CaptureQueriesContext(connection) as queries:
        text(admin_pages, POSTS)

    assert not [query["sql"] for query in queries if "`blog_post`.`body`" in query["sql"]]


def test_no_list_page_counts_without_a_limit(admin_pages: Client) -> None:
    for name in ("post", "category", "tag", "posttag", "comment"):
        with CaptureQueriesContext(connection) as queries:
            text(admin_pages, reverse(f"admin:blog_{name}_changelist"))
        counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
        assert counts
        assert all("LIMIT" in sql for sql in counts), name
