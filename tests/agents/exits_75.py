#!/usr/bin/env python3
"""Asks to be tried again later, with the exit code that means that (sysexits EX_TEMPFAIL)."""

import sys

print("try again later")
sys.exit(75)
