from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from blog import demo
from blog.exceptions import BlogError
from identity.exceptions import IdentityError


class Command(BaseCommand):
    help = (
        "Makes an administrator and a few hundred rows of demo data. A second run adds nothing. "
        f"With --posts above {demo.DEMO_POSTS}, fills the tables up in bulk, to try out large ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--admin-email",
            default="admin@example.com",
            help="address of the administrator (default: %(default)s)",
        )
        parser.add_argument(
            "--posts",
            type=int,
            default=demo.DEMO_POSTS,
            help="number of posts (default: %(default)s)",
        )

    def handle(self, *args: Any, admin_email: str, posts: int, **options: Any) -> None:
        try:
            with transaction.atomic():
                administrator = demo.ensure_administrator(email=admin_email)
                made = demo.make_demo(administrator=administrator, posts=posts)
        except ValidationError as error:
            raise CommandError(f"{admin_email}: {' '.join(error.messages)}") from error
        except (BlogError, IdentityError) as error:
            raise CommandError(f"No demo data added. {error}") from error
        if made.users:
            self.stdout.write(
                f"Added {made.users} users, {made.posts} posts, {made.comments} comments "
                f"and {made.login_events} login events."
            )
        else:
            self.stdout.write("The blog has data already: nothing added.")
        self._tell_login(administrator)
        if posts > demo.DEMO_POSTS:
            self.stdout.write(f"Filling up to {posts:,} posts in bulk, past the services.")
            demo.add_posts_in_bulk(
                posts=posts, report=lambda done: self.stdout.write(f"  {done:,} posts")
            )

    def _tell_login(self, administrator: demo.Administrator) -> None:
        if administrator.password:
            self.stdout.write("Log in to the admin site (the password is not shown again):")
            self.stdout.write(f"  e-mail    {administrator.email}")
            self.stdout.write(f"  password  {administrator.password}")
        else:
            self.stdout.write(
                f"The account {administrator.email} exists. To set its password: "
                f"python manage.py changepassword {administrator.email}"
            )
