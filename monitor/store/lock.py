"""One daemon a state folder: the second is refused at once."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.errors import LockedError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_GLANCE = 0.2  # seconds: how long `is_held` may be in a daemon's way, many times over


def is_held(state: Path) -> bool:
    """Whether a daemon works on this state folder now; False for a folder that cannot be opened."""
    try:
        descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock; a glance by `is_held` is waited for. Raises BlockingIOError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_GLANCE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_daemon(state: Path) -> Iterator[None]:
    """Hold the state folder for this process alone; raises LockedError, or StateError where it cannot be.

    The lock is on the folder itself, not on a file in it: it ends with its process whatever happens, so it
    can be neither stale nor deleted (flock(2)).
    """
    try:
        descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StateError(
            f"the state folder cannot be opened: {error.strerror}",
            where=str(state),
            remedy="name one that you own",
        ) from error
    try:
        try:
            _lock(descriptor)
        except BlockingIOError as busy:
            raise LockedError(
                "another monitor is running on this state",
                where=str(state),
                remedy="stop it first, or name another folder with --state",
            ) from busy
        except OSError as error:  # a file system without locks, or one that fails
            raise StateError(
                f"the state folder cannot be locked: {error.strerror}",
                where=str(state),
                remedy="keep it on a local disk",
            ) from error
        yield
    finally:
        os.close(descriptor)
