"""Decisions: pure functions of plain values; time comes in as `now=`."""
