// Every piece of SQL of the catalog: its tables and the statements that fill them.
// Never holds a rule of its own: what a row says is decided in derive.ts, what a query means in its own file.
// Times are INTEGER milliseconds since 1970; `entry` columns hold the canonical JSON of one ledger entry, so a row can always be
// compared with the ledger byte for byte. `idx` is the ledger index of the entry a row comes from.

/** Marks a file as a docket catalog ('dkct'), so that no other database is ever taken for one and made anew. */
export const APPLICATION_ID = 0x64_6b_63_74;
/** Version of the tables and of the derivation together: whoever changes what a row or a search word is raises it. */
export const SCHEMA_VERSION = 3;

/** Makes an empty catalog. Runs inside one transaction. */
export const CREATE = `
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  schema INTEGER NOT NULL,
  applied_size INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, ${SCHEMA_VERSION}, 0);

CREATE TABLE item (
  idx INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  case_no TEXT,
  captured_ms INTEGER NOT NULL,
  entry TEXT NOT NULL
) STRICT;
-- A case in capture order. Digests and paths have no index here but facets among the words: an index of random keys dirties a page per
-- item, which doubled the time of a rebuild.
CREATE INDEX item_case ON item (case_no, captured_ms) WHERE case_no IS NOT NULL;

-- The newest examination of an item; text is what was extracted from a document, kept apart so that lists need not read it.
CREATE TABLE examination (
  item INTEGER PRIMARY KEY,
  idx INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  entry TEXT NOT NULL,
  text TEXT
) STRICT;
-- Copies of payloads made after the recording, the newest of each vault.
CREATE TABLE copy (item INTEGER NOT NULL, vault TEXT NOT NULL, idx INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (item, vault)) STRICT, WITHOUT ROWID;
CREATE TABLE unexamined (kind TEXT NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (kind, item)) STRICT, WITHOUT ROWID;

CREATE TABLE case_file (case_no TEXT PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE case_kind (
  case_no TEXT NOT NULL,
  kind TEXT NOT NULL,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (case_no, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_acquisition (case_no TEXT NOT NULL, acquisition TEXT NOT NULL, PRIMARY KEY (case_no, acquisition)) STRICT, WITHOUT ROWID;

CREATE TABLE acquisition (idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entry TEXT NOT NULL) STRICT;
CREATE TABLE release (acquisition TEXT PRIMARY KEY, idx INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;
CREATE TABLE refusal (idx INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;
-- Two models may carry one serial (000000): each has its row.
CREATE TABLE camera (
  serial TEXT NOT NULL,
  model TEXT NOT NULL,
  idx INTEGER NOT NULL,
  removed_idx INTEGER,
  entry TEXT NOT NULL,
  PRIMARY KEY (serial, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally (what TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Words of an item under its idx. Contentless: the words are derived again when an examination adds to them. The ascii tokenizer
-- splits at ASCII punctuation only and takes all else as letters: words.ts has already put a space wherever a word ends.
CREATE VIRTUAL TABLE item_fts USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
`;

