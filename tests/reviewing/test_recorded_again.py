"""What a check takes, as a history grows."""

from __future__ import annotations

import json

from tests.conftest import ProjectFactory

MODELS = """
    from django.db import models


    class Shelf(models.Model):
        one = models.IntegerField(default=1)
        two = models.IntegerField(default=2)
        three = models.IntegerField(default=3)
        last = models.IntegerField(default=4)
"""
COUNTED = """
    import io
    import json
    from contextlib import redirect_stdout
    from django.core.management import call_command
    from nestflux.recording import recording_target, rerecord

    counts = dict(sections=0, shadows=0)
    run_section, shadow = rerecord.run_section, recording_target.shadow

    def counting_sections(*given):
        counts["sections"] += 1
        return run_section(*given)

    def counting_shadows(*given, **named):
        counts["shadows"] += 1
        return shadow(*given, **named)

    rerecord.run_section, recording_target.shadow = counting_sections, counting_shadows
    said = io.StringIO()
    with redirect_stdout(said):
        call_command("db_check", json=True)
    print(json.dumps([counts, json.loads(said.getvalue())["findings"]]))
"""


def test_no_way_back_runs_the_whole_history_again(project: ProjectFactory) -> None:
    """The ways back of files 2 to 5: two add a column, which is moved to its place, and two drop
    one."""
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    for line in ("one = models.IntegerField(default=1)", "two = models.IntegerField(default=2)"):
        shop.edit("shop/models.py", f"    {line}\n", "")
        shop.succeeds("db_generate", "--no-rename")
    for name in ("five", "six"):
        shop.edit(
            "shop/models.py", "    last", f"    {name} = models.TextField(null=True)\n    last"
        )
        shop.succeeds("db_generate", "--no-rename")

    outcome = shop.python(COUNTED)

    assert outcome.code == 0, str(outcome)
    counts, findings = json.loads(outcome.stdout)
    assert findings == []
    # Each file once for the ways back; all but the last once more, for its way back is exact.
    assert counts["sections"] == 5 + 4
    # Two to run the files and the snapshot, one up, one for the ways back.
    assert counts["shadows"] == 4
