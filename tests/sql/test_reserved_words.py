"""The list of reserved words against the server."""

from __future__ import annotations

from MySQLdb import Error

from nestflux.sql.reserved_words import RESERVED
from tests.scenario import TestServer

_SYNTAX_ERROR = 1064


def test_what_the_server_refuses_without_backquotes_is_in_the_list(server: TestServer) -> None:
    keywords = server.sql("SELECT WORD FROM information_schema.KEYWORDS")
    words = {word.upper() for (word,) in keywords if word.replace("_", "").isalnum()}

    refused = {word for word in words if _is_refused(server, word)}

    assert len(refused) > 200
    assert refused - RESERVED == set()


def test_a_word_that_means_something_only_at_its_place_is_not_in_it() -> None:
    assert not {"STATUS", "DATE", "NAME", "TYPE", "ENGINE"} & RESERVED


def _is_refused(server: TestServer, word: str) -> bool:
    """The server reads a statement before it looks for the database, which is not there."""
    try:
        server.sql(f"CREATE TABLE no_such_database.t ({word} int)")
    except Error as error:
        return bool(error.args[0] == _SYNTAX_ERROR)
    raise AssertionError("there is such a database")
