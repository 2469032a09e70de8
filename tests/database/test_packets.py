"""What is said of a row's size before it is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nestflux.database.packets import size_as_value, weight_of


@given(st.text() | st.text(min_size=199, max_size=210))
def test_a_row_weighs_no_less_than_its_texts(text: str) -> None:
    assert weight_of({"text": text, "number": 1}) >= size_as_value(text)
