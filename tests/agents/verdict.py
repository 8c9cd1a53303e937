#!/usr/bin/env python3
"""PASS|FAIL [FINDINGS]: prints what it found and then its verdict, as reviewers do; changes nothing."""

import sys

print(sys.argv[2] if len(sys.argv) > 2 else "I looked at everything.")
print(f"VERDICT: {sys.argv[1]}")
