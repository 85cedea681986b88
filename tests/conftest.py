"""Laws are tried on the same examples at every run, so that a red run is the change's own doing.

HYPOTHESIS_PROFILE=explore tries new ones: run it now and then, and turn what it finds into a row.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
