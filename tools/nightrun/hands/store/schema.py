"""The tables, and the steps from each older schema to the next; the schema's number is PRAGMA user_version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from nightrun.words.errors import NightrunError

# Small columns first and long texts last: what a list needs lies in the first page of a row.
_TASKS = """
CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  task_type TEXT NOT NULL,
  status TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  unmet INTEGER NOT NULL DEFAULT 0,
  ready_at REAL NOT NULL,
  wants_agent TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  reclaims INTEGER NOT NULL DEFAULT 0,
  fencing_token INTEGER NOT NULL DEFAULT 0,
  runner TEXT,
  runner_pid INTEGER,
  runner_boot_id TEXT,
  runner_start_time REAL,
  lease_expires_at REAL,
  claim_key TEXT,
  stop_requested INTEGER NOT NULL DEFAULT 0,
  dedup_key TEXT,
  model TEXT,
  agent TEXT,
  tier TEXT,
  outcome TEXT,
  error_class TEXT,
  error_summary TEXT,
  waiting_reason TEXT,
  progress_pct INTEGER,
  current_step TEXT,
  output_chars INTEGER NOT NULL DEFAULT 0,
  run_seconds REAL,
  commit_state TEXT NOT NULL DEFAULT 'none',
  commit_sha TEXT,
  commit_reason TEXT,
  branch TEXT,
  base TEXT,
  tree TEXT,
  worktree TEXT,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  started_at REAL,
  finished_at REAL,
  gate TEXT,
  depends_on TEXT NOT NULL DEFAULT '[]',
  decision_prompt TEXT,
  decision TEXT,
  command TEXT,
  context TEXT NOT NULL DEFAULT '{}',
  direction TEXT NOT NULL,
  output TEXT
);
CREATE INDEX tasks_ready ON tasks (priority DESC, seq, ready_at, wants_agent, task_type, waiting_reason)
  WHERE status = 'pending' AND unmet = 0;
CREATE INDEX tasks_by_status ON tasks (status);
CREATE INDEX tasks_by_type ON tasks (task_type);
CREATE INDEX tasks_finished ON tasks (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX tasks_unlanded ON tasks (seq)
  WHERE status = 'completed' AND commit_state IN ('pending', 'committed', 'held', 'failed');
CREATE UNIQUE INDEX tasks_dedup ON tasks (dedup_key) WHERE dedup_key IS NOT NULL;

CREATE TABLE dependencies (
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  needs TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, needs)
) WITHOUT ROWID;
CREATE INDEX dependencies_needs ON dependencies (needs);

CREATE TABLE attempts (
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  runner TEXT,
  agent TEXT,
  model TEXT,
  started_at REAL NOT NULL,
  ended_at REAL,
  outcome TEXT,
  error_class TEXT,
  error_summary TEXT,
  output_chars INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, attempt)
) WITHOUT ROWID;
CREATE INDEX attempts_ended ON attempts (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX events_of_task ON events (task_id);
"""

# Kept in step by the database itself, so that no look ever counts a million rows.
_COUNTS = """
CREATE TABLE counts (
  task_type TEXT NOT NULL,
  status TEXT NOT NULL,
  commit_state TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (task_type, status, commit_state)
) WITHOUT ROWID;
CREATE TRIGGER counts_in AFTER INSERT ON tasks BEGIN
  INSERT INTO counts VALUES (new.task_type, new.status, new.commit_state, 1)
    ON CONFLICT (task_type, status, commit_state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER counts_out AFTER DELETE ON tasks BEGIN
  UPDATE counts SET n = n - 1
    WHERE task_type = old.task_type AND status = old.status AND commit_state = old.commit_state;
END;
CREATE TRIGGER counts_moved AFTER UPDATE OF status, commit_state ON tasks
  WHEN old.status <> new.status OR old.commit_state <> new.commit_state BEGIN
  UPDATE counts SET n = n - 1
    WHERE task_type = old.task_type AND status = old.status AND commit_state = old.commit_state;
  INSERT INTO counts VALUES (new.task_type, new.status, new.commit_state, 1)
    ON CONFLICT (task_type, status, commit_state) DO UPDATE SET n = n + 1;
END;
"""

_ROLLUPS = """
CREATE TABLE rollup (
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  task_type TEXT NOT NULL,
  model TEXT NOT NULL,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  environment INTEGER NOT NULL DEFAULT 0,
  timed INTEGER NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (span, start, task_type, model)
) WITHOUT ROWID;
CREATE TABLE rollup_seconds (
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (span, start, bucket)
) WITHOUT ROWID;
"""

_AROUND = """
CREATE TABLE runners (
  name TEXT PRIMARY KEY,
  pid INTEGER,
  boot_id TEXT,
  start_time REAL,
  state TEXT,
  task_id TEXT,
  counter INTEGER,
  at REAL NOT NULL,
  last_claim_at REAL,
  details TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;

CREATE TABLE pauses (
  scope TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  until REAL,
  at REAL NOT NULL,
  PRIMARY KEY (scope, by)
) WITHOUT ROWID;

CREATE TABLE issues (
  id TEXT PRIMARY KEY,
  condition TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  severity TEXT NOT NULL,
  status TEXT NOT NULL,
  message TEXT NOT NULL,
  suggested_action TEXT NOT NULL,
  direction TEXT,
  evidence TEXT NOT NULL DEFAULT '{}',
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  reopened INTEGER NOT NULL DEFAULT 0,
  heal_task_id TEXT,
  resolved_at REAL
) WITHOUT ROWID;
CREATE UNIQUE INDEX issues_open ON issues (condition, fingerprint) WHERE status = 'open';
CREATE INDEX issues_resolved ON issues (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX issues_first_seen ON issues (first_seen);

CREATE TABLE condition_states (
  condition TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  state TEXT NOT NULL,
  since REAL NOT NULL,
  seen_at REAL NOT NULL,
  PRIMARY KEY (condition, fingerprint)
) WITHOUT ROWID;

CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

# What each attempt used, as its agent told it; what it did not tell is NULL.
_USED = """
ALTER TABLE attempts ADD COLUMN cost_usd REAL;
ALTER TABLE attempts ADD COLUMN input_tokens INTEGER;
ALTER TABLE attempts ADD COLUMN output_tokens INTEGER;
ALTER TABLE attempts ADD COLUMN turns INTEGER;
CREATE INDEX attempts_started ON attempts (started_at);
"""

# Step n leads from schema n to n + 1. A step that was released is never edited: add the next one.
STEPS: tuple[str, ...] = (_TASKS + _COUNTS + _ROLLUPS + _AROUND, _USED)


def migrate(connection: sqlite3.Connection, steps: tuple[str, ...] = STEPS) -> None:
    """Bring the file to the newest schema, all or nothing; a newer one than ours is refused."""
    found = _version(connection)
    if found > len(steps):
        raise NightrunError(
            f"The state folder was written by a newer nightrun (schema {found}; this one knows {len(steps)}).",
            "Install the newer version again, or move .pipeline/ away to start without its history.",
        )
    if found == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[_version(connection) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: executescript would commit before it starts (Python manual, sqlite3)."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
