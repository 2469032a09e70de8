"""The pages of the schema rules under ``docs/rules``, made of the rules themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nestflux.reviewing.schema_rule import Group, SchemaRule

INDEX = "README.md"
_HEAD = """\
# The schema rules

`db_check` and `db_generate` apply these rules to the SQL files that are new, and to the schema that
they make. What a rule finds of a table that is new itself is left out where only rows or running
code would mind. `db_doctor` applies those about the server, and those about the quality of a
schema, to a live database.

A rule's severity is set by `NESTFLUX["RULES"]`, as is whether it is on at all
([settings](../settings.md)). One finding is exempted, with the reason, in
`migrations_sql/exemptions.toml` ([how](../reviewing.md#exemptions)). How often the rules are right
in the histories of real packages was counted: [precision](precision.md).
"""


def rule_pages(rules: Mapping[str, SchemaRule]) -> dict[str, str]:
    """The text of each page by the name of its file."""
    return {INDEX: _index(rules.values()), **{f"{name}.md": _page(r) for name, r in rules.items()}}


def _index(rules: Iterable[SchemaRule]) -> str:
    parts = [_HEAD]
    for group in Group:
        held = [rule for rule in rules if rule.group is group]
        if not held:
            continue
        rows = [f"| [`{r.name}`]({r.name}.md) | {r.severity.value} | {r.summary} |" for r in held]
        title = group.value[0].upper() + group.value[1:]
        parts.append(
            "\n".join([f"## {title}", "", "| rule | severity | |", "|---|---|---|", *rows])
        )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(rule: SchemaRule) -> str:
    return f"| [`{rule.name}`]({rule.name}.md) | {rule.severity.value} | {rule.summary} |"


def _page(rule: SchemaRule) -> str:
    why = rule.why[0].upper() + rule.why[1:]
    return f"""\
# `{rule.name}`

{rule.summary}

| | |
|---|---|
| Severity | {rule.severity.value} |
| About | {rule.group.value} |
| Source | {rule.source} |

**Why.** {why}.

**Bad**

{_block(rule.bad)}

**Good**

{_block(rule.good)}
"""


def _block(text: str) -> str:
    first = text.strip().split(maxsplit=1)[0]
    language = "sql" if (first.isupper() and first.isalpha()) or first == "--" else "python"
    return f"```{language}\n{text.strip()}\n```"
