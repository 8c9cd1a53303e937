"""Simulated histories: how the monitor's conditions and the caps of heals do over months, with fixed seeds."""
