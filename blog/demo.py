"""Demo data: a small magazine with readers, and the logins of its people.

Everything is drawn from seeded generators, so two machines show the same site. `make_demo`
writes a few hundred rows through the services, as a visitor would. `add_posts_in_bulk` is for
looking at large tables: it makes them with `db_seed`, past the services.
"""

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

import blog.services as blog
import identity.services as identity
from blog.models import Category, Comment, Post, Tag
from identity.exceptions import EmailAlreadyRegistered, RoleAlreadyExists
from identity.models import LoginEvent, User
from identity.seeds import USER_AGENTS
from nestflux.seeding.alone import alone
from nestflux.seeding.request import Amount, Request
from nestflux.seeding.seed import plan_for, seed

SEED = 20_200_202
DEMO_POSTS = 120
PEOPLE = 48
AUTHORS = 8

ROLES = {"editor": "Editor", "author": "Author", "moderator": "Moderator"}
CATEGORIES = ("Databases", "Python", "Operations", "Careers", "Tutorials", "Release notes")
TAGS = (
    "mysql", "mariadb", "django", "indexes", "migrations", "locking", "replication", "backups",
    "testing", "typing", "admin", "performance",
)  # fmt: skip
FIRST_NAMES = (
    "Ada", "Amir", "Béatrice", "Chen", "Dagny", "Emeka", "Farah", "Grace", "Hugo", "Ines", "Jonas",
    "Kofi", "Lena", "Mateo", "Noor", "Olga", "Priya", "Rosa", "Søren", "Tomás",
)  # fmt: skip
LAST_NAMES = (
    "Almeida", "Bauer", "Castillo", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quinn", "Rossi",
    "Schmidt", "Tanaka",
)  # fmt: skip
OPENINGS = (
    "What we learned from", "A short guide to", "Stop worrying about", "The hidden cost of",
    "Five questions about", "A week with", "Rethinking", "Getting started with", "Notes on",
    "How we measured",
)  # fmt: skip
SUBJECTS = (
    "online schema changes", "composite indexes", "long transactions", "foreign keys",
    "connection pools", "slow queries", "read replicas", "time zones", "utf8mb4", "gap locks",
    "the query plan", "nightly backups", "keyset pagination", "generated columns", "deadlocks",
)  # fmt: skip
SENTENCES = (
    "We started with a table that nobody had looked at for two years.",
    "The first surprise was how little of it fitted into memory.",
    "An index that no query uses is a tax on every write.",
    "Before changing anything, we wrote down what we expected to see.",
    "The numbers from the test server were right, and they did not help.",
    "Nobody remembered why the column was nullable.",
    "It took one afternoon to fix and three weeks to notice.",
    "Reading the plan aloud to a colleague found the mistake at once.",
    "The lock was held for less than a second, by four hundred sessions.",
    "What we would do differently is simple: measure first.",
)
REMARKS = (
    "This saved me an evening, thank you.", "We saw the same on a much smaller table.",
    "Does this hold for MariaDB as well?", "I would have liked to see the query plan.",
    "Clear and to the point.", "The second example does not work for me.",
    "Bookmarked for our next review.", "How large was the table in the end?",
)  # fmt: skip
# Addresses that belong to nobody: RFC 5737 and RFC 3849 keep them for documentation.
ADDRESSES = (*(f"198.51.100.{n}" for n in range(1, 30)), "2001:db8::7", "2001:db8::1a")


@dataclass(frozen=True)
class Administrator:
    """The account to log in with; `password` only when this run made it."""

    email: str
    password: str | None


@dataclass(frozen=True)
class Demo:
    """What one run of `make_demo` added; all zero when there was data already."""

    users: int = 0
    posts: int = 0
    comments: int = 0
    login_events: int = 0


@transaction.atomic
def ensure_administrator(*, email: str) -> Administrator:
    """Makes a superuser with a random password, unless somebody has the address: that account
    is left as it is, whatever it may do.

    :raises ValidationError: `email` is no e-mail address.
    """
    password = secrets.token_urlsafe(12)
    try:
        user = identity.register_user(email=email, password=password, name="Administrator")
    except EmailAlreadyRegistered as error:
        return Administrator(error.email, None)
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    return Administrator(user.email, password)


@transaction.atomic
def make_demo(*, administrator: Administrator, posts: int = DEMO_POSTS) -> Demo:
    """Adds users, roles, posts with tags and comments, and logins; all or nothing.

    A database with any post, category or tag is taken to have its data: nothing is added.

    :param administrator: who gives the authors their roles.
    :param posts: how many to write, `DEMO_POSTS` at most.
    """
    if Post.objects.exists() or Category.objects.exists() or Tag.objects.exists():
        return Demo()
    draw = random.Random(SEED)  # noqa: S311 - sample data, no secret
    now = timezone.now()
    people = [_register_person(draw, number, now) for number in range(PEOPLE)]
    authors = people[:AUTHORS]
    _give_roles(authors, User.objects.get(email=administrator.email))
    categories = [blog.create_category(name=name) for name in CATEGORIES]
    tags = [blog.create_tag(name=name) for name in TAGS]
    written = [
        _write_post(draw, number, now, draw.choice(authors), categories, tags)
        for number in range(min(posts, DEMO_POSTS))
    ]
    comments = sum(_discuss(draw, post, now, people) for post in written)
    logins = sum(_log_in(draw, person, now) for person in people)
    return Demo(len(people), len(written), comments, logins)


