// A new head from the store alone: the checkpoint, every tile and every entry are verified first; then what a head holds is written.
// Never overwrites a head, and never restores from a store in which anything of the signed tree is wrong.
import { Failure, type Signer, type Verifier } from '../evidence/index.ts';
import { decodeBundle } from './bundle.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Findings, prefixOf } from './findings.ts';
import { leafHash } from './hashing.ts';
import { prunedBelow } from './head-check.ts';
import { createHead } from './head-file.ts';
import { KeyHistory, readHandovers } from './key-history.ts';
import type { CompactRange, EdgeHash } from './range.ts';
import { RestoredKeys } from './restore-keys.ts';
import type { TileStore } from './store.ts';
import { parseTilePath, rightEdge, TILE_WIDTH, tilePath } from './tile.ts';
import { type OnEntry, split, TreeCheck } from './tree-check.ts';

/** Bundles beyond the checkpoint taken up: what a single interrupted publication can have left, with room. */
const MAX_AHEAD_BUNDLES = 4096;

/** What to restore. */
export interface RestoreHeadOptions {
  /** Where the new head goes; nothing may stand there. */
  readonly path: string;
  /** The station's key. */
  readonly signer: Signer;
  /** The key that is to replace it, where a replacement was begun. */
  readonly next?: Signer | undefined;
  /** The first key of the ledger, where it is another one. */
  readonly first?: Verifier | undefined;
  readonly store: TileStore;
  /** Gets every entry in order, those written ahead of the checkpoint included. */
  readonly onEntry?: OnEntry | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was restored. */
export interface RestoredHead {
  /** Entries in the new head. */
  readonly size: number;
  readonly root: Buffer;
  /** Entries the store's checkpoint vouches for. The ones from here to `size` were found beyond it, left by an interrupted publication: signed by nobody until now. */
  readonly vouched: number;
}

/**
 * Makes a head from the store; durable when it resolves. Entries that an interrupted publication wrote beyond the checkpoint are taken
 * up too: they were committed before they were written, and their write-once names would bar the way of any others.
 * Throws Failure 'ledger-missing' (no checkpoint in the store), 'ledger-foreign', 'key-foreign' (the key in force is not at hand),
 * 'signature-invalid', 'vault-mismatch' (something of the tree is missing or altered: the message names the first), 'station-exists',
 * 'spool-full' or 'disk-failed'.
 */
export async function restoreHead(options: RestoreHeadOptions): Promise<RestoredHead> {
  const { path, store } = options;
  const text = await store.readCheckpoint();
  if (text === undefined)
    throw new Failure('ledger-missing', 'the vault has no checkpoint of this ledger to restore from');
  const ring = new RestoredKeys(options, await readHandovers(store, KeyHistory.of(options.first ?? options.signer)));
  const stored = ring.keys.open(text, 'the checkpoint in the vault');
  ring.signer(); // hours before it is needed
  const held = new HeldRows(stored.size);
  const range = await verifyTree(options, { stored, held, ring });
  await takeAhead(options, { range, held, ring });
  const checkpoint = ring.sign(range);
  await createHead(path, {
    checkpoint: checkpoint.text,
    published: stored.text,
    firstEntry: held.floor,
    entries: held.entries,
    edge: held.edge,
    handovers: ring.keys.handovers.map((each) => each.text),
  });
  return { size: range.size, root: range.root(), vouched: stored.size };
}

interface Restoring {
  readonly held: HeldRows;
  readonly ring: RestoredKeys;
}

/** The rows a head of this state holds: entries of the last, partial bundle and all beyond, and the hashes above them. */
class HeldRows {
  readonly floor: number;
  readonly entries: Buffer[] = [];
  readonly edge: EdgeHash[] = [];

  constructor(size: number) {
    this.floor = prunedBelow(size, 0);
  }

