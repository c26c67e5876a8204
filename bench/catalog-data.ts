// Ledger entries in any number for measuring: cameras, officers, cases, footage and Chinese documents as a district's station has them.
// The same seed gives the same entries; nothing is kept, so a million cost no memory. Never used outside tests and measurements.
import {
  type ByteCount,
  type CaseNumber,
  type Entry,
  type EntryOf,
  type EpochMs,
  formatInstant,
  makeAcquisitionId,
  makeItemId,
  parseCaseNumber,
  parseSha256,
} from '../src/evidence/index.ts';

/** Where the generated time begins. */
const EPOCH_MS = Date.UTC(2024, 0, 1);
const FAMILY = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const GIVEN = ['伟', '芳', '娜', '秀英', '敏', '静', '丽', '强', '磊', '军', '洋', '勇', '艳', '杰', '涛'];
const UNITS = ['沪东分局治安支队', '沪东分局交警支队', '市场监管局执法大队', '城管执法局一中队', '卫生监督所'];
const MATTERS = ['盗窃', '酒驾', '无证经营', '扬尘污染', '食品安全'];
const DOCUMENTS = ['询问笔录', '现场检查笔录', '行政处罚决定书', '送达回证', '扣押清单'];
const SENTENCES = [
  '当事人对违法事实没有异议',
  '执法人员出示了执法证件',
  '现场提取监控录像一份',
  '依法告知其陈述申辩的权利',
  '该批货物当场予以扣押',
  '当事人拒绝在笔录上签字',
];
/** Files of one acquisition. */
const FILES = 24;
/** Cameras in use. */
const CAMERAS = 400;

/** What to make. */
export interface CatalogDataOptions {
  readonly items: number;
  readonly seed?: number | undefined;
  /** Items that are examined too, as a share from 0 to 1; 0.1 when absent. */
  readonly examined?: number | undefined;
}

/** A generator of numbers in [0, 1) (mulberry32): repeatable, which is all that is asked of it. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Number of the case that acquisition `n` belongs to: about a hundred items to a case. */
export function caseOf(n: number): CaseNumber {
  return parseCaseNumber(`2026-LX-${String(Math.floor(n / 4)).padStart(6, '0')}`);
}

/** Entries with their index, item by item: each acquisition's items, then its receipt, then what was examined of it. */
export function* catalogEntries({
  items,
  seed = 1,
  examined = 0.1,
}: CatalogDataOptions): Generator<{ index: number; entry: Entry }> {
  const random = makeRandom(seed);
  let index = 0;
  for (let n = 0, made = 0; made < items; n += 1) {
    const files = Math.min(FILES, items - made);
    const records = Array.from({ length: files }, (_, file) => recordOf(n, file, random));
    for (const entry of records) yield { index: index++, entry };
    const first = records[0];
    if (first !== undefined) yield { index: index++, entry: acquisitionOf(first, records) };
    for (const record of records)
      if (random() < examined) yield { index: index++, entry: examinationOf(record, random) };
    made += files;
  }
}

