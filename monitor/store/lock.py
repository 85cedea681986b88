"""One daemon a state folder: the second is refused at once."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_daemon(state: Path) -> Iterator[None]:
    """Hold the state folder for this process alone; raises LockedError where another has it.

    The lock is on the folder itself, not on a file in it: it ends with its process whatever happens, so it
    can be neither stale nor deleted (flock(2)).
    """
    descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise LockedError(
                "another monitor is running on this state",
                where=str(state),
                remedy="stop it first, or name another folder with --state",
            ) from busy
        yield
    finally:
        os.close(descriptor)
