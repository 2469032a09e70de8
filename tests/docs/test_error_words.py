"""What the documents say that NestFlux says of a refused statement is what it says."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.database.errors import in_words
from tests.docs.documents import DOCUMENTS, Block, agrees, loose_blocks

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

REFUSED = [
    (block, told)
    for document in DOCUMENTS
    for block, told in pairwise(loose_blocks(document))
    if block.info == ("sql", "refused")
]


def test_there_are_some() -> None:
    assert REFUSED


@pytest.mark.parametrize(("block", "told"), REFUSED, ids=lambda block: f"line {block.line}")
def test_a_refused_statement(block: Block, told: Block, scratch: BaseDatabaseWrapper) -> None:
    assert told.language == "text", f"line {block.line}: no ```text block follows"
    *before, last = [line.removesuffix(";") for line in block.text.splitlines()]
    with scratch.cursor() as cursor:
        for sql in before:
            cursor.execute(sql)
        with pytest.raises(Error) as caught:
            cursor.execute(last)

    words = in_words(caught.value, scratch, last)

    assert agrees(told.text, words), f"line {told.line}\n{told.text}\n{words}"