def add_posts_in_bulk(*, posts: int, report: Callable[[int], None] = lambda done: None) -> int:
    """Tops the table up to `posts` posts, each with two tags, a comment and a login, and returns
    how many posts it added.

    Made by `db_seed`, which knows them: `db_seed --reset` takes them away again. Where it is
    stopped, the next run goes on. Wants the categories, tags and users of `make_demo`.

    :param report: called with the number of posts there are, after each batch.
    """
    existing = Post.objects.count()
    missing = posts - existing
    if missing <= 0:
        return 0
    request = Request(
        rows={
            "blog.Post": Amount(missing),
            "blog.PostTag": Amount(2, "post"),
            "blog.Comment": Amount(1, "post"),
            "identity.LoginEvent": Amount(missing),
        },
        seed=SEED,
        append=True,
    )

    def written(model: str, done: int, of: int) -> None:
        if model == "blog.Post":
            report(existing + done)

    with alone(connection):
        seed(connection, plan_for(connection, request), written)
    return missing


def _register_person(draw: random.Random, number: int, now: datetime) -> User:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = draw.choice(LAST_NAMES)
    # No password: nobody logs in as a sample person, and fifty hashes take longer than the rest.
    person = identity.register_user(
        email=f"{_ascii(first)}.{_ascii(last)}.{number + 1}@example.com",
        password=None,
        name=f"{first} {last}",
        avatar_url=f"https://www.example.com/avatars/{number + 1}.png" if number % 3 else "",
        phone_number=f"+1 555 0{100 + number}" if number % 2 else "",
    )
    joined = now - timedelta(days=draw.randint(400, 900), minutes=draw.randint(0, 1440))
    User.objects.filter(pk=person.pk).update(created_at=joined)
    if number % 16 == 15:
        identity.deactivate_user(user_id=person.pk)
    return person


def _give_roles(authors: Sequence[User], administrator: User) -> None:
    for code, name in ROLES.items():
        try:
            identity.create_role(code=code, name=name)
        except RoleAlreadyExists:
            continue
    for number, author in enumerate(authors):
        for code in ("author", "editor", "moderator") if number < 2 else ("author",):
            identity.assign_role(user_id=author.pk, role_code=code, assigned_by_id=administrator.pk)


def _write_post(
    draw: random.Random,
    number: int,
    now: datetime,
    author: User,
    categories: Sequence[Category],
    tags: Sequence[Tag],
) -> Post:
    post = blog.create_post(
        author_id=author.pk,
        category_id=draw.choice(categories).pk,
        title=_title(number),
        body=_body(draw),
    )
    for tag in draw.sample(tags, draw.randint(1, 4)):
        blog.tag_post(post_id=post.pk, tag_id=tag.pk)
    written = now - timedelta(days=3 * (DEMO_POSTS - number), minutes=draw.randint(0, 1440))
    dates = {"created_at": written, "updated_at": written}
    if number % 8 != 7:
        post = blog.publish_post(post_id=post.pk)
        dates["published_at"] = written + timedelta(hours=draw.randint(1, 48))
    Post.objects.filter(pk=post.pk).update(**dates)
    return post


def _discuss(draw: random.Random, post: Post, now: datetime, people: Sequence[User]) -> int:
    """Comments on a published post, some of them moderated; and archives some old posts."""
    if post.status != Post.Status.PUBLISHED:
        return 0
    post.refresh_from_db(fields=["published_at"])
    assert post.published_at is not None
    count = draw.choice((0, 1, 2, 3, 5))
    for _ in range(count):
        comment = blog.add_comment(
            post_id=post.pk, author_id=draw.choice(people).pk, body=draw.choice(REMARKS)
        )
        said = post.published_at + (now - post.published_at) * (draw.random() ** 3)
        Comment.objects.filter(pk=comment.pk).update(created_at=said)
        moderate = draw.choice((blog.approve_comment, blog.approve_comment, blog.reject_comment))
        if draw.random() < 0.8:
            moderate(comment_id=comment.pk)
    if draw.random() < 0.1:
        blog.archive_post(post_id=post.pk)
    return count


def _log_in(draw: random.Random, person: User, now: datetime) -> int:
    count = draw.randint(2, 8)
    for _ in range(count):
        event = identity.record_login(
            user_id=person.pk,
            ip_address=draw.choice(ADDRESSES),
            user_agent=draw.choice(USER_AGENTS),
            succeeded=draw.random() > 0.15,
        )
        tried = now - timedelta(minutes=draw.randint(0, 60 * 24 * 60))
        LoginEvent.objects.filter(pk=event.pk).update(created_at=tried)
    return count


def _ascii(name: str) -> str:
    return slugify(name.replace("ø", "o"))


def _title(number: int) -> str:
    """The first 150 differ: 11 and 15 have no common divisor."""
    opening = OPENINGS[number % len(OPENINGS)]
    return f"{opening} {SUBJECTS[(number // len(OPENINGS) + number) % len(SUBJECTS)]}"


def _body(draw: random.Random) -> str:
    paragraphs = (" ".join(draw.sample(SENTENCES, 4)) for _ in range(draw.randint(2, 4)))
    return "\n\n".join(paragraphs)
