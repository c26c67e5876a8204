// A station with as many items as are asked for, in a bucket: signed manifests, entries and statements of their own, few payloads among them.
// Everything is stored and recorded by the product's own rooms; only the camera is left out.
import { createHash } from 'node:crypto';
import {
  formatInstant,
  type Manifest,
  makeAcquisitionId,
  makeItemId,
  manifestKey,
  parseByteCount,
  parseCaseNumber,
  parseSha256,
  payloadKey,
  type VaultReceipt,
} from '../../src/evidence/index.ts';
import type { DockPorts } from '../../src/ingest/index.ts';
import { itemEntry } from '../../src/ingest/settle.ts';
import { sealItem } from '../../src/seal/index.ts';
import { ACTOR, openIt } from '../fault/stations.ts';

/** Different payloads; items share them. */
const PAYLOADS = 8;
const PAYLOAD_BYTES = 512;
/** Items in one append, and puts side by side. */
const BATCH = 500;
const LANES = 16;
/** Every so many items one belongs to a case: statements are published one by one. */
const BETWEEN_CASES = 50;

/** Puts items on record and publishes them. `say` hears how many there are. */
export async function fillWithItems(
  config: string,
  items: number,
  say: (done: number) => void = () => undefined,
): Promise<void> {
  await using station = await openIt(config);
  const { ports } = station;
  const payloads = await Promise.all(Array.from({ length: PAYLOADS }, (_, k) => putPayload(ports, k)));
  const acquisition = makeAcquisitionId(ports.clock.now(), '0badcafe');
  for (let from = 0; from < items; from += BATCH) {
    const entries: ReturnType<typeof itemEntry>[] = [];
    const numbers = Array.from({ length: Math.min(BATCH, items - from) }, (_, k) => from + k);
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
          const copy = payloads[n % PAYLOADS];
          if (copy !== undefined) entries[n - from] = await putItem(ports, acquisition, n, copy);
        }
      }),
    );
    ports.recorder.record(entries);
    say(from + entries.length);
  }
  await ports.publisher.publish();
}

function putPayload({ vault }: DockPorts, k: number): Promise<VaultReceipt> {
  const bytes = Buffer.alloc(PAYLOAD_BYTES, k);
  const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
  return vault.putOnce(payloadKey(sha256), { bytes, sha256, sizeBytes: bytes.length }, LOCKED);
}

const LOCKED = { locked: true, retainUntil: 'permanent' } as const;

async function putItem(
  { vault, station, signer, clock }: DockPorts,
  acquisition: Manifest['acquisition'],
  n: number,
  copy: VaultReceipt,
): Promise<ReturnType<typeof itemEntry>> {
  const at = formatInstant(clock.now());
  const item = makeItemId(acquisition, n + 1);
  const manifest: Manifest = {
    type: 'docket/manifest',
    v: 1,
    station,
    item,
    acquisition,
    kind: 'footage',
    payload: { sha256: copy.sha256, sizeBytes: copy.sizeBytes },
    source: { camera: { way: 'folder', serial: `CAM${n % 20}` }, path: { text: `VIDEO/${n}.mp4` } },
    time: { captured: at, capturedFrom: 'modified', cameraModified: at, stationRead: at, cameraOffsetMs: 'unknown' },
    case: n % BETWEEN_CASES === 0 ? parseCaseNumber(`2026-LX-${n}`) : undefined,
    keyMark: false,
    reading: { startedAt: at, finishedAt: at },
    retention: { class: 'case', rule: 'same-as-case', until: 'permanent' },
  };
  const { sealed, sealedSha256 } = sealItem(manifest, '', signer);
  const key = manifestKey(station, item);
  await vault.putOnce(key, { bytes: sealed, sha256: sealedSha256, sizeBytes: sealed.length }, LOCKED);
  const manifestObject = { key, sha256: sealedSha256, sizeBytes: parseByteCount(sealed.length) };
  return itemEntry(manifest, { manifestObject, copies: [copy] }, ACTOR, at);
}
