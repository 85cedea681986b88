"""The nursery with every logger of the process at DEBUG, on standard error."""

from __future__ import annotations

import logging

from tests.campaign import nursery

if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    nursery.main()
