// The catch-up over real folders: what a vault missed is copied to it from the others, each byte compared, and nothing is called safe before.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { listCard } from '../../src/acquire/index.ts';
import { openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import { showItem } from '../../src/custody/index.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { openArchive, type Station } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import { decodeReceipt, encodeCanonical, makeAcquisitionId } from '../../src/evidence/index.ts';
import { registerCamera } from '../../src/filing/index.ts';
import {
  dockFolder,
  openReplicator,
  type ReplicatePorts,
  readMarks,
  recoverSpool,
  releaseCamera,
} from '../../src/ingest/index.ts';
import { readConfig } from '../../src/platform/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, dock, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';

let place: string;
let config: string;
const at = (name: string): string => join(place, 'station', name);

/** Everything a vault holds, with its bytes. */
function contentOf(vault: string): Record<string, string> {
  const names = readdirSync(vault, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    names
      .map((each) => join(each.parentPath, each.name))
      .map((path): [string, string] => [path.slice(vault.length), readFileSync(path).toString('base64')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The objects that both vaults must hold: all but older partial tiles, which nothing needs once the wider one stands. */
function neededOf(vault: string): Record<string, string> {
  return Object.fromEntries(Object.entries(contentOf(vault)).filter(([name]) => !/\.p\/\d+$/.test(name)));
}

/** A second vault beside the first, and how many must hold a copy. */
function addVault(required: number): void {
  mkdirSync(at('second'));
  const text = readFileSync(config, 'utf8').replace('[vault]', '[[vault]]');
  writeFileSync(
    config,
    `${text}\n[[vault]]\nkind = "directory"\nname = "second"\npath = "second"\n\n[copies]\nrequired = ${required}\n`,
  );
}

function replicatePorts({ ports, config: read }: Station): ReplicatePorts {
  return {
    ...ports,
    tilesOf: (vault) => tileStoreOf(vault, ports.station),
    marksPath: join(read.paths.state, 'copies.json'),
    workFolder: read.paths.state,
    reserveBytes: 0,
  };
}

/** What the service does between two pauses: recovery, publication, catch-up. */
async function rounds(count = 2): Promise<void> {
  await using station = await openIt(config);
  const replicator = await openReplicator(replicatePorts(station));
  for (let k = 0; k < count; k += 1) {
    await recoverSpool(station.ports);
    await replicator.run(never());
  }
}

const card = (name: string, files: Record<string, Uint8Array>): string => layOut(join(place, name), files);

beforeEach(async () => {
  place = temporaryPlace();
  config = await makeStation(at(''));
});

describe('a second vault', () => {
  it('that is added later is filled with all that is on record, and both are alike', async () => {
    await dock(config, {
      path: card('a', { 'a.mp4': bytesOf(1, 3_000_000), 'b.mp4': bytesOf(2, 10) }),
      case: '2026-1',
    });
    await dock(config, { path: card('b', { 'same.mp4': bytesOf(2, 10) }) });
    addVault(2);
    await rounds(3);
    expect(neededOf(at('second'))).toEqual(neededOf(at('vault')));
    expect((await verify(config)).findings).toEqual([]);
    const items = await entriesOf(config, 'item.recorded');
    const copied = await entriesOf(config, 'item.copied');
    expect(copied.map(({ item, copy }) => [item, copy.vault, copy.sha256])).toEqual(
      items.map(({ item, payload }) => [item, 'second', payload.sha256]),
    );
    expect((await readMarks(at('state/copies.json')))['second']?.open).toEqual([]);
    // Nothing is left to do, and nothing is written twice.
    await rounds(2);
    expect(await entriesOf(config, 'item.copied')).toHaveLength(3);
    expect(readdirSync(at('state')).filter((name) => name.startsWith('.docket-tmp-'))).toEqual([]);
  });

  it('is on record with its copies from then on', async () => {
    addVault(2);
    await rounds(3);
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 100) }) });
    const [item] = await entriesOf(config, 'item.recorded');
    expect(item?.copies.map(({ vault }) => vault)).toEqual(['directory', 'second']);
    expect(await entriesOf(config, 'item.copied')).toEqual([]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('alone is enough to make head and catalog again once it has caught up', async () => {
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 1000) }), case: '2026-1' });
    addVault(2);
    await rounds(3);
    const text = readFileSync(config, 'utf8');
    writeFileSync(
      config,
      text.replace(/\[\[vault\]\]\nkind = "directory"\npath = "vault"\n/, '').replace('required = 2', ''),
    );
    rmSync(at('vault'), { recursive: true });
    for (const name of readdirSync(at('state'))) rmSync(at(`state/${name}`), { recursive: true });
    await rebuild(await readConfig(config), { fromVault: true, actor: 'tester' }, () => undefined, never());
    expect((await verify(config)).findings).toEqual([]);
    expect(await entriesOf(config, 'item.recorded')).toHaveLength(1);
  });
});

