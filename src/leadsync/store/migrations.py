"""The schema, as numbered steps: a database at version n gets the steps after n, in one transaction each."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

    CREATE TABLE run (
        id TEXT PRIMARY KEY, command TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, outcome TEXT,
        summary TEXT NOT NULL DEFAULT '{}'
    ) STRICT;

    CREATE TABLE cursor (
        side TEXT NOT NULL, feed TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (side, feed)
    ) STRICT;

    -- What each CRM said last (fields), and what of it is accounted for (shadow; null: first sight, a baseline).
    CREATE TABLE record (
        side TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        fields TEXT NOT NULL, shadow TEXT, links TEXT NOT NULL, modified TEXT NOT NULL,
        deleted INTEGER NOT NULL, read_only INTEGER NOT NULL, successor TEXT, aliases TEXT NOT NULL,
        first_seen TEXT NOT NULL, seen TEXT NOT NULL,
        modified_by TEXT NOT NULL, by_us INTEGER, changed TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (side, kind, id)
    ) STRICT;

    CREATE TABLE touch (
        side TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, person TEXT NOT NULL, at TEXT NOT NULL,
        type TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, campaign TEXT,
        deleted INTEGER NOT NULL, PRIMARY KEY (side, kind, id)
    ) STRICT;

    CREATE TABLE identity (ref TEXT PRIMARY KEY, uid TEXT NOT NULL, why TEXT NOT NULL, since TEXT NOT NULL) STRICT;
    CREATE INDEX identity_uid ON identity (uid);

    -- What a person said of two records: they are the same one, or they are not.
    CREATE TABLE identity_rule (
        a TEXT NOT NULL, b TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('same', 'apart')),
        note TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (a, b)
    ) STRICT;

    -- What the CRM holds since our last write (settled), what we had sent, and what that replaced.
    CREATE TABLE written (
        ref TEXT NOT NULL, field TEXT NOT NULL, sent TEXT NOT NULL, settled TEXT NOT NULL, replaced TEXT NOT NULL,
        run TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ref, field)
    ) STRICT;

    -- Every acknowledged field write, for undo and for telling who else writes a field.
    CREATE TABLE history (
        id INTEGER PRIMARY KEY, ref TEXT NOT NULL, field TEXT NOT NULL, uid TEXT NOT NULL, mapped TEXT NOT NULL,
        sent TEXT NOT NULL, settled TEXT NOT NULL, replaced TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL,
        other TEXT NOT NULL, created INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX history_run ON history (run);
    CREATE INDEX history_place ON history (ref, field);
    CREATE INDEX history_at ON history (at);

    -- Values of people that leadsync would have replaced, and since when it knows them.
    CREATE TABLE lease (
        ref TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (ref, field)
    ) STRICT;

    -- Fields that several people changed differently (cells: what each record says), and what a person answered.
    CREATE TABLE conflict (
        uid TEXT NOT NULL, object TEXT NOT NULL, field TEXT NOT NULL, cells TEXT NOT NULL, since TEXT NOT NULL,
        PRIMARY KEY (uid, field)
    ) STRICT;
    CREATE TABLE ruling (
        uid TEXT NOT NULL, object TEXT NOT NULL, field TEXT NOT NULL, cells TEXT NOT NULL, value TEXT NOT NULL,
        side TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (uid, field, at)
    ) STRICT;

    -- Fields that leadsync and somebody else keep rewriting: held until a person releases them.
    CREATE TABLE flap (
        ref TEXT NOT NULL, field TEXT NOT NULL, writes INTEGER NOT NULL, other TEXT NOT NULL, since TEXT NOT NULL,
        released TEXT, PRIMARY KEY (ref, field)
    ) STRICT;

    CREATE TABLE decision (
        uid TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, why TEXT NOT NULL, run TEXT NOT NULL,
        at TEXT NOT NULL, PRIMARY KEY (uid, field)
    ) STRICT;

    CREATE TABLE outbox (
        token TEXT PRIMARY KEY, run TEXT NOT NULL, uid TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL,
        id TEXT, key_field TEXT, key_value TEXT, changes TEXT NOT NULL, links TEXT NOT NULL,
        mapped TEXT NOT NULL, after TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'done', 'rejected', 'unknown', 'moved')),
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX outbox_state ON outbox (state);
    CREATE INDEX outbox_uid ON outbox (uid);

    -- Records a CRM refused, or that arrived unreadable: kept with the reason until they succeed or are dropped.
    CREATE TABLE reject (
        ref TEXT NOT NULL, direction TEXT NOT NULL CHECK (direction IN ('read', 'write')), uid TEXT NOT NULL,
        code TEXT NOT NULL, reason TEXT NOT NULL, hint TEXT NOT NULL, fields TEXT NOT NULL, sent TEXT NOT NULL,
        first_at TEXT NOT NULL, last_at TEXT NOT NULL, times INTEGER NOT NULL,
        dropped INTEGER NOT NULL DEFAULT 0, version TEXT,
        PRIMARY KEY (ref, direction)
    ) STRICT;

    CREATE TABLE stage (uid TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;

    CREATE TABLE score (
        uid TEXT NOT NULL, as_of TEXT NOT NULL, model TEXT NOT NULL, centipoints INTEGER, body TEXT NOT NULL,
        PRIMARY KEY (uid, as_of, model)
    ) STRICT;

    CREATE TABLE resolution (
        uid TEXT PRIMARY KEY, query TEXT NOT NULL, published TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT;

    -- A lead's journey through nurturing, with the advice that stands.
    CREATE TABLE course (uid TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;

    -- What was known of a lead on a day, names and addresses aside; a day on which nothing had changed has no row.
    CREATE TABLE snapshot (
        uid TEXT NOT NULL, day TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (uid, day)
    ) STRICT;
    CREATE INDEX snapshot_day ON snapshot (day);

    CREATE TABLE attribution (uid TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    """,
    """
    -- What people said of companies and legal entities: this one is (or is not) that one. Nothing is ever deleted.
    CREATE TABLE verdict (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, city TEXT NOT NULL, region TEXT NOT NULL,
        domain TEXT NOT NULL, lei TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('confirm', 'reject')),
        note TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT;
    """,
    """
    CREATE INDEX touch_person ON touch (person);
    """,
    """
    -- What leadsync keeps in the CRMs besides fields: tasks, campaigns' parts in deals. sending and removing: noted
    -- before the call, its outcome is to be looked at; left: a person's now; refused: with the reason in note.
    CREATE TABLE entry (
        side TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, key TEXT NOT NULL,
        person TEXT, whole TEXT NOT NULL, about TEXT NOT NULL, body TEXT NOT NULL, why TEXT NOT NULL, id TEXT,
        standing TEXT NOT NULL CHECK (standing IN ('sending', 'ours', 'removing', 'left', 'refused')),
        note TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (side, kind, place, key)
    ) STRICT;
    CREATE INDEX entry_person ON entry (person);

    -- The deals that were open when last looked at.
    CREATE TABLE deal (
        side TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, opened TEXT NOT NULL, account TEXT,
        people TEXT NOT NULL, PRIMARY KEY (side, kind, id)
    ) STRICT;
    """,
    """
    -- 1: the record was gone when its write was to be read back; 2: and the CRM has told so since. What the write came
    -- to is looked at when somebody restores the record.
    ALTER TABLE outbox ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
    """,
)
