from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nightrun
from nightrun.flows.supervisor_signals import StopSignals

TOOLS = str(Path(nightrun.__file__).parents[1])
# Waits over and over while another process sends signals as fast as it can.
STORM = """
import os, signal, sys
from nightrun.flows.supervisor_signals import StopSignals
with StopSignals() as signals:
    if (sender := os.fork()) == 0:
        for _ in range(20_000):
            os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    while os.waitpid(sender, os.WNOHANG) == (0, 0):
        signals.wait(0.0001)
    print(signals.first.name)
"""


def test_a_signal_ends_the_wait_and_is_kept() -> None:
    with StopSignals() as signals:
        signals.wait(0.0)
        assert signals.first is None
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        begin = time.monotonic()
        signals.wait(30.0)
        assert time.monotonic() - begin < 10
        assert (signals.first, signals.is_impatient) == (signal.SIGTERM, False)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.is_impatient


def test_any_number_of_signals_at_any_moment_stops_nothing() -> None:
    """A lock that the handler shares with what it interrupts would stand still for ever here."""
    done = subprocess.run(
        [sys.executable, "-c", STORM], env={"PYTHONPATH": TOOLS}, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "SIGTERM\n"), done.stderr


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_nohup_is_meant() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.first is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
