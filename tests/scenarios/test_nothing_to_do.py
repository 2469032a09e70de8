"""A deploy with nothing to do asks one question and imports no migration."""

from __future__ import annotations

import secrets

from tests.scenario import Project


def test_one_query_and_no_migration_module(migrated: Project) -> None:
    account = f"nf_{secrets.token_hex(4)}"
    server = migrated.server
    before = server.sql("SELECT @@global.general_log, @@global.log_output")[0]
    grant = f"ALL PRIVILEGES ON `{migrated.database}`.*"
    with migrated.a_user(account, "a-password", grant) as url:
        server.sql("SET GLOBAL log_output = 'TABLE'")
        server.sql("SET GLOBAL general_log = 1")
        try:
            outcome = migrated.succeeds("db_migrate", env={"DATABASE_URL": url})
        finally:
            server.sql(f"SET GLOBAL general_log = {int(before[0])}")
            server.sql(f"SET GLOBAL log_output = '{before[1]}'")
    log = server.sql(
        "SELECT command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE "
        "thread_id IN (SELECT thread_id FROM mysql.general_log WHERE user_host LIKE %s) "
        "AND user_host LIKE %s",
        [f"%{account}%", f"%{account}%"],
    )

    assert outcome.stdout == "Database is up to date!\n"
    assert [kind for kind, _ in log].count("Connect") == 1
    asked = [text for kind, text in log if kind == "Query" and not is_of_the_session(text)]
    assert len(asked) == 1, asked
    assert "nestflux_sql_migration" in asked[0]


def is_of_the_session(sql: str) -> bool:
    """What Django and mysqlclient say on every connection before a project's first query."""
    return sql.startswith(("SET ", "commit", "rollback")) or "@@sql_mode" in sql


def test_nothing_is_imported_that_only_applying_needs(migrated: Project) -> None:
    outcome = migrated.python(
        """
        import json, sys
        from django.core.management import call_command
        call_command("db_migrate")
        parts = ("shop.migrations.0", "django.db.migrations", "rich", "pytest")
        parts += ("nestflux.recording", "nestflux.applying.run.attempt", "nestflux.graph")
        print(json.dumps(sorted(name for name in sys.modules if name.startswith(parts))))
        """,
        forked=False,
    )

    assert outcome.lines == ["Database is up to date!", "[]"]
