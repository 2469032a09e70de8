"""Texts: what a column of text looks like, by its kind, and which kind the name of a field means.

A kind makes the part of a text that is chosen by chance. A column that must be unique has the
row's index in it, at a place where one index cannot be taken for another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from nestflux.seeding import vocabulary as v
from nestflux.seeding.draws import Draws
from nestflux.seeding.generators import Generator

Make = Callable[[Sequence[int]], list[str]]
# A text with an index in it; the length that the whole may have.
Put = Callable[[str, int, int], str]
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# A field that is as short as this has no room for words and an index.
_SHORT = 8
_LONGEST = 1000
# Indexes of so many digits are more than there are rows.
_ENOUGH = 12


@dataclass(frozen=True)
class Kind:
    """A kind of text.

    Args:
        make: texts from random words.
        put: puts an index into a text.
        around: how many characters ``put`` needs beside the index's digits.
        pool: texts that are taken first where all are to differ.
        cut: may a text that is too long be cut off?
    """

    make: Make
    put: Put
    around: int = 1
    pool: Sequence[str] = ()
    cut: bool = True


def _after(between: str) -> Put:
    """``quiet harbor 17``."""

    def put(text: str, index: int, longest: int) -> str:
        tail = f"{between}{index}"
        return f"{text[: longest - len(tail)].rstrip(' -.')}{tail}"

    return put


def _before(between: str) -> Put:
    """``17-quiet-harbor``."""
    return lambda text, index, longest: f"{index}{between}{text}"[:longest].rstrip(" -.")


def _form(form: str) -> Put:
    """The index alone."""
    return lambda text, index, longest: form.format(index)


def _phone(text: str, index: int, longest: int) -> str:
    """``+1 555 0000017``; the digits alone, where there is no room for more."""
    return f"+1 555 {index:07}" if longest >= 16 else f"{index:0{min(longest, 7)}}"


def _hexadecimal(text: str, index: int, longest: int) -> str:
    """Chance, and the index in a fixed width at its end."""
    return f"{text[:52][: longest - 12]}{index:012x}"


def _mailbox(text: str, index: int, longest: int) -> str:
    """Before the @, where 64 characters are allowed (RFC 5321, 4.5.3.1.1)."""
    name, _, domain = text.partition("@")
    room = min(64, longest - len(domain) - 1) - len(str(index))
    return f"{name[:room]}{index}@{domain}"


def _pool(texts: Sequence[str]) -> Make:
    size = len(texts)
    return lambda words: [texts[word % size] for word in words]


def _paired(first: Sequence[str], second: Sequence[str], between: str) -> list[str]:
    """All pairs, put together once: there are some ten thousand."""
    return [f"{one}{between}{other}" for one in first for other in second]


def _pairs(first: Sequence[str], second: Sequence[str], between: str) -> Make:
    return _pool(_paired(first, second, between))


def _around(make: Sequence[str], start: str = "", end: str = "") -> Make:
    return _pool([f"{start}{text}{end}" for text in make])


def _listed(texts: Sequence[str], between: str = " ") -> Kind:
    return Kind(_pool(texts), _after(between), len(between), texts)


def _titles() -> Make:
    ends = _paired(v.ADJECTIVES, v.NOUNS, " ")
    starts, count, many = v.OPENINGS, len(v.OPENINGS), len(ends)
    return lambda words: [f"{starts[w % count]} {ends[(w >> 16) % many]}" for w in words]


def _streets() -> Make:
    names = _paired([noun.capitalize() for noun in v.NOUNS], v.STREET_ENDINGS, " ")
    size = len(names)
    return lambda words: [f"{1 + (w >> 32) % 180} {names[w % size]}" for w in words]


def _sentences(fewest: int, most: int, between: str = " ") -> Make:
    """Runs of sentences that stand in a few thousand texts, made once."""
    s, size = v.SENTENCES, len(v.SENTENCES)
    texts = [
        between.join(s[(start + step * n) % size] for n in range(count))
        for start in range(size)
        for step in (1, 5, 7, 11)
        for count in range(fewest, most + 1)
    ]
    return _pool(texts)


def _paragraphs() -> Make:
    paragraph = _sentences(3, 6)

    def make(words: Sequence[int]) -> list[str]:
        parts = (paragraph([word >> shift for word in words]) for shift in (0, 20, 40))
        return ["\n\n".join(three) for three in zip(*parts, strict=True)]

    return make


def _phones() -> Make:
    # +1 555 0100 to 0199 are nobody's (NANPA).
    return lambda words: [f"+1 555 01{w % 100:02} {(w >> 32) % 1000:03}" for w in words]


def _numbers(form: str, size: int) -> Make:
    return lambda words: [form.format(word % size) for word in words]


def _hashes() -> Make:
    return lambda words: [f"{word:016x}" * 4 for word in words]


def _codes(width: int) -> Make:
    """Letters and digits, in the case that ``SKU`` and the like have."""
    letters = _DIGITS.upper()
    size = len(letters) ** width
    return lambda words: [_in_base(word % size, width, letters) for word in words]


def _in_base(number: int, width: int, digits: str = _DIGITS) -> str:
    found = ""
    base = len(digits)
    for _ in range(width):
        number, digit = divmod(number, base)
        found = digits[digit] + found
    return found


def _lower(names: Sequence[str]) -> list[str]:
    return [name.lower() for name in names]


_PEOPLE = (_lower(v.FIRST_NAMES), _lower(v.LAST_NAMES))
_UPPER = [word.capitalize() for word in v.ADJECTIVES]
_BUILDERS: dict[str, Callable[[], Kind]] = {
    "first_name": lambda: _listed(v.FIRST_NAMES),
    "last_name": lambda: _listed(v.LAST_NAMES),
    "name": lambda: Kind(_pairs(_UPPER, v.NOUNS, " "), _after(" ")),
    "person": lambda: Kind(_pairs(v.FIRST_NAMES, v.LAST_NAMES, " "), _after(" ")),
    "username": lambda: Kind(_pairs(*_PEOPLE, "."), _after(""), 0),
    "email": lambda: Kind(
        _around(_paired(*_PEOPLE, "."), end="@example.com"), _mailbox, 12, cut=False
    ),
    "title": lambda: Kind(_titles(), _after(" ")),
    "slug": lambda: Kind(_pairs(v.ADJECTIVES, v.NOUNS, "-"), _after("-")),
    "word": lambda: _listed(v.NOUNS, "-"),
    "words": lambda: Kind(_pairs(v.ADJECTIVES, v.NOUNS, " "), _after(" ")),
    "sentence": lambda: Kind(_sentences(1, 2), _after(" ")),
    "paragraphs": lambda: Kind(_paragraphs(), _after(" ")),
    "phone": lambda: Kind(_phones(), _phone, 7, cut=False),
    "url": lambda: Kind(
        _around(_paired(v.ADJECTIVES, v.NOUNS, "-"), "https://www.example.com/"), _after("-"), 25
    ),
    "domain": lambda: Kind(
        _around(_paired(v.ADJECTIVES, v.NOUNS, "-"), end=".example.com"),
        _before("-"),
        14,
        cut=False,
    ),
    "city": lambda: _listed(v.CITIES),
    "country": lambda: _listed(v.COUNTRIES),
    "country_code": lambda: _listed(v.COUNTRY_CODES, "-"),
    "currency": lambda: _listed(v.CURRENCY_CODES, "-"),
    "language": lambda: _listed(v.LANGUAGE_CODES, "-"),
    "time_zone": lambda: _listed(v.TIME_ZONES, "-"),
    "color": lambda: _listed(v.COLORS),
    "street": lambda: Kind(_streets(), _after(" ")),
    "postcode": lambda: Kind(_numbers("{:05}", 100_000), _form("{:05}"), 0),
    "company": lambda: Kind(_pairs(v.LAST_NAMES, v.COMPANY_ENDINGS, " "), _after(" ")),
    "job": lambda: _listed(v.JOBS),
    "code": lambda: Kind(_codes(8), _after("-")),
    "file": lambda: Kind(
        _pairs(_paired(v.ADJECTIVES, v.NOUNS, "-")[::7], v.FILE_ENDINGS, "."),
        _before("-"),
        cut=False,
    ),
    # Nobody can log in with it: Django's mark of a password that is none (auth.hashers).
    "password": lambda: Kind(_pool(["!" + "seeded" * 7]), _form("!{}")),
    "sha256": lambda: Kind(_hashes(), _hexadecimal, 12),
}
KIND_NAMES = frozenset(_BUILDERS)


@cache
def _kind(name: str) -> Kind:
    return _BUILDERS[name]()


# The last words of a field's name, the longer ones first, and the kind that they mean. A ``name``
# of a person's model is a person's.
_NAMES: tuple[tuple[str, str], ...] = (
    ("e_?mail|e_?mail_address", "email"),
    ("first_name|given_name|forename|middle_name", "first_name"),
    ("last_name|surname|family_name", "last_name"),
    ("full_name|author_name|contact_name|person|display_name", "person"),
    ("user_?name|login|handle|nick(name)?", "username"),
    ("phone|phone_number|mobile|telephone|fax|cell", "phone"),
    ("url|link|website|homepage|href|uri", "url"),
    ("domain|host(name)?", "domain"),
    ("slug", "slug"),
    ("company(_name)?|organi[sz]ation(_name)?|employer|vendor|supplier|brand", "company"),
    ("file_?name|path|avatar|photo|picture|image|file", "file"),
    ("name|label", "name"),
    ("title|headline|subject|heading", "title"),
    ("job(_title)?|profession|occupation|position", "job"),
    ("city|town|place|location", "city"),
    ("country_code|nationality", "country_code"),
    ("country|nation", "country"),
    ("street|address|address_?(line)?_?[12]", "street"),
    ("zip|zip_?code|post_?code|postal_code", "postcode"),
    ("currency(_code)?", "currency"),
    ("language(_code)?|locale|lang", "language"),
    ("time_?zone|tz", "time_zone"),
    ("colou?r", "color"),
    ("password|passwd", "password"),
    ("hash|digest|sha256|checksum|fingerprint|token|secret", "sha256"),
    ("sku|code|reference|ref|number|serial|isbn|barcode|identifier", "code"),
    ("tag|keyword|category|kind|type|state|status|group|role", "word"),
    ("body|content|text|article|story|html|markdown", "paragraphs"),
    ("description|comment|summary|note|notes|bio|about|message|excerpt|remark|answer|question",
     "sentence"),
)  # fmt: skip
_PEOPLE_MODELS = re.compile(
    r"user|person|people|author|customer|member|employee|contact|student|teacher|patient|guest|"
    r"client|staff|account|profile|player|visitor|subscriber"
)


def kind_of_name(field: str, model: str) -> str | None:
    """The kind of text that a field's name means; None where it says nothing."""
    for pattern, kind in _NAMES:
        if re.search(rf"(^|_)({pattern})$", field.lower()):
            person = kind == "name" and _PEOPLE_MODELS.search(model.lower())
            return "person" if person else kind
    return None


