from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from identity.admin.role_assignment import RoleAssignmentInline
from identity.models import RoleAssignment, User
from nestflux.orm.large_tables import LargeTableAdmin, day_column

if TYPE_CHECKING:
    _DjangoUserAdmin = DjangoUserAdmin[User]
    _UserCreationForm = AdminUserCreationForm[User]
    _UserChangeForm = UserChangeForm[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin
    _UserCreationForm = AdminUserCreationForm
    _UserChangeForm = UserChangeForm


PRIVILEGES = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserAddForm(_UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: dict[str, type[forms.Field]] = {}


class UserEditForm(_UserChangeForm):
    class Meta:
        model = User
        fields = ("email", "name")  # the admin adds those of `fieldsets`
        field_classes: dict[str, type[forms.Field]] = {}


@admin.register(User)
class UserAdmin(LargeTableAdmin[User], _DjangoUserAdmin):
    form = UserEditForm
    add_form = UserAddForm
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("name", "phone_number", "avatar_url")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        (
            "Permissions in this admin site",
            {"classes": ("collapse",), "fields": ("groups", "user_permissions")},
        ),
        ("History", {"fields": ("created_at", "last_login", "login_events")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
    )
    readonly_fields = ("created_at", "last_login", "login_events")
    inlines = (RoleAssignmentInline,)
    list_display = ("email", "name", "is_active", "is_staff", "joined")
    list_filter = ("is_active", "is_staff", "created_at")
    date_hierarchy = "created_at"
    search_fields = ("^email", "^name")
    search_help_text = "Beginning of an e-mail address or a name"
    ordering = ("-created_at",)
    joined = day_column("created_at", "joined")
    sortable_by = ("email", "name", "joined")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "avatar_url":
            kwargs["assume_scheme"] = "https"  # Django's default from 6.0 on; 5.2 warns
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Staff who may change users may not give themselves, or anyone, more than that."""
        if request.user.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, *PRIVILEGES)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser: whoever sets the password has the account."""
        if obj and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody may: what a user wrote and assigned stays theirs, so a user is deactivated."""
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        for added in formset.extra_forms:
            if isinstance(added.instance, RoleAssignment):
                added.instance.assigned_by = request.user
        super().save_formset(request, form, formset, change)

    @admin.display(description="Login events")
    def login_events(self, user: User) -> SafeString:
        url = reverse("admin:identity_loginevent_changelist")
        return format_html('<a href="{}?user__id__exact={}">Show</a>', url, user.pk)
