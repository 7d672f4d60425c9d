import GRDB
import Storage

/// The tables, and the way from each older file to them. `docs/STORAGE.md` explains them.
enum Schema {
  /// "THLV": what `file` and we recognise our files by.
  static let applicationID: Int32 = 0x5448_4C56
  /// Step n makes version n + 1 out of version n. Append only.
  static let steps: [@Sendable (Database) throws -> Void] = [
    { try $0.execute(sql: versionOne) }, { try $0.execute(sql: versionTwo) }, { try $0.execute(sql: versionThree) },
    { try $0.execute(sql: numberedVersions) }, { try $0.execute(sql: keptAnswers) }, { try $0.execute(sql: webhooks) },
  ]
  static var version: Int { steps.count }

  /// Brings a file to `version`, one transaction per step.
  static func migrate(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard found <= version else { throw tooNew(found) }
    for (index, step) in steps.enumerated().dropFirst(found) {
      try db.write {
        try step(db)
        try db.execute(sql: "PRAGMA user_version = \(index + 1)")
      }
    }
  }

  static let foreign = StoreError(.corrupt, "the file is an SQLite database of another program")

  static func tooNew(_ found: Int) -> StoreError {
    StoreError(.corrupt, "the file has format \(found); this program knows formats up to \(version): use a newer one")
  }

  private static let versionOne = """
    CREATE TABLE workflows(
      key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, floor INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE log(
      workflow INTEGER NOT NULL, position INTEGER NOT NULL, taken_at INTEGER NOT NULL, kind INTEGER NOT NULL, subject TEXT NOT NULL,
      name TEXT NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY(workflow, position)) STRICT, WITHOUT ROWID;
    CREATE TABLE snapshots(
      id INTEGER PRIMARY KEY AUTOINCREMENT, workflow INTEGER NOT NULL, position INTEGER NOT NULL, byte_count INTEGER NOT NULL,
      checksum INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;
    CREATE INDEX snapshots_of ON snapshots(workflow, position);
    CREATE TABLE snapshot_parts(
      snapshot INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(snapshot, part)) STRICT;
    CREATE TABLE leases(
      workflow INTEGER NOT NULL, digest BLOB NOT NULL, replica INTEGER NOT NULL, seq_before INTEGER NOT NULL, seq_at_end INTEGER,
      touched_at INTEGER NOT NULL, PRIMARY KEY(workflow, digest)) STRICT, WITHOUT ROWID;
    CREATE TABLE runs(
      id INTEGER PRIMARY KEY AUTOINCREMENT, workflow INTEGER NOT NULL, run TEXT NOT NULL, is_finished INTEGER NOT NULL DEFAULT 0,
      UNIQUE(workflow, run)) STRICT;
    CREATE TABLE run_events(
      run INTEGER NOT NULL, seq INTEGER NOT NULL, is_last INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(run, seq)) STRICT, WITHOUT ROWID;
    CREATE TABLE deleted(workflow INTEGER PRIMARY KEY) STRICT;
    """

  /// Named versions, each with a snapshot of its own.
  private static let versionTwo = """
    CREATE TABLE versions(
      workflow INTEGER NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, kind INTEGER NOT NULL,
      subject TEXT NOT NULL, author TEXT NOT NULL, named_at INTEGER NOT NULL, snapshot INTEGER NOT NULL,
      PRIMARY KEY(workflow, id)) STRICT, WITHOUT ROWID;
    """

