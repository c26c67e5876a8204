// Samples for tests: a signer that is the same every time, and one whole record of each kind.
// The key is made from a fixed seed and signs nothing but tests.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  type CameraIdentity,
  formatInstant,
  type Manifest,
  makeVerifier,
  parseManifest,
  type Signer,
  type SourceFile,
} from '../../src/evidence/index.ts';

/** PKCS #8 up to the seed of an Ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A signer from a 32-byte seed. */
export function signerOf(name: string, seed: Buffer): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { ...makeVerifier(name, spki.subarray(spki.length - 32)), sign: (bytes) => sign(null, bytes, key) };
}

/** The signer of station-7. */
export const SIGNER = signerOf('docket/station-7', Buffer.alloc(32, 7));

const SHA = 'ab'.repeat(32);

export const ACQUISITION = '20261121-064854-0123abcd';
export const ITEM = `${ACQUISITION}-000001`;

/** A camera as registered. */
export const CAMERA: CameraIdentity = {
  way: 'usb',
  serial: 'DSJ-0001',
  model: 'DSJ-V8',
  officer: { name: '王芳', certificate: '沪-0042' },
  unit: '浦东第三大队',
};

const MANIFEST = {
  type: 'docket/manifest',
  v: 1,
  station: 'station-7',
  item: ITEM,
  acquisition: ACQUISITION,
  kind: 'footage',
  payload: { sha256: SHA, sm3: 'cd'.repeat(32), sizeBytes: 123_456_789 },
  source: { camera: CAMERA, path: { text: 'DCIM/100MEDIA/执法_0001_20261121_064500.mp4' } },
  time: {
    captured: '2026-11-21T06:45:00.000Z',
    capturedFrom: 'name',
    cameraModified: '2026-11-21T06:47:10.000Z',
    cameraNamed: { local: '2026-11-21T14:45:00', zone: 'Asia/Shanghai' },
    stationRead: '2026-11-21T06:48:54.000Z',
    cameraOffsetMs: -1250,
  },
  case: '沪浦罚〔2026〕3号',
  keyMark: true,
  reading: { startedAt: '2026-11-21T06:48:54.000Z', finishedAt: '2026-11-21T06:49:01.000Z' },
  retention: { class: 'case', rule: 'same-as-case', until: 'permanent' },
};

/** A whole manifest, some members changed. */
export function manifestWith(changes: Readonly<Record<string, unknown>> = {}): Manifest {
  return parseManifest({ ...MANIFEST, ...changes }, 'the sample manifest');
}

/** The ledger entry of an item. */
export function recordedEntry(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const object = { key: `manifests/station-7/${ITEM}.json`, sha256: SHA, sizeBytes: 1400 };
  return {
    v: 1,
    kind: 'item.recorded',
    at: '2026-11-21T06:49:02.000Z',
    actor: { kind: 'station', name: 'station-7' },
    item: ITEM,
    acquisition: ACQUISITION,
    itemKind: 'footage',
    manifest: object,
    payload: MANIFEST.payload,
    camera: CAMERA,
    path: MANIFEST.source.path,
    time: MANIFEST.time,
    case: MANIFEST.case,
    keyMark: true,
    retention: MANIFEST.retention,
    copies: [
      { vault: 'directory', key: `payload/sha256/ab/${SHA}`, sha256: SHA, sizeBytes: 123_456_789, lock: 'none' },
    ],
    ...changes,
  };
}

/** A file on a card. */
export function sourceFile(path: string, changes: Partial<SourceFile> = {}): SourceFile {
  const plain = { path: { text: path }, type: 'file', sizeBytes: 0, modifiedAtMs: 0, kind: 'footage', keyMark: false };
  return { ...plain, verdict: { take: true }, ...changes } as SourceFile; // sizes and times of tests are what they are
}

/** The instant so many milliseconds after 2026 began. */
export function instantAfter(ms: number): string {
  return formatInstant(Date.UTC(2026, 0, 1) + ms);
}