/** What applying entries writes. */
export const WRITE = {
  setApplied: 'UPDATE meta SET applied_size = ? WHERE one = 1',
  // Only a second record of the same item is passed over; any other conflict means the catalog holds what no entry said.
  insertItem: `INSERT INTO item (idx, id, kind, case_no, captured_ms, entry)
    VALUES (@idx, @id, @kind, @caseNo, @capturedMs, @entry) ON CONFLICT (id) DO NOTHING`,
  insertUnexamined: 'INSERT INTO unexamined (kind, item) VALUES (?, ?)',
  deleteUnexamined: 'DELETE FROM unexamined WHERE kind = ? AND item = ?',
  itemOfExamination: `SELECT i.idx, i.entry, x.duration_ms AS durationMs FROM item i LEFT JOIN examination x ON x.item = i.idx WHERE i.id = ?`,
  upsertExamination: `INSERT INTO examination (item, idx, duration_ms, entry, text) VALUES (@item, @idx, @durationMs, @entry, @text)
    ON CONFLICT (item) DO UPDATE SET idx = excluded.idx, duration_ms = excluded.duration_ms, entry = excluded.entry, text = excluded.text`,
  upsertCopy: `INSERT INTO copy (item, vault, idx, entry) VALUES (@item, @vault, @idx, @entry)
    ON CONFLICT (item, vault) DO UPDATE SET idx = excluded.idx, entry = excluded.entry`,
  insertCase: 'INSERT INTO case_file (case_no, idx) VALUES (?, ?) ON CONFLICT DO NOTHING',
  upsertCaseKind: `INSERT INTO case_kind (case_no, kind, items, bytes, duration_ms, first_ms, last_ms)
    VALUES (@caseNo, @kind, @items, @bytes, @durationMs, @firstMs, @lastMs) ON CONFLICT (case_no, kind) DO UPDATE SET
    items = items + excluded.items, bytes = bytes + excluded.bytes, duration_ms = duration_ms + excluded.duration_ms,
    first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`,
  lengthenCaseKind: 'UPDATE case_kind SET duration_ms = duration_ms + ? WHERE case_no = ? AND kind = ?',
  insertCaseAcquisition: 'INSERT INTO case_acquisition (case_no, acquisition) VALUES (?, ?) ON CONFLICT DO NOTHING',
  insertAcquisition: 'INSERT INTO acquisition (idx, id, entry) VALUES (@idx, @id, @entry) ON CONFLICT (id) DO NOTHING',
  insertRelease:
    'INSERT INTO release (acquisition, idx, entry) VALUES (@acquisition, @idx, @entry) ON CONFLICT (acquisition) DO NOTHING',
  insertRefusal: 'INSERT INTO refusal (idx, entry) VALUES (@idx, @entry)',
  upsertCamera: `INSERT INTO camera (serial, model, idx, removed_idx, entry) VALUES (@serial, @model, @idx, NULL, @entry)
    ON CONFLICT (serial, model) DO UPDATE SET idx = excluded.idx, removed_idx = NULL, entry = excluded.entry`,
  removeCamera: 'UPDATE camera SET removed_idx = ? WHERE serial = ? AND removed_idx IS NULL',
  addTally: 'INSERT INTO tally (what, n) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET n = n + excluded.n',
  insertWords: 'INSERT INTO item_fts (rowid, words) VALUES (?, ?)',
  deleteWords: 'DELETE FROM item_fts WHERE rowid = ?',
} as const;

const ITEM_COLUMNS = 'i.idx, i.entry, x.idx AS examinedIdx, x.entry AS examinedEntry';
const ITEM_FROM = 'item i LEFT JOIN examination x ON x.item = i.idx';
const ACQUISITION_FROM = `SELECT a.idx, a.entry, r.idx AS releasedIdx, r.entry AS releasedEntry
    FROM acquisition a LEFT JOIN release r ON r.acquisition = a.id`;

