"""Posts: written, edited, published, taken back.

Whatever reads a post's status to decide something locks the row first, so that two editors who
press a button at once are served one after the other, and the second learns what the first did.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from blog.exceptions import (
    AuthorNotFound,
    CategoryNotFound,
    PostAlreadyPublished,
    PostNotFound,
    PostNotPublished,
    SlugAlreadyTaken,
)
from blog.models import Post
from nestflux.orm.integrity import integrity_errors_as

SLUG_LENGTH = 120


@transaction.atomic
def create_post(*, author_id: int, category_id: int, title: str, body: str, slug: str = "") -> Post:
    """Makes a draft. Without a `slug`, it is made from the title.

    :raises AuthorNotFound: no user has the id.
    :raises CategoryNotFound: no category has the id.
    :raises SlugAlreadyTaken: another post has the slug.
    :raises ValidationError: a value is empty, too long or no slug.
    """
    title = title.strip()
    post = Post(
        author_id=author_id,
        category_id=category_id,
        title=title,
        body=body,
        slug=slug or slugify(title)[:SLUG_LENGTH].rstrip("-"),
    )
    _save(post)
    return post


@transaction.atomic
def edit_post(
    *,
    post_id: int,
    title: str | None = None,
    body: str | None = None,
    category_id: int | None = None,
    slug: str | None = None,
) -> Post:
    """Changes what is given and leaves the rest.

    :raises PostNotFound: no post has the id.
    :raises PostAlreadyPublished: the slug of a post that is no draft was to change; links to it
        would break.
    :raises CategoryNotFound: no category has the id.
    :raises SlugAlreadyTaken: another post has the slug.
    :raises ValidationError: a value is empty, too long or no slug.
    """
    post = _lock_post(post_id)
    if slug is not None and slug != post.slug:
        if post.status != Post.Status.DRAFT:
            raise PostAlreadyPublished(post.slug)
        post.slug = slug
    if title is not None:
        post.title = title.strip()
    if body is not None:
        post.body = body
    if category_id is not None:
        post.category_id = category_id
    _save(post)
    return post


@transaction.atomic
def publish_post(*, post_id: int) -> Post:
    """Shows a draft to readers from now on. An archived post comes back with its first date.

    :raises PostNotFound: no post has the id.
    :raises PostAlreadyPublished: it is published.
    """
    post = _lock_post(post_id)
    if post.status == Post.Status.PUBLISHED:
        raise PostAlreadyPublished(post.slug)
    post.status = Post.Status.PUBLISHED
    post.published_at = post.published_at or timezone.now()
    _save(post)
    return post


@transaction.atomic
def unpublish_post(*, post_id: int) -> Post:
    """Makes a published post a draft again, without a date: it was published by mistake.

    :raises PostNotFound: no post has the id.
    :raises PostNotPublished: it is a draft or archived.
    """
    post = _lock_published_post(post_id)
    post.status = Post.Status.DRAFT
    post.published_at = None
    _save(post)
    return post


@transaction.atomic
def archive_post(*, post_id: int) -> Post:
    """Takes a published post off the site and keeps its date: it has had its time.

    :raises PostNotFound: no post has the id.
    :raises PostNotPublished: it is a draft or archived.
    """
    post = _lock_published_post(post_id)
    post.status = Post.Status.ARCHIVED
    _save(post)
    return post


def _lock_post(post_id: int) -> Post:
    try:
        return Post.objects.select_for_update().get(pk=post_id)
    except Post.DoesNotExist as error:
        raise PostNotFound(post_id) from error


def _lock_published_post(post_id: int) -> Post:
    post = _lock_post(post_id)
    if post.status != Post.Status.PUBLISHED:
        raise PostNotPublished(post.slug)
    return post


def _save(post: Post) -> None:
    # The database answers for the foreign keys and for the slug, without a race.
    post.full_clean(exclude={"author", "category"}, validate_unique=False)
    with integrity_errors_as(
        taken={"slug": SlugAlreadyTaken(post.slug)},
        missing={
            "author_id": AuthorNotFound(post.author_id),
            "category_id": CategoryNotFound(post.category_id),
        },
    ):
        post.save()
