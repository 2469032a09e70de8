from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from blog.models import Category, Comment, Post, PostTag, Tag
from identity.models import User
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


@pytest.mark.parametrize(
    ("status", "published_at"),
    [("draft", NOW), ("published", None), ("archived", None), ("hidden", None), ("hidden", NOW)],
)
def test_the_database_keeps_status_and_date_together(status: str, published_at: Any) -> None:
    post = PostFactory.create()

    with pytest.raises(Exception, match="published_at_fits_status"), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(status=status, published_at=published_at)


@pytest.mark.parametrize(
    ("status", "published_at"), [("draft", None), ("published", NOW), ("archived", NOW)]
)
def test_the_database_takes_a_status_with_its_date(status: str, published_at: Any) -> None:
    post = PostFactory.create()

    assert Post.objects.filter(pk=post.pk).update(status=status, published_at=published_at) == 1


def test_the_database_knows_three_states_of_a_comment() -> None:
    comment = CommentFactory.create()

    with pytest.raises(Exception, match="status_known"), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(status="spam")


@pytest.mark.parametrize("make", [CategoryFactory, TagFactory, PostFactory])
def test_the_database_refuses_an_empty_slug(make: Any) -> None:
    with pytest.raises(Exception, match="slug_not_empty"), transaction.atomic():
        make.create(slug="")


def test_the_database_fills_in_what_an_older_program_leaves_out() -> None:
    author, category = UserFactory.create(), CategoryFactory.create()

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO blog_post (slug, title, body, author_id, category_id)"
            " VALUES ('a', 'A', '', %s, %s)",
            [author.pk, category.pk],
        )

    post = Post.objects.get()
    assert post.status == Post.Status.DRAFT
    assert post.created_at
    assert post.updated_at


def test_deleting_a_post_takes_its_comments_and_tags_along_and_leaves_the_tag() -> None:
    post = PostFactory.create()
    CommentFactory.create(post=post)
    PostTagFactory.create(post=post)

    post.delete()

    assert not Comment.objects.exists()
    assert not PostTag.objects.exists()
    assert Tag.objects.exists()


@pytest.mark.parametrize("parent", ["author", "category"])
def test_what_a_post_needs_is_not_deleted(parent: str) -> None:
    post = PostFactory.create()
    row: User | Category = getattr(post, parent)

    with pytest.raises(models.ProtectedError):
        row.delete()


def test_no_foreign_key_is_nullable() -> None:
    for model in (Category, Comment, Post, PostTag, Tag):
        for field in model._meta.concrete_fields:
            assert not (field.is_relation and field.null), f"{model.__name__}.{field.name}"


def test_every_foreign_key_leads_an_index_and_no_index_repeats_another() -> None:
    tables = connection.introspection.table_names()
    ours = [table for table in tables if table.startswith(("blog_", "identity_"))]
    assert len(ours) >= 9

    for table in ours:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table).values()
        indexes = [tuple(one["columns"]) for one in found if one["index"]]
        indexes = [columns for columns in indexes if columns]
        foreign_keys = [one["columns"][0] for one in found if one["foreign_key"]]
        leading = {columns[0] for columns in indexes}
        assert set(foreign_keys) <= leading, table
        for columns in indexes:
            longer = [other for other in indexes if other[: len(columns)] == columns]
            assert longer == [columns], f"{table}: {longer}"


def test_no_foreign_key_is_checked_by_an_index_with_a_nullable_column() -> None:
    """MySQL 9.6 and 9.7 skip the check where any column of the index is NULL."""
    for model in (
        *apps.get_app_config("blog").get_models(),
        *apps.get_app_config("identity").get_models(),
    ):
        for index in model._meta.indexes:
            fields = [model._meta.get_field(name) for name in index.fields]
            nullable = any(getattr(field, "null", False) for field in fields)
            assert not (fields[0].is_relation and nullable), index.name


@pytest.mark.parametrize("missing", ["author_id", "category_id"])
def test_the_database_refuses_a_draft_without_a_parent(missing: str) -> None:
    post = PostFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(**{missing: 4711})


def test_the_rows_tell_what_they_are() -> None:
    post_tag = PostTagFactory.create(post__title="On locks", tag__name="mysql")
    comment = CommentFactory.create()

    assert str(post_tag) == "On locks: mysql"
    assert str(comment) == f"Comment {comment.pk}"
    assert str(post_tag.post.category) == post_tag.post.category.name
