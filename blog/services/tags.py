"""Tags, and the posts that have them."""

from django.db import transaction
from django.utils.text import slugify

from blog.exceptions import NameAlreadyTaken, PostNotFound, SlugAlreadyTaken, TagNotFound
from blog.models import PostTag, Tag
from nestflux.orm.integrity import integrity_errors_as


@transaction.atomic
def create_tag(*, name: str, slug: str = "") -> Tag:
    """Without a `slug`, it is made from the name.

    :raises NameAlreadyTaken: another tag has the name.
    :raises SlugAlreadyTaken: another tag has the slug.
    :raises ValidationError: a value is empty, too long or no slug.
    """
    tag = Tag(name=name.strip(), slug=slug or slugify(name)[:60])
    tag.full_clean(validate_unique=False)
    with integrity_errors_as(
        taken={"name": NameAlreadyTaken(tag.name), "slug": SlugAlreadyTaken(tag.slug)}
    ):
        tag.save()
    return tag


class _AlreadyTagged(Exception):
    """The post has the tag; whether this request or another one gave it does not matter."""


@transaction.atomic
def tag_post(*, post_id: int, tag_id: int) -> None:
    """Gives the post the tag. Tagging twice is tagging once.

    :raises PostNotFound: no post has the id.
    :raises TagNotFound: no tag has the id.
    """
    post_tag = PostTag(post_id=post_id, tag_id=tag_id)
    # The database answers for the two foreign keys and for the unique key, without a race.
    post_tag.full_clean(exclude={"post", "tag"}, validate_constraints=False)
    try:
        with integrity_errors_as(
            taken={"blog_post_tag_post_tag_uniq": _AlreadyTagged()},
            missing={"post_id": PostNotFound(post_id), "tag_id": TagNotFound(tag_id)},
        ):
            post_tag.save()
    except _AlreadyTagged:
        return


@transaction.atomic
def untag_post(*, post_id: int, tag_id: int) -> None:
    """Takes the tag off the post. A post without the tag stays as it is."""
    PostTag.objects.filter(post_id=post_id, tag_id=tag_id).delete()
