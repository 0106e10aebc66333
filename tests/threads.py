"""Several at once: real threads that begin together, each with a session of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from portal.kernel.db import isolated

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work(0)` to `work(count - 1)` give, all begun at the same moment. An exception of one is raised here, after all have ended."""
    start, results, errors = threading.Barrier(count), {}, []

    def one(number: int) -> None:
        try:
            with isolated():
                start.wait(timeout=30)
                results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "someone waits for good"
    if errors:
        raise errors[0]
    return [results[number] for number in range(count)]
