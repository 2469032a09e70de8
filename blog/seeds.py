"""What ``db_seed`` cannot know of the blog. Everything else it reads from the models."""

from blog.models import Comment, Post
from nestflux.seeding import Fields, seeds, shares, zipf


@seeds(Post)
def posts() -> Fields:
    """Most are published, and few people write most of them."""
    return {
        "author": zipf(),
        "status": shares({"draft": 2, "published": 16, "archived": 2}),
    }


@seeds(Comment)
def comments() -> Fields:
    return {"status": shares({"pending": 1, "approved": 8, "rejected": 1})}