  /// Who may do what. `members.name` repeats the workflow's, so that the list of somebody's workflows is a walk along an index.
  private static let versionThree = """
    CREATE TABLE members(
      workflow INTEGER NOT NULL, subject TEXT NOT NULL, role INTEGER NOT NULL, added_at INTEGER NOT NULL, added_by TEXT NOT NULL,
      name TEXT NOT NULL, PRIMARY KEY(workflow, subject)) STRICT, WITHOUT ROWID;
    CREATE INDEX members_of ON members(subject, name);
    CREATE INDEX owners_of ON members(subject, name) WHERE role = 5;
    CREATE TABLE links(
      id TEXT PRIMARY KEY, workflow INTEGER NOT NULL, digest BLOB NOT NULL, role INTEGER NOT NULL, name TEXT NOT NULL, made_by TEXT NOT NULL,
      made_at INTEGER NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE INDEX links_of ON links(workflow, made_at);
    CREATE TABLE keys(
      id TEXT PRIMARY KEY, digest BLOB NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL, kind INTEGER NOT NULL, workflows TEXT,
      made_by TEXT NOT NULL, made_at INTEGER NOT NULL, expires_at INTEGER, used_at INTEGER) STRICT, WITHOUT ROWID;
    """
}

extension Schema {
  /// What requests with an idempotency key were answered. A row without `status` is a claim. Bodies are large, so the indexes are apart.
  private static let keptAnswers = """
    CREATE TABLE answers(
      id INTEGER PRIMARY KEY AUTOINCREMENT, holder TEXT NOT NULL, digest BLOB NOT NULL, fingerprint BLOB NOT NULL, planned TEXT NOT NULL,
      claimed_at INTEGER NOT NULL, status INTEGER, location TEXT, tag TEXT, body BLOB, UNIQUE(holder, digest)) STRICT;
    CREATE INDEX answers_of ON answers(holder);
    CREATE INDEX answers_by_age ON answers(claimed_at);
    """

  /// Versions are numbered per workflow, in the order in which they were named, and know why they are kept.
  private static let numberedVersions = """
    ALTER TABLE workflows ADD COLUMN version_count INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE versions ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE versions ADD COLUMN cause INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE versions ADD COLUMN graph_hash BLOB NOT NULL DEFAULT x'';
    ALTER TABLE versions ADD COLUMN summary TEXT NOT NULL DEFAULT '';
    UPDATE versions SET number = (
      SELECT count(*) FROM versions o WHERE o.workflow = versions.workflow AND (o.named_at, o.id) <= (versions.named_at, versions.id));
    UPDATE workflows SET version_count = (SELECT count(*) FROM versions WHERE workflow = workflows.key);
    """
}

extension Schema {
  /// Who is told of what, and what still has to be told. `pending` counts a webhook's deliveries of state 0.
  private static let webhooks = """
    CREATE TABLE webhooks(
      key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, workflow INTEGER NOT NULL, url TEXT NOT NULL, events INTEGER NOT NULL,
      off_at INTEGER, off_reason TEXT NOT NULL, secret BLOB NOT NULL, former_secret BLOB, former_until INTEGER, made_by TEXT NOT NULL,
      made_at INTEGER NOT NULL, told INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0, failing_since INTEGER,
      pending INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE INDEX webhooks_of ON webhooks(workflow);
    CREATE INDEX webhooks_waiting ON webhooks(pending) WHERE pending > 0;
    CREATE TABLE deliveries(
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, hook INTEGER NOT NULL, id TEXT NOT NULL, event INTEGER NOT NULL, state INTEGER NOT NULL,
      occurred_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, tried_at INTEGER, status INTEGER, error TEXT NOT NULL,
      body BLOB NOT NULL, UNIQUE(hook, id)) STRICT;
    CREATE INDEX deliveries_of ON deliveries(hook, sequence);
    CREATE INDEX deliveries_in ON deliveries(hook, state, sequence);
    CREATE INDEX deliveries_due ON deliveries(hook, due_at, sequence) WHERE state = 0;
    """
}

/// The life of a row in `snapshots`.
enum SnapshotState {
  /// Parts are being written. Becomes `whole` with the last of them; a crash leaves it to be dropped.
  static let partial = 0
  /// Counts.
  static let whole = 1
  /// Was found damaged; kept for the report until the next snapshot is saved.
  static let damaged = 2
  /// Belongs to a named version and goes with it. Becomes `partial` then.
  static let named = 3
}
