"""Stores with many finished tasks behind them."""

from __future__ import annotations

import time
from pathlib import Path

from nightrun.hands.state_dir import StateDir
from nightrun.hands.store import sums
from nightrun.hands.store.database import Database

DAYS = 30
_AGENTS = "CASE n % 3 WHEN 0 THEN 'claude' WHEN 1 THEN 'codex' ELSE 'script' END"
_TYPES = "CASE n % 20 WHEN 0 THEN 'heal' ELSE substr('spec  impl  test  review', 1 + n % 4 * 6, 6) END"

# Spread evenly over the last days; one in ten failed, each with an attempt and the events of its life.
_FILL = (
    """
    INSERT INTO tasks (id, task_type, status, ready_at, attempt, fencing_token, agent, model, outcome, error_class,
      error_summary, output_chars, run_seconds, commit_state, commit_sha, tree, created_at, updated_at, started_at,
      finished_at, direction, output)
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :tasks)
    SELECT printf('0%010d', n), trim(type), CASE WHEN failed THEN 'failed' ELSE 'completed' END, at, 1, 1, agent,
      agent, CASE WHEN failed THEN 'gate' ELSE 'completed' END, CASE WHEN failed THEN 'gate' END,
      CASE WHEN failed THEN 'tests failed' END, 200, n % 900 + 0.5,
      CASE WHEN failed OR type = 'heal' THEN 'none' ELSE 'landed' END, printf('%040x', n), printf('%040x', n),
      at, at, at, at, 'Add a flag to the tool, number ' || n, printf('%200d', n)
    FROM (SELECT n, n % 10 = 7 AS failed, {types} AS type, {agents} AS agent,
      :now - :seconds + n * (:seconds / :tasks) AS at FROM numbers)
    """,
    """
    INSERT INTO attempts (task_id, attempt, runner, agent, model, started_at, ended_at, outcome, error_class,
      error_summary, output_chars)
    SELECT id, 1, 'runner-1', agent, model, started_at, finished_at, outcome, error_class, error_summary, 200
    FROM tasks ORDER BY seq
    """,
    """
    INSERT INTO events (task_id, at, kind, text)
    SELECT id, finished_at, kind, text FROM tasks, (SELECT 'added' AS kind, 'added as impl' AS text
      UNION ALL SELECT 'claimed', 'attempt 1 by runner-1' UNION ALL SELECT 'completed', 'attempt 1 completed')
    ORDER BY seq
    """,
)


def fill(root: Path, tasks: int) -> None:
    """The store of a repository that has none yet."""
    db = Database(StateDir(root).create().db)
    params = {"tasks": tasks, "now": time.time(), "seconds": DAYS * 86_400.0}
    for statement in _FILL:
        sql = statement.replace("{types}", _TYPES).replace("{agents}", _AGENTS)
        with db.write():
            db.run(sql, {name: value for name, value in params.items() if f":{name}" in sql})
    sums.rebuild(db)
    db.close()