def text(kind: str, longest: int | None = None, shortest: int = 0) -> Generator:
    """Texts of a kind (one of ``KIND_NAMES``) that have at most ``longest`` characters, and
    ``shortest`` at least. Raises KeyError for a kind that there is not."""
    return _of(_kind(kind), longest, shortest)


def from_pool(texts: Sequence[str], kind: str, longest: int | None, shortest: int) -> Generator:
    """Texts of a custom provider, which become unique as those of a kind do."""
    own = _kind(kind)
    fitting = [one for one in texts if longest is None or len(one) <= longest] or list(texts)
    return _of(replace(own, make=_pool(fitting), pool=()), longest, shortest)


def _of(known: Kind, longest: int | None, shortest: int) -> Generator:
    most = _LONGEST if longest is None else longest

    def fit(one: str) -> str:
        if len(one) < shortest:
            one = (f"{one} " * (shortest // (len(one) + 1) + 1))[:shortest]
            one = one.rstrip().ljust(shortest, "x")
        return one if len(one) <= most else one[:most].rstrip(" -.")

    def draw(draws: Draws) -> Sequence[str]:
        found = known.make(draws.words())
        return found if longest is None and not shortest else [fit(one) for one in found]

    if not known.cut and longest is not None and longest < known.around + 1:
        return Generator(draw)
    if most <= _SHORT and not known.pool:
        return Generator(
            draw,
            lambda _, indexes: [_in_base(index, most) for index in indexes],
            len(_DIGITS) ** most,
        )
    pool = [one for one in known.pool if shortest <= len(one) <= most]
    listed = len(pool)

    def distinct(draws: Draws, indexes: Sequence[int]) -> Sequence[str]:
        pairs = zip(known.make(draws.words()), indexes, strict=True)
        return [fit(pool[i] if i < listed else known.put(one, i + 1, most)) for one, i in pairs]

    digits = most - known.around
    return Generator(
        draw, distinct, None if digits > _ENOUGH else max(listed, 10 ** max(digits, 0))
    )
