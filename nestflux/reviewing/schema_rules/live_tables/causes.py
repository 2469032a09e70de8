"""What a rule of its own says of a statement that copies its table or blocks writes."""

from __future__ import annotations

from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.schema_rules.live_tables.auto_increment_added import columns_counted
from nestflux.reviewing.schema_rules.live_tables.check_on_live_table import checks_added
from nestflux.reviewing.schema_rules.live_tables.column_position import columns_placed
from nestflux.reviewing.schema_rules.live_tables.engine_changed import engines_changed
from nestflux.reviewing.schema_rules.live_tables.partitioning_changed import partitioning_changed
from nestflux.reviewing.schema_rules.live_tables.primary_key_redefined import primary_key_changed
from nestflux.reviewing.schema_rules.live_tables.stored_generated_column import columns_stored
from nestflux.reviewing.schema_rules.live_tables.validates_foreign_key import foreign_keys_added
from nestflux.reviewing.schema_rules.live_tables.varchar_length_byte import crossings

_CAUSES = (
    foreign_keys_added,
    checks_added,
    columns_stored,
    crossings,
    columns_placed,
    columns_counted,
    engines_changed,
    partitioning_changed,
    primary_key_changed,
)


def is_explained(step: ReviewedStep) -> bool:
    """Does another rule name why it copies or blocks?"""
    return any(cause(step) for cause in _CAUSES)
