"""What can go wrong in the blog domain. Input that a form would refuse (an empty title) is
Django's own ValidationError and not listed here."""


class BlogError(Exception):
    """Any error of this domain; its text is fit to be shown to a person."""


class PostNotFound(BlogError):
    """A service or selector is given the id or the slug of no post, or, where readers look, of
    one that is not published."""

    def __init__(self, post: int | str) -> None:
        super().__init__(f"There is no post {post}.")


class CategoryNotFound(BlogError):
    """A post is put into a category that does not exist."""

    def __init__(self, category: int | str) -> None:
        super().__init__(f"There is no category {category}.")


class TagNotFound(BlogError):
    """A post is tagged with a tag that does not exist."""

    def __init__(self, tag: int | str) -> None:
        super().__init__(f"There is no tag {tag}.")


class CommentNotFound(BlogError):
    """A comment is moderated that does not exist."""

    def __init__(self, comment: int) -> None:
        super().__init__(f"There is no comment {comment}.")


class AuthorNotFound(BlogError):
    """A post or a comment is written in the name of a user who does not exist."""

    def __init__(self, author: int) -> None:
        super().__init__(f"There is no user {author}.")


class SlugAlreadyTaken(BlogError):
    """A post, category or tag is to have the slug of another one."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The slug {slug!r} is taken already.")
        self.slug = slug


class NameAlreadyTaken(BlogError):
    """A category or tag is to have the name of another one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name!r} is taken already.")
        self.name = name


class PostAlreadyPublished(BlogError):
    """A post is published that is published, or its slug changed once readers may have it."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The post {slug!r} is published already.")
        self.slug = slug


class PostNotPublished(BlogError):
    """A post is unpublished or archived that is not published."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The post {slug!r} is not published.")
        self.slug = slug


class CommentingClosed(BlogError):
    """A comment is written on a draft or an archived post."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The post {slug!r} takes no comments: it is not published.")
        self.slug = slug