function recordOf(n: number, file: number, random: () => number): EntryOf<'item.recorded'> {
  const at = EPOCH_MS + n * 3_600_000;
  const captured = at - 36_000_000 + file * 600_000;
  const cameraNumber = Math.floor(random() * CAMERAS);
  const serial = String(n % CAMERAS).padStart(6, '0');
  const acquisition = makeAcquisitionId(at as EpochMs, n.toString(16).padStart(8, '0'));
  const officer = officerOf(n % CAMERAS);
  const document = file % 20 === 19;
  const matter = pick(MATTERS, n);
  const sha256 = parseSha256(
    Array.from({ length: 8 }, () =>
      Math.floor(random() * 4_294_967_296)
        .toString(16)
        .padStart(8, '0'),
    ).join(''),
  );
  const sizeBytes = Math.floor(random() * 2_000_000_000) as ByteCount;
  const stamp = formatInstant(captured).replaceAll(/[-:]/g, '').replace('T', '_').slice(0, 15);
  const name = document
    ? `${pick(DOCUMENTS, n + file)}.docx`
    : `BC01_${serial}_${stamp}${random() < 0.1 ? '_IMP' : ''}.mp4`;
  return {
    v: 1,
    kind: 'item.recorded',
    at: formatInstant(at + file * 1000),
    actor: { kind: 'station', name: 'pudong-1' },
    item: makeItemId(acquisition, file + 1),
    acquisition,
    itemKind: document ? 'document' : 'footage',
    manifest: { key: `manifests/pudong-1/${acquisition}-${file}.json`, sha256, sizeBytes: 1800 as ByteCount },
    payload: { sha256, sizeBytes },
    camera: {
      way: 'usb',
      serial,
      model: 'DSJ-H8',
      vendorId: '1d6b',
      productId: String(cameraNumber).padStart(4, '0'),
      officer,
      unit: pick(UNITS, n % CAMERAS),
      profile: 'dsj',
    },
    path: { text: `DCIM/${matter}现场/${name}` },
    time: {
      captured: formatInstant(captured),
      capturedFrom: 'name',
      cameraModified: formatInstant(captured),
      stationRead: formatInstant(at),
      cameraOffsetMs: 'unknown',
    },
    ...(n % 8 < 7 ? { case: caseOf(n) } : {}),
    ...(document ? { documentType: pick(DOCUMENTS, n + file) } : {}),
    keyMark: name.includes('IMP'),
    retention: { class: 'case', rule: 'same-as-case', until: 'permanent' },
    copies: [
      {
        vault: 'main',
        key: `payload/sha256/${sha256.slice(0, 2)}/${sha256}`,
        sha256,
        sizeBytes,
        lock: 'compliance',
        retainUntil: formatInstant(at + 1e12),
      },
    ],
  };
}

function acquisitionOf(
  first: EntryOf<'item.recorded'>,
  records: readonly EntryOf<'item.recorded'>[],
): EntryOf<'acquisition.recorded'> {
  return {
    v: 1,
    kind: 'acquisition.recorded',
    at: first.at,
    actor: first.actor,
    acquisition: first.acquisition,
    camera: first.camera,
    ...(first.case === undefined ? {} : { case: first.case }),
    receipt: { ...first.manifest, key: `receipts/pudong-1/${first.acquisition}.json` },
    startedAt: first.at,
    finishedAt: first.at,
    ended: 'complete',
    outcomes: {
      recorded: records.length,
      'already-recorded': 0,
      interrupted: 0,
      'in-progress': 0,
      skipped: 0,
      refused: 0,
      failed: 0,
    },
    bytesRecorded: records.reduce((sum, each) => sum + each.payload.sizeBytes, 0) as ByteCount,
    gaps: 0,
  };
}

function examinationOf(record: EntryOf<'item.recorded'>, random: () => number): EntryOf<'item.examined'> {
  const base = {
    v: 1,
    kind: 'item.examined',
    at: record.at,
    actor: record.actor,
    item: record.item,
    readable: true,
    tool: 'probe 1',
  } as const;
  if (record.itemKind === 'document')
    return {
      ...base,
      facts: { pages: 2, text: Array.from({ length: 8 }, () => pick(SENTENCES, Math.floor(random() * 97))).join('，') },
    };
  return {
    ...base,
    facts: {
      container: 'mp4',
      durationMs: Math.floor(random() * 600_000),
      video: { codec: 'h264', widthPx: 1920, heightPx: 1080 },
      location: '+31.2304+121.4737/',
    },
  };
}

function officerOf(n: number): { name: string; certificate: string } {
  return {
    name: `${pick(FAMILY, n)}${pick(GIVEN, Math.floor(n / FAMILY.length))}`,
    certificate: `沪执${String(n).padStart(6, '0')}`,
  };
}

function pick<T>(list: readonly T[], n: number): T {
  const one = list[n % list.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
