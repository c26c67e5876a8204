// Ledger entries and receipts: what is written is read back the same, what a later version wrote is kept, and nothing outgrows its place.
import { describe, expect, it } from 'vitest';
import {
  countOutcomes,
  decodeEntry,
  decodeReceipt,
  type Entry,
  encodeCanonical,
  encodeEntry,
  encodeReceipt,
  entrySchemas,
  isForeign,
  MAX_ENTRY_BYTES,
  MAX_EXTRACT_CHARS,
  OPEN_OUTCOMES,
  OUTCOMES,
  parseReceipt,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';
import { ACQUISITION, CAMERA, ITEM, recordedEntry } from './samples.ts';

const base = { v: 1, at: '2026-11-21T06:49:02.000Z', actor: { kind: 'person', name: '李伟' } } as const;
const object = { key: 'receipts/x.json', sha256: 'ab'.repeat(32), sizeBytes: 7 };

const ENTRIES: Readonly<Record<keyof typeof entrySchemas, unknown>> = {
  'station.created': { ...base, kind: 'station.created', station: 'station-7', key: 'a+b+c', software: 'docket 0.1.0' },
  'key.replaced': { ...base, kind: 'key.replaced', old: 'a+b+c', new: 'a+d+e', reason: '例行更换' },
  'camera.registered': {
    ...base,
    kind: 'camera.registered',
    serial: 'DSJ-0001',
    officer: { name: '王芳' },
    unit: '浦东',
  },
  'camera.removed': { ...base, kind: 'camera.removed', serial: 'DSJ-0001' },
  'item.recorded': recordedEntry(),
  'item.copied': {
    ...base,
    kind: 'item.copied',
    item: ITEM,
    copy: {
      vault: 's3',
      key: `payload/sha256/ab/${'ab'.repeat(32)}`,
      version: 'v-1',
      sha256: 'ab'.repeat(32),
      sizeBytes: 123_456_789,
      lock: 'compliance',
      retainUntil: '2027-05-23T06:48:54.000Z',
    },
  },
  'item.examined': {
    ...base,
    kind: 'item.examined',
    item: ITEM,
    readable: true,
    facts: { durationMs: 1.5, text: '笔录' },
    tool: 'ffprobe 5',
  },
  'acquisition.recorded': {
    ...base,
    kind: 'acquisition.recorded',
    acquisition: ACQUISITION,
    camera: CAMERA,
    receipt: object,
    startedAt: base.at,
    finishedAt: base.at,
    ended: 'complete',
    outcomes: Object.fromEntries(OUTCOMES.map((each) => [each, 1])),
    bytesRecorded: 7,
    gaps: 0,
  },
  'camera.refused': { ...base, kind: 'camera.refused', camera: CAMERA, reason: '未登记' },
  'camera.released': {
    ...base,
    kind: 'camera.released',
    acquisition: ACQUISITION,
    camera: CAMERA,
    files: 3,
    sizeBytes: 7,
    list: object,
  },
  'camera.cleared': {
    ...base,
    kind: 'camera.cleared',
    acquisition: ACQUISITION,
    camera: CAMERA,
    files: 2,
    sizeBytes: 6,
    left: 1,
    first: [{ n: 3, reason: '只读' }],
  },
  'ledger.restored': {
    ...base,
    kind: 'ledger.restored',
    size: 3,
    root: 'ab'.repeat(32),
    adopted: 1,
    reason: '磁盘损坏',
  },
  'scrub.recorded': {
    ...base,
    kind: 'scrub.recorded',
    from: 0,
    to: 7,
    items: 3,
    bytes: 7,
    findings: 1,
    first: [{ code: 'payload-altered', where: 'payload/sha256/ab/证据' }],
    startedAt: base.at,
    finishedAt: base.at,
    cycleStartedAt: base.at,
  },
};

describe('an entry', () => {
  it.each(Object.keys(entrySchemas) as (keyof typeof entrySchemas)[])(
    'of kind %s is read back as it was written',
    (kind) => {
      const bytes = encodeCanonical(ENTRIES[kind]);
      const entry = decodeEntry(bytes, 'entry 1');
      expect(isForeign(entry)).toBe(false);
      expect(entry).toEqual(ENTRIES[kind]);
      expect(encodeEntry(entry as Entry).equals(bytes)).toBe(true); // not foreign, as just shown
    },
  );

  it.each([
    ['a kind of a later version', { v: 1, kind: 'case.decided', decision: { text: '罚款', points: [1, 2] } }],
    ['a known kind in a later form', { v: 2, kind: 'item.recorded', everything: 'else' }],
    ['a kind named like a member of every object', { v: 1, kind: 'constructor' }],
  ])('of %s is kept whole', (_, value) => {
    const entry = decodeEntry(encodeCanonical(value), 'entry 1');
    expect(entry).toEqual({ foreign: true, kind: value.kind, value });
    expect(isForeign(entry)).toBe(true);
  });

  it.each([
    ['a member nobody knows', recordedEntry({ note: 'x' })],
    ['no copy at all', recordedEntry({ copies: [] })],
    ['a flag that is not true', recordedEntry({ recovered: false })],
    ['an outcome docket does not have', { ...(ENTRIES['acquisition.recorded'] as object), outcomes: { lost: 1 } }],
    ['an actor of no kind', recordedEntry({ actor: { name: 'x' } })],
    ['no version', { kind: 'item.recorded' }],
    ['version 0', { v: 0, kind: 'x' }],
    ['no kind', { v: 1 }],
    ['no members', []],
  ])('with %s is none', (_, value) => {
    const error = expectFailure('invalid', () => decodeEntry(encodeCanonical(value), 'entry 42 of station-7'));
    expect(error.message).toContain('entry 42 of station-7');
  });

  it('is read only in its one byte form', () => {
    expectFailure('invalid', () => decodeEntry(Buffer.from(JSON.stringify(recordedEntry(), null, 1)), 'entry 1'));
    expectFailure('invalid', () =>
      decodeEntry(Buffer.concat([encodeCanonical(recordedEntry()), Buffer.from('\n')]), 'entry 1'),
    );
  });

  it('holds 65,535 bytes and not one more', () => {
    const withReason = (length: number): Entry =>
      ({ ...(ENTRIES['camera.refused'] as Entry), reason: 'x'.repeat(length) }) as Entry; // a reason of any length
    const overhead = encodeCanonical(withReason(0)).length;
    expect(encodeEntry(withReason(MAX_ENTRY_BYTES - overhead))).toHaveLength(65_535);
    const error = expectFailure('too-large', () => encodeEntry(withReason(MAX_ENTRY_BYTES - overhead + 1)));
    expect(error.message).toContain('65536');
  });

  it('has room for the longest extract there may be, in Chinese', () => {
    const facts = { text: '证'.repeat(MAX_EXTRACT_CHARS), container: '\u0001'.repeat(4096) };
    const entry = decodeEntry(encodeCanonical({ ...(ENTRIES['item.examined'] as object), facts }), 'entry 1');
    expect(encodeEntry(entry as Entry).length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
  });
});

describe('a receipt', () => {
  const file = {
    n: 1,
    path: { text: 'DCIM/ˈ证.mp4', bytes: Buffer.from('DCIM/\xff.mp4', 'latin1').toString('base64') },
    kind: 'footage',
    sizeBytes: 7,
    modified: base.at,
    keyMark: true,
    outcome: 'recorded',
    item: ITEM,
    sha256: 'ab'.repeat(32),
  };
  const receipt = {
    type: 'docket/receipt',
    v: 1,
    station: 'station-7',
    acquisition: ACQUISITION,
    camera: CAMERA,
    case: '沪浦罚〔2026〕3号',
    startedAt: base.at,
    finishedAt: base.at,
    ended: 'complete',
    files: [
      file,
      ...OUTCOMES.map((outcome, k) => ({
        ...file,
        n: k + 2,
        outcome,
        item: undefined,
        sha256: undefined,
        reason: '原因',
      })),
    ],
    gaps: [{ kind: 'time', after: 'a.mp4', before: 'b.mp4', missing: 12.5 }],
    notes: ['camera clock unknown'],
  };

  it('is read back as it was written', () => {
    const bytes = encodeReceipt(parseReceipt(receipt, 'it'));
    expect(bytes.at(-1)).toBe(0x0a);
    const again = decodeReceipt(bytes, 'it');
    expect(again).toEqual(JSON.parse(JSON.stringify(receipt)));
    expect(encodeReceipt(again).equals(bytes)).toBe(true);
  });

  it('of a later version is told as one', () => {
    const error = expectFailure('format-newer', () => parseReceipt({ type: 'docket/receipt', v: 2, all: [] }, 'it'));
    expect(error.facts).toEqual({ version: 2, known: 1 });
  });

  it.each([
    ['a member nobody knows', { ...receipt, remark: '' }],
    ['a file without outcome', { ...receipt, files: [{ ...file, outcome: undefined }] }],
    ['a file numbered 0', { ...receipt, files: [{ ...file, n: 0 }] }],
    ['an end that is none', { ...receipt, ended: 'aborted' }],
  ])('with %s is none', (_, value) => {
    expectFailure('invalid', () => parseReceipt(value, 'it'));
  });

  it('counts every outcome, and knows which may still be on the camera only', () => {
    const counts = countOutcomes(parseReceipt(receipt, 'it').files);
    expect(counts).toEqual({ ...Object.fromEntries(OUTCOMES.map((each) => [each, 1])), recorded: 2 });
    expect(OUTCOMES.filter((each) => !OPEN_OUTCOMES.has(each))).toEqual(['recorded', 'already-recorded', 'skipped']);
  });
});