  add(index: number, bytes: Buffer): void {
    if (index >= this.floor) this.entries.push(Buffer.from(bytes)); // a copy: the bundle it lies in is not kept
  }
}

async function verifyTree(
  options: RestoreHeadOptions,
  { stored: expected, held, ring }: Restoring & { readonly stored: Checkpoint },
): Promise<CompactRange> {
  const findings = new Findings(prefixOf(options.signer));
  const onEntry: OnEntry = async (index, bytes) => {
    ring.compare(index, bytes);
    held.add(index, bytes);
    await options.onEntry?.(index, bytes);
  };
  const check = new TreeCheck({
    store: options.store,
    head: undefined,
    expected,
    findings,
    onEntry,
    onLeaf: (range) => ring.comparePast(range),
    signal: options.signal,
  });
  await check.run();
  const [first] = findings.list;
  if (first !== undefined || !check.whole || !check.range.root().equals(expected.root))
    throw new Failure(
      'vault-mismatch',
      `the ledger in the vault is damaged: ${first === undefined ? 'it does not have its signed root' : `${first.where}: ${first.what}`}`,
      { facts: { findings: findings.list.length } },
    );
  for (const { level, index, width } of rightEdge(expected.size)) {
    const hashes = check.truth.get(tilePath(level, index, width));
    if (level === 0 || hashes === undefined) continue; // level 0 is made from the entries; the others are all there after such a pass
    split(hashes).forEach((hash, at) => held.edge.push({ level, position: index * TILE_WIDTH + at, hash }));
  }
  return check.range;
}

// ---- Entries beyond the checkpoint.

async function takeAhead(
  options: RestoreHeadOptions,
  { range, held, ring }: Restoring & { readonly range: CompactRange },
): Promise<void> {
  const ahead = await listAhead(options.store, range.size);
  for (let taken = 0; taken < MAX_AHEAD_BUNDLES; taken += 1) {
    const index = Math.floor(range.size / TILE_WIDTH);
    const width = ahead.get(index);
    if (width === undefined) return;
    const fresh = await readAhead(options.store, index, width, range.size, held);
    for (const bytes of fresh) {
      const position = range.size;
      ring.take(range, bytes);
      held.edge.push(...range.push(leafHash(bytes)));
      held.add(position, bytes);
      await options.onEntry?.(position, bytes);
    }
    if (width < TILE_WIDTH || fresh.length === 0) return;
  }
  throw new Failure(
    'vault-mismatch',
    `more than ${MAX_AHEAD_BUNDLES} bundles stand in the vault beyond the checkpoint of ${held.floor} entries`,
  );
}

/** Widest bundle per index that reaches beyond the checkpoint. */
async function listAhead(store: TileStore, size: number): Promise<Map<number, number>> {
  const ahead = new Map<number, number>();
  for await (const path of store.list()) {
    const name = parseTilePath(path);
    if (name?.kind !== 'entries' || name.index * TILE_WIDTH + name.width <= size) continue;
    if (name.width > (ahead.get(name.index) ?? 0) && ahead.size <= MAX_AHEAD_BUNDLES) ahead.set(name.index, name.width);
  }
  return ahead;
}

/** The entries of a bundle from `size` on. Throws Failure 'vault-mismatch' unless its beginning is what is known already. */
async function readAhead(
  store: TileStore,
  index: number,
  width: number,
  size: number,
  held: HeldRows,
): Promise<readonly Buffer[]> {
  const path = tilePath('entries', index, width);
  const bytes = await store.read(path);
  const { entries, exact } = decodeBundle(bytes ?? Buffer.alloc(0));
  const from = index * TILE_WIDTH;
  const known = held.entries.slice(from - held.floor, size - held.floor);
  const fits = exact && entries.length === width && known.every((entry, at) => entries[at]?.equals(entry));
  if (!fits)
    throw new Failure(
      'vault-mismatch',
      `${path} in the vault reaches beyond the checkpoint but does not continue the ledger`,
    );
  return entries.slice(size - from);
}
