import pytest
from django.db import IntegrityError

from nestflux.orm.integrity import broken_foreign_key, broken_unique_key, integrity_errors_as


class Taken(Exception):
    pass


@pytest.mark.parametrize(
    "message",
    [
        "Duplicate entry 'a@b.c' for key 'email'",
        "Duplicate entry 'a@b.c' for key 'identity_user.email'",
        "Duplicate entry 'for key 'x'' for key 'email'",
    ],
)
def test_the_broken_key_is_read_from_either_servers_message(message: str) -> None:
    assert broken_unique_key(IntegrityError(1062, message)) == "email"


def test_the_column_without_a_parent_is_read_from_the_message() -> None:
    message = (
        "Cannot add or update a child row: a foreign key constraint fails (`db`.`blog_post`, "
        "CONSTRAINT `c` FOREIGN KEY (`author_id`) REFERENCES `identity_user` (`id`))"
    )

    assert broken_foreign_key(IntegrityError(1452, message)) == "author_id"


@pytest.mark.parametrize("error", [IntegrityError(), IntegrityError(1048, "Column is null")])
def test_another_error_breaks_no_key(error: IntegrityError) -> None:
    assert broken_unique_key(error) is None
    assert broken_foreign_key(error) is None


@pytest.mark.django_db
def test_an_error_that_nobody_expects_passes_through() -> None:
    with (
        pytest.raises(IntegrityError, match="other"),
        integrity_errors_as(taken={"email": Taken()}),
    ):
        raise IntegrityError(1062, "Duplicate entry '1' for key 'other'")
