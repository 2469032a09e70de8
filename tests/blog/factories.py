"""Rows to test with. They go past the services on purpose: a test of one service should not
depend on another.

Use `PostFactory.create()`: unlike `PostFactory()`, it has a type.
"""

# mypy: disable-error-code="no-untyped-call"

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from blog.models import Category, Comment, Post, PostTag, Tag
from tests.identity.factories import UserFactory


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    slug = Sequence(lambda n: f"category-{n}")
    name = Sequence(lambda n: f"Category {n}")


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    slug = Sequence(lambda n: f"tag-{n}")
    name = Sequence(lambda n: f"Tag {n}")


class PostFactory(DjangoModelFactory[Post]):
    """A draft; `published=True` or `archived=True` for another state."""

    class Meta:
        model = Post

    class Params:
        published = Trait(status=Post.Status.PUBLISHED, published_at=LazyFunction(timezone.now))
        archived = Trait(status=Post.Status.ARCHIVED, published_at=LazyFunction(timezone.now))

    slug = Sequence(lambda n: f"post-{n}")
    title = Sequence(lambda n: f"Post {n}")
    body = "Some text."
    author = SubFactory(UserFactory)
    category = SubFactory(CategoryFactory)


class PostTagFactory(DjangoModelFactory[PostTag]):
    class Meta:
        model = PostTag

    post = SubFactory(PostFactory)
    tag = SubFactory(TagFactory)


class CommentFactory(DjangoModelFactory[Comment]):
    class Meta:
        model = Comment

    post = SubFactory(PostFactory, published=True)
    author = SubFactory(UserFactory)
    body = "I agree."
