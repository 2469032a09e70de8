"""Texts of Mimesis, for other languages and for what the words here do not know: the extra
``seed``."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from nestflux.exceptions import CannotSeed
from nestflux.seeding import generators as make
from nestflux.seeding.generators import Generator
from nestflux.seeding.texts import from_pool

# Texts that are taken of a provider; a column has no more different ones.
_POOL = 2000
_SEED = 1
# Kinds of text in another language, as Mimesis calls them.
_OF_KIND = {
    "city": "address.city",
    "company": "finance.company",
    "country": "address.country",
    "first_name": "person.first_name",
    "job": "person.occupation",
    "last_name": "person.last_name",
    "paragraphs": "text.text",
    "person": "person.full_name",
    "phone": "person.phone_number",
    "postcode": "address.postal_code",
    "sentence": "text.sentence",
    "street": "address.address",
    "title": "text.title",
    "word": "text.word",
}


def in_language(kind: str, locale: str, longest: int | None, shortest: int) -> Generator | None:
    """Texts of a kind in a language; None for what has none, such as an e-mail address."""
    name = _OF_KIND.get(kind)
    return from_pool(_pool(name, locale), kind, longest, shortest) if name else None


def provided(name: str, locale: str, longest: int | None) -> Generator:
    """What a provider of Mimesis makes: ``finance.company``, ``payment.credit_card_number``. Raises
    CannotSeed where it is not installed, or there is no such provider or language."""
    pool = _pool(name, locale or "en")
    if isinstance(pool[0], str):
        return from_pool(pool, "words", longest, 0)
    return make.choose(pool)


@cache
def _pool(name: str, locale: str) -> list[Any]:
    """Values of a provider, none of them twice; the same for each seed, so that they are made
    once."""
    if find_spec("mimesis") is None:
        raise CannotSeed(
            f"The texts {name!r} come from Mimesis, which is not installed.",
            then='pip install "nestflux[seed]"',
        )
    from mimesis import Generic
    from mimesis.locales import Locale

    languages = {one.value: one for one in Locale}
    if locale not in languages:
        raise CannotSeed(
            f"Mimesis has no language {locale!r}.",
            then=f"name one of: {', '.join(sorted(languages))}",
        )
    section, _, method = name.partition(".")
    call = getattr(getattr(Generic(languages[locale], seed=_SEED), section, None), method, None)
    if not callable(call) or method.startswith("_"):
        raise CannotSeed(
            f"Mimesis has no provider {name!r}.",
            then="name one as section.method, such as finance.company",
        )
    try:
        return list(dict.fromkeys(call() for _ in range(_POOL)))
    except TypeError as error:
        raise CannotSeed(
            f"The provider {name!r} of Mimesis makes no plain values: {error}.",
            then="name one that needs no arguments",
        ) from None
