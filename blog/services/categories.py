"""Categories."""

from django.db import transaction
from django.utils.text import slugify

from blog.exceptions import NameAlreadyTaken, SlugAlreadyTaken
from blog.models import Category
from nestflux.orm.integrity import integrity_errors_as


@transaction.atomic
def create_category(*, name: str, slug: str = "") -> Category:
    """Without a `slug`, it is made from the name.

    :raises NameAlreadyTaken: another category has the name.
    :raises SlugAlreadyTaken: another category has the slug.
    :raises ValidationError: a value is empty, too long or no slug.
    """
    category = Category(name=name.strip(), slug=slug or slugify(name)[:60])
    category.full_clean(validate_unique=False)
    with integrity_errors_as(
        taken={"name": NameAlreadyTaken(category.name), "slug": SlugAlreadyTaken(category.slug)}
    ):
        category.save()
    return category
