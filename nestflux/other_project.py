"""A history that another project wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from nestflux.exceptions import HistoryError
from nestflux.wording import listed

if TYPE_CHECKING:
    from pathlib import Path

    from nestflux.history.journal import Journal


def require_this_projects(journal: Journal, path: Path) -> None:
    """Raises HistoryError where a history holds migrations of apps that are not here, and none of
    the apps that are the project's own: two projects share its folder.

    An app that was removed leaves its migrations in the history; others of the project's own are
    there beside it.
    """
    recorded = {name.partition(".")[0] for name in journal.migrations}
    missing = sorted(recorded - apps.app_configs.keys())
    if not missing:
        return
    from nestflux.exports import is_own_code
    from nestflux.graph.packages import has_migrations  # imports packages: only where it matters

    configs = [config for config in apps.get_app_configs() if config.name != "nestflux"]
    own = {config.label for config in configs if is_own_code(config)}
    if recorded & own:
        return
    own = {label for label in own if has_migrations(label)}
    if not own:
        return
    raise HistoryError(
        f"The history is another project's: it holds migrations of {_listed(missing)}, which "
        f"{'is no app' if len(missing) == 1 else 'are no apps'} of this project, and none of "
        f"{_listed(sorted(own))}.",
        where=str(path),
        stands="nothing was changed",
        then='give each project a folder of its own: NESTFLUX["DIRECTORY"]; where the apps of '
        "this one were replaced, put an old one back until db_generate has recorded the new ones",
    )


def _listed(names: list[str]) -> str:
    return listed([repr(name) for name in names], most=4)
