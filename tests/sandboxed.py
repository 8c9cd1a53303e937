"""What tests need that start real programs in a real sandbox."""

from __future__ import annotations

import pytest

from nightrun.hands import sandbox

NEEDED = pytest.mark.skipif(
    sandbox.look().program is None, reason=f"needs bubblewrap that works: {sandbox.look().why or 'it does'}"
)
