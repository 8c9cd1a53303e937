#!/usr/bin/env python3
"""Ends well without a word and without a change."""
