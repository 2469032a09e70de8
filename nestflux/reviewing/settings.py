"""What the settings and the exemptions file say of the schema rules."""

from __future__ import annotations

from nestflux.conf import Configuration
from nestflux.exceptions import Misconfigured
from nestflux.reviewing.exemptions import read_exemptions
from nestflux.reviewing.findings import Severity
from nestflux.reviewing.rule import load_rules
from nestflux.reviewing.rules.sizes import BY_SIZE
from nestflux.reviewing.schema_review import EVERY_RULE, ReviewSettings
from nestflux.reviewing.schema_rule import schema_rules


def review_settings(configured: Configuration) -> ReviewSettings:
    """Raises Misconfigured where a setting or an exemption names a rule that does not exist."""
    load_rules()
    known = {*schema_rules(), *BY_SIZE}
    for name in configured.rules:
        if name not in known and name != EVERY_RULE:
            raise Misconfigured(
                f'NESTFLUX["RULES"] names the rule {name!r}, which does not exist.',
                then="correct NESTFLUX in the settings   (docs/rules lists the rules)",
            )
    return ReviewSettings(
        severities={
            name: None if severity == "off" else Severity(severity)
            for name, severity in configured.rules.items()
        },
        exemptions=read_exemptions(configured.directory, known),
    )
