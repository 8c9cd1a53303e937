"""nightrun: trusted unattended work on a git repository."""

__version__ = "0.1.0"
