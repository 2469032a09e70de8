from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from blog import services
from blog.exceptions import NameAlreadyTaken, PostNotFound, SlugAlreadyTaken, TagNotFound
from tests.blog.factories import PostFactory, TagFactory

pytestmark = pytest.mark.django_db

both = pytest.mark.parametrize("create", [services.create_category, services.create_tag])


@both
def test_a_slug_is_made_from_the_name(create: Callable[..., Any]) -> None:
    made = create(name=" Release notes ")

    assert (made.name, made.slug) == ("Release notes", "release-notes")


@both
def test_name_and_slug_are_taken_once(create: Callable[..., Any]) -> None:
    create(name="Databases", slug="db")

    with pytest.raises(SlugAlreadyTaken, match="'db'"):
        create(name="More databases", slug="db")
    with pytest.raises(NameAlreadyTaken, match="'Databases'"):
        create(name="Databases", slug="databases")


@both
def test_an_empty_name_is_refused(create: Callable[..., Any]) -> None:
    with pytest.raises(ValidationError):
        create(name="  ")


def test_a_post_is_tagged_and_untagged() -> None:
    post, tag = PostFactory.create(), TagFactory.create()

    services.tag_post(post_id=post.pk, tag_id=tag.pk)
    assert list(post.tags.all()) == [tag]

    services.untag_post(post_id=post.pk, tag_id=tag.pk)
    assert not post.tags.exists()


def test_tagging_twice_is_tagging_once_and_untagging_twice_is_no_error() -> None:
    post, tag = PostFactory.create(), TagFactory.create()

    services.tag_post(post_id=post.pk, tag_id=tag.pk)
    services.tag_post(post_id=post.pk, tag_id=tag.pk)
    assert post.tags.count() == 1

    services.untag_post(post_id=post.pk, tag_id=tag.pk)
    services.untag_post(post_id=post.pk, tag_id=tag.pk)


def test_a_tag_or_post_that_does_not_exist_is_a_domain_error() -> None:
    post, tag = PostFactory.create(), TagFactory.create()

    with pytest.raises(TagNotFound, match="4711"):
        services.tag_post(post_id=post.pk, tag_id=4711)
    with pytest.raises(PostNotFound, match="4711"):
        services.tag_post(post_id=4711, tag_id=tag.pk)