it('what an entry of a newer docket names is never said to be copied: it stays open until somebody can read it', async () => {
  await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 10) }) });
  {
    await using station = await openIt(config);
    station.ports.ledger.append([encodeCanonical({ v: 2, kind: 'item.recorded' })]);
    await station.ports.publisher.publish();
  }
  addVault(2);
  await rounds(3);
  expect((await readMarks(at('state/copies.json')))['second']).toMatchObject({ open: [3] });
  expect(await entriesOf(config, 'item.copied')).toHaveLength(1);
});

describe('a vault that was away', () => {
  const [gone, back] = [
    (): void => renameSync(at('second'), at('away')),
    (): void => renameSync(at('away'), at('second')),
  ];

  it('where one is enough: everything goes on, and it catches up when it is back', async () => {
    addVault(1);
    await rounds(2);
    await using station = await openIt(config);
    const replicator = await openReplicator(replicatePorts(station));
    gone();
    const order = {
      path: card('a', { 'a.mp4': bytesOf(1, 100_000) }),
      case: '案-1',
      actor: { kind: 'person', name: 't' },
    } as const;
    const { final } = await dockFolder(station.ports, order, () => undefined, never());
    expect(final).toBe(true);
    await replicator.run(never());
    expect((await readMarks(at('state/copies.json')))['second']?.away?.why).toMatch(/second/);
    back();
    for (let k = 0; k < 3; k += 1) {
      await replicator.run(never());
      await station.ports.publisher.publish();
    }
    expect((await readMarks(at('state/copies.json')))['second']?.away).toBeUndefined();
    expect(neededOf(at('second'))).toEqual(neededOf(at('vault')));
    const copied = await entriesOf(config, 'item.copied');
    expect(copied.map(({ copy }) => copy.vault)).toEqual(['second']);
    expect((await verify(config)).findings).toEqual([]);
    await using archive = await openArchive(await readConfig(config));
    const shown = await showItem({ ...archive.ports, derivedDir: at('state/derived') }, copied[0]?.item ?? '');
    expect(shown.copies.map(({ vault }) => vault)).toEqual(['directory', 'second']);
  });

  it('where both are demanded: footage waits in the spool, nothing is recorded, and then all of it is', async () => {
    addVault(2);
    await rounds(3);
    gone();
    const { final } = await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 100_000) }) });
    expect(final).toBe(false);
    expect(await entriesOf(config, 'item.recorded')).toEqual([]);
    back();
    await rounds(2);
    expect((await entriesOf(config, 'item.recorded')).map(({ copies }) => copies.length)).toEqual([2]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is not taken for the bare mount point of its disk', async () => {
    addVault(1);
    await rounds(2);
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 100) }) });
    gone();
    mkdirSync(at('second'));
    const { final } = await dock(config, { path: card('b', { 'b.mp4': bytesOf(2, 100) }) });
    expect(final).toBe(false);
    expect(readdirSync(at('second'))).toEqual([]);
    await expectRejection('vault-unreachable', openIt(config, { needsVault: true }));
    rmSync(at('second'), { recursive: true });
    back();
    await rounds(2);
    expect(await entriesOf(config, 'item.recorded')).toHaveLength(2);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('holds the newest checkpoint: a station put back from an old copy is noticed by it alone', async () => {
    addVault(1);
    await rounds(2);
    cpSync(at('state'), at('kept-state'), { recursive: true });
    cpSync(at('vault'), at('kept-vault'), { recursive: true });
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 100) }) });
    for (const each of ['state', 'vault']) {
      rmSync(at(each), { recursive: true });
      renameSync(at(`kept-${each}`), at(each));
    }
    await expectRejection('ledger-behind', openIt(config));
  });
});