/** What queries read. */
export const READ = {
  applied: 'SELECT schema, applied_size AS appliedSize FROM meta WHERE one = 1',
  item: `SELECT ${ITEM_COLUMNS} FROM ${ITEM_FROM} WHERE i.id = ?`,
  documentText: 'SELECT x.text FROM item i JOIN examination x ON x.item = i.idx WHERE i.id = ?',
  copiesOfItem: 'SELECT c.idx, c.entry FROM item i JOIN copy c ON c.item = i.idx WHERE i.id = ? ORDER BY c.idx',
  itemsById: `SELECT ${ITEM_COLUMNS} FROM ${ITEM_FROM} WHERE i.id > ? AND i.id <= ? ORDER BY i.id LIMIT ?`,
  itemsOfCase: `SELECT ${ITEM_COLUMNS}, i.captured_ms AS capturedMs FROM ${ITEM_FROM}
    WHERE i.case_no = ? AND (i.captured_ms, i.idx) > (?, ?) ORDER BY i.captured_ms, i.idx LIMIT ?`,
  itemsNewest: `SELECT ${ITEM_COLUMNS} FROM ${ITEM_FROM} WHERE i.idx < ? ORDER BY i.idx DESC LIMIT ?`,
  itemOldest: `SELECT ${ITEM_COLUMNS} FROM ${ITEM_FROM} ORDER BY i.idx LIMIT 1`,
  // CROSS JOIN keeps the order of the tables: the words lead, newest first, and only as many items are read as are wanted.
  itemsMatching: `SELECT ${ITEM_COLUMNS} FROM item_fts f CROSS JOIN item i ON i.idx = f.rowid LEFT JOIN examination x ON x.item = i.idx
    WHERE f.item_fts MATCH ? AND f.rowid < ? AND i.captured_ms >= ? AND i.captured_ms < ? ORDER BY f.rowid DESC`,
  unexamined: `SELECT ${ITEM_COLUMNS} FROM unexamined u CROSS JOIN ${ITEM_FROM} WHERE i.idx = u.item AND u.kind = ? AND u.item > ? ORDER BY u.item LIMIT ?`,
  caseFile: 'SELECT idx FROM case_file WHERE case_no = ?',
  caseKinds: `SELECT kind, items, bytes, duration_ms AS durationMs, first_ms AS firstMs, last_ms AS lastMs FROM case_kind WHERE case_no = ?`,
  caseAcquisitions: 'SELECT acquisition FROM case_acquisition WHERE case_no = ? ORDER BY acquisition LIMIT ?',
  caseAcquisitionCount: 'SELECT count(*) AS n FROM case_acquisition WHERE case_no = ?',
  acquisition: `${ACQUISITION_FROM} WHERE a.id = ?`,
  recentAcquisitions: `${ACQUISITION_FROM} ORDER BY a.idx DESC LIMIT ?`,
  recentRefusals: 'SELECT idx, entry FROM refusal ORDER BY idx DESC LIMIT ?',
  cameras: 'SELECT idx, entry, removed_idx AS removedIdx FROM camera ORDER BY serial, model LIMIT ?',
  camerasOfSerial: 'SELECT idx, entry, removed_idx AS removedIdx FROM camera WHERE serial = ? ORDER BY idx DESC',
  cameraCount: 'SELECT count(*) AS n FROM camera WHERE removed_idx IS NULL',
  caseCount: 'SELECT count(*) AS n FROM case_file',
  acquisitionCount: 'SELECT count(*) AS n FROM acquisition',
  tallies: 'SELECT what, n FROM tally',
} as const;

/** The tables whose rows are the content of a catalog, with their keys; the words are compared by term. */
export const CONTENT_TABLES = [
  { name: 'meta', key: ['one'], columns: ['schema', 'applied_size'] },
  { name: 'item', key: ['idx'], columns: ['id', 'kind', 'case_no', 'captured_ms', 'entry'] },
  { name: 'examination', key: ['item'], columns: ['idx', 'duration_ms', 'entry', 'text'] },
  { name: 'copy', key: ['item', 'vault'], columns: ['idx', 'entry'] },
  { name: 'unexamined', key: ['kind', 'item'], columns: [] },
  { name: 'case_file', key: ['case_no'], columns: ['idx'] },
  { name: 'case_kind', key: ['case_no', 'kind'], columns: ['items', 'bytes', 'duration_ms', 'first_ms', 'last_ms'] },
  { name: 'case_acquisition', key: ['case_no', 'acquisition'], columns: [] },
  { name: 'acquisition', key: ['idx'], columns: ['id', 'entry'] },
  { name: 'release', key: ['acquisition'], columns: ['idx', 'entry'] },
  { name: 'refusal', key: ['idx'], columns: ['entry'] },
  { name: 'camera', key: ['serial', 'model'], columns: ['idx', 'removed_idx', 'entry'] },
  { name: 'tally', key: ['what'], columns: ['n'] },
] as const;
/** One of CONTENT_TABLES. */
export type ContentTable = (typeof CONTENT_TABLES)[number];
