"""A change of models of which a rule speaks, or of which it is silent.

Each case is an app of its own in one project, whose models are recorded as they are before and
then as they are after: two files for all cases together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MARIADB, MYSQL = "mariadb", "mysql"


@dataclass(frozen=True)
class Case:
    """A change, by its models before and after it.

    ``name`` is the app's label, and so what its tables' names begin with. ``operations`` are a
    migration's, where the autodetector would not write it (a rename, RunSQL); ``more`` is Python
    above its class. ``says`` is a part of the finding's first sentence; of a silent case it is
    empty. ``fix`` is a part of the safe way that it shows. ``families``: the servers on which it is
    so; on others nothing is tried.
    """

    rule: str
    name: str
    before: str = ""
    after: str = ""
    operations: str = ""
    more: str = ""
    says: str = ""
    fix: str = ""
    families: tuple[str, ...] = (MARIADB, MYSQL)
    files: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def speaks(self) -> bool:
        return bool(self.says)

    def __str__(self) -> str:
        return f"{self.rule}-{self.name}"
