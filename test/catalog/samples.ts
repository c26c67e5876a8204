// Small ledgers for the tests: entries with every fact a test does not care about filled in.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalog, IndexedEntry } from '../../src/catalog/index.ts';
import {
  type CameraIdentity,
  type Entry,
  type EntryOf,
  type ForeignEntry,
  type ItemKind,
  makeItemId,
  parseAcquisitionId,
  parseByteCount,
  parseCaseNumber,
  parseInstant,
  parseItemId,
  parseSha256,
  parseStationName,
} from '../../src/evidence/index.ts';

const ACTOR = { kind: 'station', name: 'pudong-1' } as const;
const AT = parseInstant('2026-02-01T10:00:00.000Z');

/** A folder of its own, removed when the test ends. */
export async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'docket-catalog-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Id of acquisition `n`. */
export function acquisitionId(n: number) {
  return parseAcquisitionId(`20260201-100000-${n.toString(16).padStart(8, '0')}`);
}

/** Id of file `file` of acquisition `n`. */
export function itemId(n: number, file: number) {
  return makeItemId(acquisitionId(n), file);
}

/** A digest that begins with `n`. */
export function digest(n: number) {
  return parseSha256(n.toString(16).padStart(16, '0').padEnd(64, 'a'));
}

/** What a test may say of an item. */
export interface SampleItem {
  readonly acquisition?: number;
  readonly file?: number;
  readonly kind?: ItemKind;
  readonly case?: string;
  readonly path?: string;
  readonly pathBytes?: string;
  readonly captured?: string;
  readonly sizeBytes?: number;
  readonly digest?: number;
  readonly documentType?: string;
  readonly camera?: Partial<CameraIdentity>;
}

/** A recorded item. */
export function recorded(sample: SampleItem = {}): EntryOf<'item.recorded'> {
  const { acquisition = 1, file = 1 } = sample;
  const sha256 = digest(sample.digest ?? acquisition * 1000 + file);
  const sizeBytes = parseByteCount(sample.sizeBytes ?? 1000);
  const captured = parseInstant(sample.captured ?? '2026-01-31T00:00:00.000Z');
  const camera: CameraIdentity = { way: 'usb', serial: '000123', ...sample.camera };
  return {
    v: 1,
    kind: 'item.recorded',
    at: AT,
    actor: ACTOR,
    item: itemId(acquisition, file),
    acquisition: acquisitionId(acquisition),
    itemKind: sample.kind ?? 'footage',
    manifest: { key: 'manifests/pudong-1/x.json', sha256, sizeBytes },
    payload: { sha256, sizeBytes },
    camera,
    path: {
      text: sample.path ?? `DCIM/F${file}.mp4`,
      ...(sample.pathBytes === undefined ? {} : { bytes: sample.pathBytes }),
    },
    time: { captured, capturedFrom: 'name', cameraModified: captured, stationRead: AT, cameraOffsetMs: 'unknown' },
    ...(sample.case === undefined ? {} : { case: parseCaseNumber(sample.case) }),
    ...(sample.documentType === undefined ? {} : { documentType: sample.documentType }),
    keyMark: false,
    retention: { class: 'case', rule: 'same-as-case', until: 'permanent' },
    copies: [{ vault: 'main', key: `payload/${sha256}`, sha256, sizeBytes, lock: 'none' }],
  };
}

/** An examination of an item. */
export function examined(
  acquisition: number,
  file: number,
  facts?: EntryOf<'item.examined'>['facts'],
): EntryOf<'item.examined'> {
  const item = parseItemId(itemId(acquisition, file));
  const base = {
    v: 1,
    kind: 'item.examined',
    at: AT,
    actor: ACTOR,
    item,
    readable: facts !== undefined,
    tool: 'probe',
  } as const;
  return facts === undefined ? base : { ...base, facts };
}

/** The receipt of an acquisition. */
export function acquired(n: number, caseNo?: string): EntryOf<'acquisition.recorded'> {
  const object = { key: 'receipts/pudong-1/x.json', sha256: digest(n), sizeBytes: parseByteCount(10) };
  const outcomes = {
    recorded: 1,
    'already-recorded': 0,
    interrupted: 0,
    'in-progress': 0,
    skipped: 0,
    refused: 0,
    failed: 0,
  };
  return {
    v: 1,
    kind: 'acquisition.recorded',
    at: AT,
    actor: ACTOR,
    acquisition: acquisitionId(n),
    camera: { way: 'usb', serial: '000123' },
    ...(caseNo === undefined ? {} : { case: parseCaseNumber(caseNo) }),
    receipt: object,
    startedAt: AT,
    finishedAt: AT,
    ended: 'complete',
    outcomes,
    bytesRecorded: parseByteCount(1000),
    gaps: 0,
  };
}

/** The release of the camera of an acquisition. */
export function released(n: number): EntryOf<'camera.released'> {
  const list = { key: 'x', sha256: digest(n), sizeBytes: parseByteCount(10) };
  return {
    v: 1,
    kind: 'camera.released',
    at: AT,
    actor: ACTOR,
    acquisition: acquisitionId(n),
    camera: { way: 'usb', serial: '000123' },
    files: 1,
    sizeBytes: parseByteCount(1000),
    list,
  };
}

/** A camera in the register. */
export function registered(
  serial: string,
  more: { model?: string; officer?: { name: string }; unit?: string } = {},
): EntryOf<'camera.registered'> {
  return { v: 1, kind: 'camera.registered', at: AT, actor: ACTOR, serial, ...more };
}

/** A camera that left the register. */
export function removed(serial: string): EntryOf<'camera.removed'> {
  return { v: 1, kind: 'camera.removed', at: AT, actor: ACTOR, serial };
}

/** A camera that was refused. */
export function refused(serial: string): EntryOf<'camera.refused'> {
  return { v: 1, kind: 'camera.refused', at: AT, actor: ACTOR, camera: { way: 'usb', serial }, reason: '未登记' };
}

/** The first entry of a ledger. */
export function created(): EntryOf<'station.created'> {
  return {
    v: 1,
    kind: 'station.created',
    at: AT,
    actor: ACTOR,
    station: parseStationName('pudong-1'),
    key: 'k',
    software: '0.1.0',
  };
}

/** An entry of a kind that a later version wrote. */
export function foreign(): ForeignEntry {
  return { foreign: true, kind: 'case.labelled', value: { v: 1, kind: 'case.labelled', text: '盗窃' } };
}

/** Entries at their indexes. */
export function indexed(entries: readonly (Entry | ForeignEntry)[], from = 0): IndexedEntry[] {
  return entries.map((entry, n) => ({ index: from + n, entry }));
}

/** Applies entries after those the catalog has. */
export function applyAll(catalog: Catalog, ...entries: readonly (Entry | ForeignEntry)[]): void {
  catalog.apply(indexed(entries, catalog.appliedSize));
}
