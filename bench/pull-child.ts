// The child that pulls a folder into a spool: listing, one pass of reading, hashing and writing per file, fsync and name. No vault, no ledger.
// Run by bench/copy.ts in a process of its own, so that its CPU time and memory are its own: node pull-child.ts FOLDER SPOOL
import { randomBytes } from 'node:crypto';
import { listCard, openSpool, pullFile } from '../src/acquire/index.ts';
import { DEFAULT_CARD_LIMITS, openCard, TAKE_EVERYTHING } from '../src/camera/index.ts';
import { type CameraIdentity, makeAcquisitionId } from '../src/evidence/index.ts';
import { readBootId, systemClock } from '../src/platform/index.ts';

const [root, spoolPath] = process.argv.slice(2);
if (root === undefined || spoolPath === undefined) throw new Error('usage: pull-child.ts FOLDER SPOOL');
const identity: CameraIdentity = { way: 'folder', folder: root };
await using card = await openCard({ root, identity, profile: TAKE_EVERYTHING, limits: DEFAULT_CARD_LIMITS });
const spool = await openSpool(spoolPath, { maxBytes: Number.MAX_SAFE_INTEGER, reserveBytes: 0 });
const startedAtMs = systemClock.now();
const docking = {
  acquisition: makeAcquisitionId(startedAtMs, randomBytes(4).toString('hex')),
  camera: card.identity,
  cameraOffsetMs: 'unknown' as const,
  actor: { kind: 'person' as const, name: 'bench' },
};
const listing = await listCard(docking, card.list(), { startedAtMs, boot: await readBootId() });
const folder = await spool.begin(listing);
const ports = { spool, clock: systemClock, sm3: false, maxFileBytes: Number.MAX_SAFE_INTEGER };
const { signal } = new AbortController();
for (let n = 1; n <= listing.files.length; n += 1)
  await pullFile(ports, card, listing, folder, n, () => undefined, signal);
