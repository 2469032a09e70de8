"""The site's settings, in the environment that the tests set."""

from tests import this_run

this_run.set_environment()

from nestflux.settings import *  # noqa: E402, F403
