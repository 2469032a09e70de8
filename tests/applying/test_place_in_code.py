"""Where a failure is said to be: in code that somebody can fix."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import TracebackType

import pytest
from django.db import connection

from nestflux.applying.run import failures

ASKS = "def receive(connection):\n    connection.ops.quote_name(None)\n\nreceive(connection)\n"


def raised_in(path: Path) -> BaseException:
    path.write_text(ASKS, encoding="utf-8")
    with pytest.raises(AttributeError) as raised:
        runpy.run_path(str(path), {"connection": connection})
    frames: TracebackType | None = raised.tb
    while frames is not None and frames.tb_frame.f_code.co_filename != str(path):
        frames = frames.tb_next  # this test is a project's own code too
    return raised.value.with_traceback(frames)


def test_the_projects_own_line_is_named_and_not_djangos(tmp_path: Path) -> None:
    error = raised_in(tmp_path / "signals.py")

    assert failures.place_in_code(error) == f"{tmp_path / 'signals.py'}, line 2"


def test_an_installed_apps_line_is_named_and_not_djangos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "_LIBRARIES", (*failures._LIBRARIES, str(tmp_path)))
    monkeypatch.setattr(failures, "_INSTALLED", (*failures._INSTALLED, str(tmp_path)))
    error = raised_in(tmp_path / "signals.py")

    assert failures.place_in_code(error) == f"{tmp_path / 'signals.py'}, line 2"
