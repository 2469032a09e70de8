from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from blog import selectors
from blog.exceptions import PostNotFound
from blog.models import Comment, Post
from nestflux.orm.keyset import InvalidCursor
from tests.blog.factories import (
    CategoryFactory,
    CommentFactory,
    PostFactory,
    PostTagFactory,
    TagFactory,
)
from tests.identity.factories import UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def published(hours_ago: int, **values: object) -> Post:
    return PostFactory.create(
        published=True, published_at=NOW - timedelta(hours=hours_ago), **values
    )


def test_readers_find_a_published_post_by_its_slug() -> None:
    post = published(1, slug="locks")

    assert selectors.get_published_post(slug="locks") == post


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_readers_do_not_find_another(state: str) -> None:
    PostFactory.create(slug="locks", archived=state == "archived")

    with pytest.raises(PostNotFound, match="locks"):
        selectors.get_published_post(slug="locks")


def test_readers_see_what_is_published_latest_first() -> None:
    older, newer = published(2), published(1)
    PostFactory.create()
    PostFactory.create(archived=True)

    assert selectors.list_published_posts().items == [newer, older]


def test_readers_see_one_category_tag_or_author() -> None:
    category, tag, author = CategoryFactory.create(), TagFactory.create(), UserFactory.create()
    in_category = published(3, category=category)
    with_tag = published(2)
    PostTagFactory.create(post=with_tag, tag=tag)
    PostTagFactory.create(post=with_tag)
    by_author = published(1, author=author)

    assert selectors.list_published_posts(category_slug=category.slug).items == [in_category]
    assert selectors.list_published_posts(tag_slug=tag.slug).items == [with_tag]
    assert selectors.list_published_posts(author_id=author.pk).items == [by_author]
    assert selectors.list_published_posts(tag_slug="unknown").items == []


def test_pages_of_posts_follow_one_another() -> None:
    posts = [published(n) for n in range(5)]

    first = selectors.list_published_posts(limit=3)
    second = selectors.list_published_posts(limit=3, cursor=first.next_cursor)

    assert first.items + second.items == posts
    assert second.next_cursor is None


def test_a_cursor_that_no_page_gave_is_a_domain_error() -> None:
    with pytest.raises(InvalidCursor):
        selectors.list_published_posts(cursor="nonsense")


def test_editors_see_every_state_or_one() -> None:
    draft = PostFactory.create(created_at=NOW - timedelta(hours=2))
    archived = PostFactory.create(archived=True, created_at=NOW - timedelta(hours=1))

    assert selectors.list_posts().items == [archived, draft]
    assert selectors.list_posts(status=Post.Status.DRAFT).items == [draft]
    assert selectors.list_posts(author_id=archived.author_id).items == [archived]


def test_published_posts_are_found_by_the_beginning_of_their_title() -> None:
    found = published(1, title="On locks")
    published(2, title="Notes on locks")
    PostFactory.create(title="On drafts")

    assert selectors.search_posts(text="on ").items == [found]
    assert selectors.search_posts(text="%").items == []


def test_comments_of_a_post_come_in_the_order_of_the_conversation() -> None:
    post = published(1)
    second, first = (
        CommentFactory.create(
            post=post, status=Comment.Status.APPROVED, created_at=NOW - timedelta(minutes=n)
        )
        for n in (1, 2)
    )
    CommentFactory.create(post=post)
    CommentFactory.create(status=Comment.Status.APPROVED)

    page = selectors.list_comments(post_id=post.pk, limit=1)
    rest = selectors.list_comments(post_id=post.pk, cursor=page.next_cursor)

    assert page.items + rest.items == [first, second]


def test_the_longest_waiting_comment_is_moderated_first() -> None:
    newer = CommentFactory.create(created_at=NOW - timedelta(minutes=1))
    older = CommentFactory.create(created_at=NOW - timedelta(minutes=2))
    CommentFactory.create(status=Comment.Status.REJECTED)

    assert selectors.list_pending_comments().items == [older, newer]


def test_listing_posts_takes_four_queries_however_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(10):
        PostTagFactory.create_batch(2, post=published(n))

    with django_assert_num_queries(4):
        page = selectors.list_published_posts()
        seen = [
            (post.author.name, post.category.name, [tag.name for tag in post.tags.all()])
            for post in page.items
        ]

    assert len(seen) == 10


def test_listing_comments_takes_two_queries_however_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    post = published(1)
    CommentFactory.create_batch(10, post=post, status=Comment.Status.APPROVED)

    with django_assert_num_queries(2):
        names = [comment.author.name for comment in selectors.list_comments(post_id=post.pk).items]

    assert len(names) == 10


def test_the_front_page_reads_the_index_in_order() -> None:
    """No sort, whatever the number of posts: the plan reads `blog_post_status_published_idx`."""
    category, author = CategoryFactory.create(), UserFactory.create()
    Post.objects.bulk_create(
        PostFactory.build(
            published=True,
            published_at=NOW - timedelta(minutes=n),
            category=category,
            author=author,
        )
        for n in range(500)
    )
    page = (
        Post.objects.filter(status=Post.Status.PUBLISHED)
        .prefetch_related("author")
        .order_by("-published_at", "-pk")[:21]
    )

    sql, params = page.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN FORMAT=JSON {sql}", params)
        plan = str(cursor.fetchone())

    assert "filesort" not in plan or '"using_filesort": false' in plan
