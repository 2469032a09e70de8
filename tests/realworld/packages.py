"""Which apps a site installs, and in which steps it came to have them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.realworld.clean_room import is_whole

_OSCAR = """
    analytics.apps.AnalyticsConfig checkout.apps.CheckoutConfig address.apps.AddressConfig
    shipping.apps.ShippingConfig catalogue.apps.CatalogueConfig
    catalogue.reviews.apps.CatalogueReviewsConfig communication.apps.CommunicationConfig
    partner.apps.PartnerConfig basket.apps.BasketConfig payment.apps.PaymentConfig
    offer.apps.OfferConfig order.apps.OrderConfig customer.apps.CustomerConfig
    search.apps.SearchConfig voucher.apps.VoucherConfig wishlists.apps.WishlistsConfig
    dashboard.apps.DashboardConfig dashboard.reports.apps.ReportsDashboardConfig
    dashboard.users.apps.UsersDashboardConfig dashboard.orders.apps.OrdersDashboardConfig
    dashboard.catalogue.apps.CatalogueDashboardConfig dashboard.offers.apps.OffersDashboardConfig
    dashboard.partners.apps.PartnersDashboardConfig dashboard.pages.apps.PagesDashboardConfig
    dashboard.ranges.apps.RangesDashboardConfig dashboard.reviews.apps.ReviewsDashboardConfig
    dashboard.vouchers.apps.VouchersDashboardConfig
    dashboard.communications.apps.CommunicationsDashboardConfig
    dashboard.shipping.apps.ShippingDashboardConfig
"""


@dataclass(frozen=True)
class Stage:
    """Apps that a site gets at once: their migrations make one file."""

    name: str
    apps: tuple[str, ...]


_CONTRIB = Stage(
    "contrib",
    tuple(
        f"django.contrib.{name}"
        for name in (
            "contenttypes auth sessions messages staticfiles sites redirects flatpages admin"
        ).split()
    ),
)
# A migration of the CMS has no way back, and so has the file that holds it: it comes early, or
# nothing after it could be undone.
_CMS = Stage("cms", ("treebeard", "sekizai", "cms", "menus"))
_WAGTAIL = Stage(
    "wagtail",
    (
        *(f"wagtail.contrib.{name}" for name in "forms redirects settings".split()),
        "wagtail.contrib.search_promotions",
        *(f"wagtail.{name}" for name in "embeds sites users snippets documents images".split()),
        "wagtail.search",
        "wagtail.admin",
        "wagtail",
        "modelcluster",
    ),
)
_TAGGIT = Stage("taggit", ("taggit",))
_FILES = Stage("files", ("easy_thumbnails", "filer"))
OAUTH = Stage("oauth", ("oauth2_provider",))
_ALLAUTH = Stage(
    "allauth",
    ("allauth", *(f"allauth.{name}" for name in "account socialaccount mfa usersessions".split())),
)


def stages() -> tuple[Stage, ...]:
    """In the order in which the site gets them."""
    if is_whole():
        return (_CONTRIB, _CMS, _TAGGIT, _WAGTAIL, _FILES, OAUTH, _ALLAUTH)
    return (_CONTRIB, _TAGGIT, _FILES, OAUTH, _ALLAUTH)


def in_two_stages() -> tuple[Stage, ...]:
    """The same apps: Django's own, and then all others at once."""
    first, *others = stages()
    return first, Stage("packages", tuple(app for stage in others for app in stage.apps))


# Sites of test_others.py: a name, and what they install besides Django's own apps.
OTHERS = (
    Stage(
        "shop",
        (
            "oscar.config.Shop",
            *(f"oscar.apps.{name}" for name in _OSCAR.split()),
            *"widget_tweaks haystack treebeard sorl.thumbnail django_tables2".split(),
        ),
    ),
    Stage("payments", ("djstripe",)),
    Stage(
        "forum",
        (
            *"mptt haystack widget_tweaks machina machina.apps.forum".split(),
            "machina.apps.forum_conversation",
            *(f"machina.apps.forum_conversation.forum_{n}" for n in "attachments polls".split()),
            *(
                f"machina.apps.forum_{name}"
                for name in "feeds moderation search tracking member permission".split()
            ),
        ),
    ),
    Stage(
        "staff",
        tuple(
            "django_celery_beat django_celery_results social_django axes simple_history reversion "
            "guardian waffle constance django_otp django_otp.plugins.otp_totp "
            "django_otp.plugins.otp_static django_otp.plugins.otp_email two_factor rest_framework "
            "rest_framework.authtoken rest_framework_simplejwt.token_blacklist knox silk".split()
        ),
    ),
    Stage(
        "club",
        tuple(
            "actstream organizations auditlog easyaudit post_office django_mailbox hitcount "
            "user_sessions watson sitetree push_notifications fcm_django django_q sorl.thumbnail "
            "easy_thumbnails newsletter sortedm2m photologue survey".split()
        ),
    ),
)


def site_of(other: Stage) -> tuple[Stage, ...]:
    """Django's own apps first, and then everything at once."""
    return Stage("contrib", (*_CONTRIB.apps, "django.contrib.humanize")), other
