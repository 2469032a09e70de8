"""What a kind of change is, and what several of them share."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

MF, CF, TWO, SAME = "migrate first", "code first", "two steps", "no difference found"


@dataclass(frozen=True)
class Kind:
    """One app with a model P, and O beside it, to which P may refer.

    ``old`` and ``new`` are the bodies of P; ``rows_old`` and ``rows_new`` what code gives to
    ``P.objects.create``; ``operations`` those of the second migration where the autodetector would
    ask; ``also`` is done by code with a row ``p``; ``more_old`` and ``more_new`` stand before P.
    """

    name: str
    old: str
    new: str
    order: str
    rows_old: tuple[str, ...] = ("name='a'",)
    rows_new: tuple[str, ...] = ("name='a'",)
    on_mysql: str = ""
    operations: str = ""
    more_old: str = ""
    more_new: str = ""
    also_old: str = ""
    also_new: str = ""
    model_new: str = "P"

    def order_on(self, family: str) -> str:
        return self.on_mysql if family == "mysql" and self.on_mysql else self.order

    def module(self, *, new: bool) -> str:
        """The text of models.py."""
        body = self.new if new else self.old
        name = self.model_new if new else "P"
        of_p = f"class {name}(m.Model):\n{indent(body, '    ')}\n" if body else ""
        return (
            "import uuid\nfrom django.db import models as m\nfrom django.db.models import Q, F\n"
            "from django.db.models.functions import Lower, Now\n\n"
            "class O(m.Model):\n    title = m.CharField(max_length=20, default='o')\n\n"
            f"{self.more_new if new else self.more_old}\n{of_p}"
        )


NAME = "name = m.CharField(max_length=20)"


def with_name(*lines: str) -> str:
    return "\n".join((NAME, *lines))


A = ("name='a'",)
FK = "o = m.ForeignKey(O, m.CASCADE)"
NULL_FK = "o = m.ForeignKey(O, m.CASCADE, null=True)"
WITH_O = ("name='a', o=O.objects.create()",)
