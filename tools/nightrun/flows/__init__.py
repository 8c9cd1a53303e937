"""Flows: they put decisions and hands in order, and hold no rule of their own."""
