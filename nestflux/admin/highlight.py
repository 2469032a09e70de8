"""SQL as HTML: comments, strings and keywords in colours of their own, everything escaped."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from nestflux.sql.lexer import tokens

_KEYWORDS = frozenset(
    "ADD AFTER ALTER AND AS ASC AUTO_INCREMENT BEGIN BETWEEN BY CASCADE CASE CHANGE CHARACTER "
    "CHECK COLLATE COLUMN COMMENT CONSTRAINT CREATE DATABASE DEFAULT DELETE DELIMITER DESC "
    "DISTINCT DROP ELSE END ENGINE EXISTS EXPRESSION FIRST FOREIGN FROM FULLTEXT FUNCTION "
    "GENERATED GROUP IF IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT MODIFY NAMES NOT "
    "NULL ON OR ORDER PARTITION PRIMARY PROCEDURE REFERENCES RENAME REPLACE RESTRICT ROW SELECT "
    "SET STORED TABLE THEN TO TRIGGER TRUNCATE UNIQUE UNSIGNED UPDATE USING VALUES VIEW VIRTUAL "
    "WHEN WHERE WITH".split()
)
_CLASSES = {"comment": "c", "executable": "c", "string": "s", "name": "n"}


def sql_html(text: str) -> SafeString:
    """A whole file or one statement, in a ``<pre>``."""
    parts = []
    plain = ""
    for token in tokens(text):
        kind = _CLASSES.get(token.kind, "")
        if token.kind == "word" and token.text.upper() in _KEYWORDS:
            kind = "k"
        if not kind:
            plain += token.text
            continue
        parts += [("", plain), (kind, token.text)]
        plain = ""
    parts.append(("", plain))
    shown = format_html_join("", "{}", ((_span(kind, part),) for kind, part in parts if part))
    return format_html('<pre class="nestflux-sql">{}</pre>', shown)


def _span(kind: str, text: str) -> str:
    return format_html('<span class="{}">{}</span>', kind, text) if kind else text
