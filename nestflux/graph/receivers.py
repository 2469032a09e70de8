"""Receivers that a project connects for the models of states.

A receiver of ``class_prepared`` may connect others (``pre_save``, …) for every model class, those
of states included. Django keeps such receivers as long as the process lives, and looks through all
of them for each new one (django/dispatch/dispatcher.py, ``connect``): the time grows with the
square of the states. Here such receivers are kept with their class, go when the class goes, and
are connected only while code runs that may save a model.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db.models import signals
from django.db.models.signals import class_prepared
from django.dispatch import Signal

from nestflux.django_compat import HISTORICAL_MODULE, forget_answers, models_are_made, sender_id

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

# On a model class: by signal, the receivers that were connected for that class.
_RECEIVERS = "_receivers_of_historical_model"

_SIGNALS: tuple[Signal, ...] = tuple(
    found for found in vars(signals).values() if isinstance(found, Signal)
)


class _Keeper:
    """Takes the receivers of historical models from Django's signals, and puts them back."""

    def __init__(self) -> None:
        self._classes: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._seen = {signal: len(signal.receivers) for signal in _SIGNALS}
        self._is_running = False

    def on_class_prepared(self, sender: Any, **kwargs: Any) -> None:
        """Runs behind the project's own receivers: it was connected last."""
        if sender.__module__ == HISTORICAL_MODULE:
            self._classes[id(sender)] = sender
            if not self._is_running:
                self.take()

    def take(self, *, everywhere: bool = False) -> None:
        """Disconnect them, and keep each with its class.

        ``everywhere``: look not only at those that were connected since the last time.
        """
        for signal in _SIGNALS:
            start = 0 if everywhere else min(self._seen[signal], len(signal.receivers))
            if start < len(signal.receivers):
                self._take_of(signal, start)
            self._seen[signal] = len(signal.receivers)

    def _take_of(self, signal: Signal, start: int) -> None:
        with signal.lock:
            staying = []
            for entry in signal.receivers[start:]:
                sender = self._classes.get(sender_id(entry))
                if sender is None:
                    staying.append(entry)
                else:
                    _kept_with(sender).setdefault(signal, []).append(entry)
            if len(staying) < len(signal.receivers) - start:
                signal.receivers[start:] = staying
                forget_answers(signal)

    @contextmanager
    def connected(self, *states: ProjectState) -> Iterator[None]:
        """Meanwhile the models of these states have their receivers."""
        for state in states:
            self._put_back(state)
        if self._is_running:
            yield
            return
        self._is_running = True
        try:
            yield
        finally:
            self._is_running = False
            self.take(everywhere=True)

    def _put_back(self, state: ProjectState) -> None:
        if not models_are_made(state):  # its models are not made yet
            return
        for model in chain(*(found.values() for found in state.apps.all_models.values())):
            kept = vars(model).get(_RECEIVERS)
            if not kept:
                continue
            self._classes[id(model)] = model
            for signal, entries in kept.items():
                with signal.lock:
                    signal.receivers.extend(entries)
                    forget_answers(signal)
            kept.clear()


def _kept_with(model: Any) -> dict[Signal, list[Any]]:
    """A class's own, which go with it: a receiver may refer to its class."""
    own: dict[Signal, list[Any]] | None = vars(model).get(_RECEIVERS)
    if own is None:
        own = {}
        setattr(model, _RECEIVERS, own)
    return own


_keepers: list[_Keeper] = []


@contextmanager
def historical_receivers_kept() -> Iterator[None]:
    """While the block lasts, Django's signals hold no receiver of a historical model but within
    ``receivers_connected``; and none that was connected in the block afterwards.

    What the project connects for its real models, or for any sender, stays connected.
    """
    if _keepers:
        yield
        return
    keeper = _Keeper()
    _keepers.append(keeper)
    class_prepared.connect(keeper.on_class_prepared)
    try:
        yield
    finally:
        class_prepared.disconnect(keeper.on_class_prepared)
        keeper.take(everywhere=True)
        _keepers.remove(keeper)


def classes_are_watched() -> bool:
    """Does a receiver of the project look at every model class that is made, whatever it is?"""
    of_any = [entry for entry in class_prepared.receivers if sender_id(entry) == id(None)]
    return len(of_any) > len(_keepers)


@contextmanager
def receivers_connected(*states: ProjectState) -> Iterator[None]:
    """Around code that may save models of these states, or make and save others."""
    if not _keepers:
        yield
        return
    with _keepers[0].connected(*states):
        yield
