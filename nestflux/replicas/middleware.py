"""The middleware: each request is a context, and what it wrote is remembered for the next ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from nestflux.conf import replicas
from nestflux.replicas.context import Context, Scope, entered
from nestflux.replicas.noticing import watch
from nestflux.replicas.remembering import recalled, remembered

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, section 9.2.1


class ReplicaMiddleware:
    """Above whatever reads or writes a database: sessions, authentication.

    Sync and async. Under async a request that wrote asks its primary for a position in a thread,
    as Django does for each query; one that did not goes through without a thread.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        watch()

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._answered(request)
        scope = scope_of(request)
        with entered(scope):
            response = self.get_response(request)
            if scope.context.wrote:
                _remember(response, scope.context.positions())
        return response

    async def _answered(self, request: HttpRequest) -> HttpResponseBase:
        scope = scope_of(request)
        with entered(scope):
            response: HttpResponseBase = await self.get_response(request)
            if scope.context.wrote:
                _remember(response, await sync_to_async(scope.context.positions)())
        return response


def scope_of(request: HttpRequest) -> Scope:
    """The context of a request, with what its cookie or header says of earlier ones.

    Only a request whose method is safe reads from replicas: another one is about to write, and what
    it writes may depend on what it read.
    """
    configured = replicas()
    text = request.headers.get(configured.header, "") if configured.header else ""
    context = Context(behind=recalled(text or request.COOKIES.get(configured.cookie, "")))
    return Scope(context, partial(_may_use_replicas, request))


def _may_use_replicas(request: HttpRequest) -> bool:
    """Asked at each read: the URL is resolved between the middleware and the view."""
    match = request.resolver_match
    return request.method in _SAFE and not (match and "admin" in match.app_names)


def _remember(response: HttpResponseBase, positions: Mapping[str, str]) -> None:
    configured, text = replicas(), remembered(positions)
    varies = ["Cookie"]
    if configured.header:
        response.headers[configured.header] = text
        varies.append(configured.header)
    response.set_cookie(
        configured.cookie,
        text,
        max_age=math.ceil(configured.remember),
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )
    # It is one person's: no cache gives it to another.
    patch_vary_headers(response, varies)
    patch_cache_control(response, private=True)