describe('what is damaged', () => {
  it('is never copied: a payload altered in the one vault that has it is told, and the rest goes on', async () => {
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 1000), 'b.mp4': bytesOf(2, 1000) }) });
    const [first, second] = await entriesOf(config, 'item.recorded');
    const path = (sha256 = ''): string => at(`vault/payload/sha256/${sha256.slice(0, 2)}/${sha256}`);
    const altered = path(first?.payload.sha256);
    const right = readFileSync(altered);
    chmodSync(altered, 0o644);
    writeFileSync(altered, Buffer.alloc(1000));
    addVault(2);
    await rounds(3);
    const copied = await entriesOf(config, 'item.copied');
    expect(copied.map(({ item }) => item)).toEqual([second?.item]);
    expect(existsSync(altered.replace('/vault/', '/second/'))).toBe(false);
    const codes = (await verify(config)).findings.map(({ code }) => code);
    expect(codes).toContain('payload-altered');
    expect(codes).toContain('copy-missing');
    writeFileSync(altered, right);
    chmodSync(altered, 0o444);
    await rounds(3);
    expect(await entriesOf(config, 'item.copied')).toHaveLength(2);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is named by vault and key, and copied again once the bookmarks are deleted', async () => {
    addVault(2);
    await rounds(3);
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 1000) }) });
    await rounds(2);
    const [item] = await entriesOf(config, 'item.recorded');
    const sha256 = item?.payload.sha256 ?? '';
    rmSync(at(`second/payload/sha256/${sha256.slice(0, 2)}/${sha256}`));
    const { findings } = await verify(config);
    expect(findings.map(({ code }) => code)).toEqual(['copy-missing']);
    expect(`${findings[0]?.where} ${findings[0]?.what}`).toMatch(new RegExp(`${sha256}.*second`));
    rmSync(at('state/copies.json'));
    await rounds(2);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('in the ledger of one vault is named with that vault', async () => {
    addVault(2);
    await rounds(3);
    await dock(config, { path: card('a', { 'a.mp4': bytesOf(1, 1000) }) });
    const station = readdirSync(at('second/ledgers'))[0] ?? '';
    const bundles = readdirSync(at(`second/ledgers/${station}/tile/entries/000.p`))
      .map(Number)
      .sort((a, b) => b - a);
    rmSync(at(`second/ledgers/${station}/tile/entries/000.p/${bundles[0]}`));
    const { findings } = await verify(config);
    expect(findings.map(({ what }) => what).join()).toMatch(/second/);
    expect(findings.length).toBeGreaterThan(0);
  });
});

describe('release', () => {
  /** All is on record and published; then the second vault goes away, and somebody asks for the release all the same. */
  async function releaseWhileAway(path: string): Promise<number> {
    await using station = await openIt(config);
    const { ports } = station;
    const [known] = await entriesOf(config, 'item.recorded');
    const identity = known?.camera ?? { way: 'folder' as const };
    await using opened = await openCard({ root: path, identity, profile: TAKE_EVERYTHING, limits: ports.cardLimits });
    const docking = {
      acquisition: makeAcquisitionId(ports.clock.now(), '0123abcd'),
      camera: identity,
      actor: ACTOR,
      cameraOffsetMs: 'unknown' as const,
    };
    const listing = await listCard(docking, opened.list(never()), { startedAtMs: ports.clock.now(), boot: ports.boot });
    const at1 = ports.catalog.recentAcquisitions(1)[0]?.entry.receipt.key ?? '';
    const receipt = decodeReceipt((await ports.vault.readSmall(at1, 1_000_000)) ?? Buffer.alloc(0), at1);
    renameSync(at('second'), at('away'));
    try {
      return await releaseCamera(ports, opened, listing, receipt, never());
    } finally {
      renameSync(at('away'), at('second'));
    }
  }

  it('clears nothing while a copy lacks, and clears it once it stands', async () => {
    addVault(2);
    appendFileSync(config, '\n[release]\nenabled = true\n');
    await rounds(3);
    {
      await using station = await openIt(config);
      const { clock, recorder } = station.ports;
      registerCamera({ clock, recorder, isRegistered: () => false, profiles: [] }, { serial: 'BC01', actor: 'tester' });
    }
    const path = card('card', { 'VIDEO/a.mp4': bytesOf(1, 1000) });
    renameSync(at('second'), at('away'));
    await dock(config, { path, serial: 'BC01' });
    expect(readdirSync(join(path, 'VIDEO'))).toEqual(['a.mp4']);
    renameSync(at('away'), at('second'));
    await rounds(2);
    expect(await releaseWhileAway(path)).toBe(0);
    expect(readdirSync(join(path, 'VIDEO'))).toEqual(['a.mp4']);
    await dock(config, { path, serial: 'BC01' });
    expect(readdirSync(join(path, 'VIDEO'))).toEqual([]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('keeps what one vault that answers has lost, even where one copy is enough', async () => {
    addVault(1);
    await rounds(2);
    {
      await using station = await openIt(config);
      const { clock, recorder } = station.ports;
      registerCamera({ clock, recorder, isRegistered: () => false, profiles: [] }, { serial: 'BC01', actor: 'tester' });
    }
    const path = card('card', { 'VIDEO/a.mp4': bytesOf(1, 1000) });
    await dock(config, { path, serial: 'BC01' });
    const [item] = await entriesOf(config, 'item.recorded');
    const sha256 = item?.payload.sha256 ?? '';
    rmSync(at(`second/payload/sha256/${sha256.slice(0, 2)}/${sha256}`));
    appendFileSync(config, '\n[release]\nenabled = true\n');
    await dock(config, { path, serial: 'BC01' });
    expect(readdirSync(join(path, 'VIDEO'))).toEqual(['a.mp4']);
  });
});
