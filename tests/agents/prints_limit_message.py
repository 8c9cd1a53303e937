#!/usr/bin/env python3
"""[RESETS_AT]: says what an agent says whose usage limit is reached, and fails. RESETS_AT: seconds since 1970."""

import sys
import time

resets_at = int(float(sys.argv[1])) if len(sys.argv) > 1 else int(time.time()) + 3600
print(f"Claude AI usage limit reached|{resets_at}")
sys.exit(1)
