"""What ``db_seed`` cannot know of the people here. Everything else it reads from the models."""

from identity.models import LoginEvent, User
from nestflux.seeding import Fields, choose, constant, seeds, shares, zipf

USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
)


@seeds(User)
def users() -> Fields:
    """Nobody who is made up may use the admin site."""
    return {"is_staff": constant(False), "is_superuser": constant(False)}


@seeds(LoginEvent)
def login_events() -> Fields:
    """Few people log in often, and most attempts succeed."""
    return {
        "user": zipf(),
        "user_agent": choose(USER_AGENTS),
        "succeeded": shares({True: 19, False: 1}),
    }
