"""The order in which threads get a connection. No server."""

from __future__ import annotations

import threading

from nestflux.pooled.turns import Turns


def test_who_comes_first_is_served_first() -> None:
    def wait(name: int) -> None:
        assert turns.take(60)
        served.append(name)
        turns.give_back()

    served: list[int] = []
    turns = Turns(1)
    assert turns.take(60)
    threads = [threading.Thread(target=wait, args=(name,)) for name in range(8)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(turns._waiting) <= number:
            pass
    turns.give_back()
    for thread in threads:
        thread.join()

    assert served == list(range(8))


def test_nobody_overtakes_those_who_wait() -> None:
    turns = Turns(1)
    assert turns.take(60)
    waiter = threading.Thread(target=turns.take, args=(60,))
    waiter.start()
    while not turns._waiting:
        pass
    turns.give_back()

    assert not turns.take(0.01)
    waiter.join()


def test_who_gave_up_waits_no_more() -> None:
    turns = Turns(1)
    assert turns.take(60)
    assert not turns.take(0.01)
    turns.give_back()

    assert turns.take(0.01)
