"""Django's own migrate, whatever the installed apps make of the command of that name.

python stock.py up              everything, with the signals
python stock.py down a.0002 …   these migrations, the first of them first
"""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"

import django

django.setup()

# ruff: noqa: E402 models and migrations need the apps
from django.core.management import call_command
from django.core.management.commands.migrate import Command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

if sys.argv[1] == "up":
    call_command(Command(), verbosity=0, interactive=False)
else:
    executor = MigrationExecutor(connection)
    nodes = executor.loader.graph.nodes
    keys = [tuple(name.split(".", 1)) for name in sys.argv[2:]]
    executor.migrate(None, plan=[(nodes[key], True) for key in keys])
