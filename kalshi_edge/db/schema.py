"""The SQLite store's tables, version by version: an older file is brought forward step by step.

A step is never edited once it was released; what changes is a new step.
"""

import sqlite3

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, received_at TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE fills (fill_id TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, intent_id TEXT NOT NULL UNIQUE, is_live INTEGER NOT NULL,
    body BLOB NOT NULL) STRICT;
CREATE INDEX live_orders ON orders (number) WHERE is_live;
CREATE TABLE trades (
    number INTEGER PRIMARY KEY, trade_id TEXT NOT NULL UNIQUE, climate_day TEXT NOT NULL,
    city TEXT NOT NULL, strategy TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX trades_by_city ON trades (city, climate_day);
CREATE INDEX trades_by_day ON trades (climate_day);
CREATE TABLE calibrations (
    number INTEGER PRIMARY KEY, city TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX calibrations_by_city ON calibrations (city);
CREATE TABLE daily (day TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE terms (series TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE switch (only INTEGER PRIMARY KEY CHECK (only = 1), body BLOB NOT NULL) STRICT;
"""

_LEASE = """
CREATE TABLE lease (only INTEGER PRIMARY KEY CHECK (only = 1), body BLOB NOT NULL) STRICT;
"""

_SNAPSHOTS = """
CREATE TABLE snapshots (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""

_CURRENT = """
CREATE TABLE current (
    kind TEXT NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, subject)) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (_FIRST, _LEASE, _SNAPSHOTS, _CURRENT)
"""What brings a file from version n to n + 1, by n; a new file has version 0."""

SCHEMA_VERSION = len(MIGRATIONS)
CURRENT_SINCE = MIGRATIONS.index(_CURRENT) + 1
"""The first version that keeps the newest record of every subject."""


def schema_version(db: sqlite3.Connection) -> int:
    """The version that ``db`` has; 0 where there are no tables of ours."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(db: sqlite3.Connection) -> None:
    """Bring ``db`` to ``SCHEMA_VERSION``, inside the caller's transaction."""
    for step in MIGRATIONS[schema_version(db) :]:
        # Not executescript: that would commit what the caller began.
        for statement in step.split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
