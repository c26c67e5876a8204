// The reference station of the damage tests: footage and documents of two cases, registered cameras (as many as are asked for, so that
// the ledger has full tiles or has none), two dockings, everything published. Every damage is undone after it was looked at.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { formatInstant } from '../../src/evidence/index.ts';
import { dockFiles } from '../../src/ingest/index.ts';
import { bytesOf, layOut } from '../fault/places.ts';
import { ACTOR, dock, makeStation, never, openIt } from '../fault/stations.ts';

/** A station and an earlier state of it. */
export interface Reference {
  readonly config: string;
  readonly root: string;
  /** The same station as it was before its last docking; for rolling single files back. */
  readonly earlier: string;
}

/** How large a station is to be. */
export interface Size {
  /** Cameras registered, an entry each: more than 256 make full tiles. */
  readonly cameras: number;
  /** Bytes of the largest file: over 64 KiB it is hashed by a thread. */
  readonly footageBytes: number;
}

/** Builds the station in a folder. */
export async function buildReference(folder: string, { cameras, footageBytes }: Size): Promise<Reference> {
  const root = join(folder, 'station');
  const config = await makeStation(root);
  const first = layOut(join(folder, 'first'), {
    'VIDEO/a.mp4': bytesOf(1, footageBytes),
    'VIDEO/b.mp4': bytesOf(2, 5000),
    'VIDEO/same as b.mp4': bytesOf(2, 5000),
    'VIDEO/empty.mp4': '',
  });
  await dock(config, { path: first, case: '2026-LX-0003' });
  await registerMany(config, cameras);
  await addDocument(config, layOut(join(folder, 'text'), { '询问笔录.txt': '盗窃\n' }), '询问笔录.txt');
  const earlier = join(folder, 'earlier');
  cpSync(root, earlier, { recursive: true, preserveTimestamps: true });
  await dock(config, { path: layOut(join(folder, 'second'), { 'c.jpg': bytesOf(3, 700) }), case: '沪盗罚〔2026〕3号' });
  return { config, root, earlier };
}

async function registerMany(config: string, count: number): Promise<void> {
  await using station = await openIt(config);
  const { recorder, publisher, clock } = station.ports;
  recorder.record(
    Array.from({ length: count }, (_, k) => ({
      v: 1,
      kind: 'camera.registered',
      at: formatInstant(clock.now()),
      actor: ACTOR,
      serial: `CAM${k}`,
      officer: { name: `李 ${k}` },
    })),
  );
  await publisher.publish();
}

async function addDocument(config: string, folder: string, name: string): Promise<void> {
  await using station = await openIt(config);
  const order = {
    files: [join(folder, name)],
    case: '2026-LX-0003',
    documentType: '询问笔录',
    way: 'document' as const,
    kind: 'document' as const,
    actor: ACTOR,
  };
  await dockFiles(station.ports, order, () => undefined, never());
}

/** What kind of thing a file of a station is. */
export type Thing =
  | 'payload'
  | 'manifest'
  | 'receipt'
  | 'statement'
  | 'entries'
  | 'tile'
  | 'checkpoint'
  | 'head'
  | 'catalog'
  | 'mark'
  | 'key';

const THINGS: readonly (readonly [RegExp, Thing])[] = [
  [/^vault\/payload\//, 'payload'],
  [/^vault\/manifests\//, 'manifest'],
  [/^vault\/receipts\//, 'receipt'],
  [/^vault\/cases\//, 'statement'],
  [/^vault\/ledgers\/[^/]+\/tile\/entries\//, 'entries'],
  [/^vault\/ledgers\/[^/]+\/tile\/\d/, 'tile'],
  [/^vault\/ledgers\/[^/]+\/checkpoint$/, 'checkpoint'],
  [/^state\/ledger\.db$/, 'head'],
  [/^state\/catalog\.db$/, 'catalog'],
  [/^state\/(?:ledger|catalog)\.db\.sha256$/, 'mark'],
  [/^station\.key$/, 'key'],
];

/** Every file of a station that is evidence, or proves it, by its path from the station's folder. */
export function thingsOf(root: string): { readonly path: string; readonly thing: Thing }[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => relative(root, join(each.parentPath, each.name)))
    .sort()
    .flatMap((path) => {
      const thing = THINGS.find(([pattern]) => pattern.test(path))?.[1];
      return thing === undefined ? [] : [{ path, thing }];
    });
}

/** How a finding names a file: by its key in the vault, or by its path. */
export function placeOf(root: string, path: string): string {
  return path.startsWith('vault/') ? path.slice('vault/'.length) : join(root, path);
}

/** Does something to files of a station, runs `look`, and puts everything back as it was. */
export async function withDamage<T>(
  root: string,
  paths: readonly string[],
  damage: () => void,
  look: () => Promise<T>,
): Promise<T> {
  const before = paths.map((path) => keep(join(root, path)));
  try {
    damage();
    return await look();
  } finally {
    for (const putBack of before) putBack();
  }
}

function keep(path: string): () => void {
  const bytes = readFileSync(path);
  const { mode } = statSync(path);
  return () => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    chmodSync(path, mode);
  };
}

/** Writes other bytes into a file that may be read-only, and leaves its mode as it is. */
export function overwrite(path: string, bytes: Uint8Array): void {
  const { mode } = statSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
}
