// What several stations, old backups and people with the bucket's keys do to a station whose vault is a bucket: footage that two stations
// bring, a head that is put back from a backup, and unlocked objects that somebody removed.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { describe, expect, inject, it } from 'vitest';
import type { VaultReceipt } from '../../../src/evidence/index.ts';
import { Daemon, startDaemon } from '../../fault/services.ts';
import { entriesOf, placesIn, verify } from '../../fault/stations.ts';
import { expectClean, expectOnce } from '../../fault/whole.ts';
import { adminClient } from '../buckets.ts';
import { openLine } from './line.ts';
import {
  dockAt,
  docket,
  expectOnRecord,
  expectSound,
  layCard,
  makeOutpost,
  type Outpost,
  reconfigure,
} from './stations.ts';

const KIB = 1024;
const DAY_MS = 86_400_000;
const SIZES = [90 * KIB, 3 * KIB, 0];

function openOutpost(): Promise<Outpost> {
  return makeOutpost({ via: inject('s3'), server: inject('s3') });
}

/** Two stations with one bucket; the second keeps footage longer. */
async function openTwo(): Promise<readonly [Outpost, Outpost]> {
  const server = inject('s3');
  const here = await openOutpost();
  const there = await makeOutpost({ via: server, server, bucket: here.bucket, name: 'hongkou-2' });
  reconfigure(there, (text) => `${text}\n[retention]\nfootage = { days = 400 }\n`);
  return [here, there];
}

async function copiesOf({ config }: Outpost): Promise<VaultReceipt[]> {
  return (await entriesOf(config, 'item.recorded')).flatMap(({ copies }) => copies);
}

describe.concurrent('two stations with one bucket', () => {
  it('store the same footage once, and record it twice; the longer retention stands', async () => {
    const [here, there] = await openTwo();
    const card = layCard(here, 1, SIZES);
    const same = layCard(there, 1, SIZES);
    expect(same.truth).toEqual(card.truth);
    expectOnRecord(await dockAt(here, card.path));
    expectOnRecord(await dockAt(there, same.path));
    const before = await copiesOf(here);
    const after = await copiesOf(there);
    expect(after.map(({ key, version }) => [key, version])).toEqual(before.map(({ key, version }) => [key, version]));
    for (const [k, { retainUntil }] of after.entries())
      expect(Date.parse(retainUntil ?? '') - Date.parse(before[k]?.retainUntil ?? '')).toBeGreaterThan(200 * DAY_MS);
    await expectSound(here, card.truth);
    await expectSound(there, card.truth);
  });

  it('that bring the same footage at the same moment: both have it on record, and both verify clean', async () => {
    const outposts = await openTwo();
    const cards = outposts.map((each) => layCard(each, 1, SIZES));
    const docked = await Promise.all(outposts.map((each, k) => dockAt(each, cards[k]?.path ?? '')));
    for (const each of docked) expectOnRecord(each);
    for (const each of outposts) {
      await expectOnce(each.config, cards[0]?.truth ?? {});
      await expectClean(each.config); // a store may let both win: then there are two versions of the same bytes, and each is locked
    }
  });
});

/** The keys of unlocked objects of the station's ledger: the checkpoint, and what is not yet a full tile. */
async function unlockedKeys({ bucket, server }: Outpost): Promise<string[]> {
  const client = adminClient(server);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'ledgers/' }));
  client.destroy();
  return Contents.flatMap(({ Key = '' }) => (/checkpoint$|\.p\//.test(Key) ? [Key] : []));
}

/** A plain delete lays a marker over an object; one of each version leaves nothing. */
async function remove({ bucket, server }: Outpost, keys: readonly string[], how: 'hidden' | 'erased'): Promise<void> {
  const client = adminClient(server);
  for (const Key of keys) {
    if (how === 'hidden') await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    else {
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }));
      for (const { VersionId } of Versions)
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId: VersionId ?? '' }));
    }
  }
  client.destroy();
}

async function codesOf({ config }: Outpost): Promise<string[]> {
  return [...new Set((await verify(config)).findings.map(({ code }) => code))].sort();
}

const REMOVALS = [
  ['erased', ['checkpoint-missing', 'entry-missing', 'tile-missing'], []],
  ['hidden', ['checkpoint-missing', 'object-hidden'], ['object-hidden']],
] as const;

describe.concurrent('unlocked objects of a bucket', () => {
  it.for(REMOVALS)('%s: verify says so, and docketd puts them back', async ([how, codes, stays], { expect }) => {
    const outpost = await openOutpost();
    const first = layCard(outpost, 1, SIZES);
    expectOnRecord(await dockAt(outpost, first.path));
    const keys = await unlockedKeys(outpost);
    await remove(outpost, keys, how);
    expect(await unlockedKeys(outpost)).toEqual([]);
    expect(await codesOf(outpost)).toEqual(codes);
    await using daemon = await startDaemon(outpost.config);
    // What an older checkpoint needed is needed no more.
    const wanted = keys.filter((key) => /checkpoint$|\.p\/4$/.test(key));
    expect(wanted).toHaveLength(3);
    await expect.poll(() => unlockedKeys(outpost), { timeout: 60_000, interval: 200 }).toEqual(wanted);
    // Removed again while docketd runs: the next publication puts the checkpoint back.
    await remove(
      outpost,
      wanted.filter((key) => key.endsWith('checkpoint')),
      how,
    );
    expectOnRecord(await dockAt(outpost, layCard(outpost, 2, SIZES).path));
    await daemon.stop();
    expect(await codesOf(outpost)).toEqual(stays); // markers stay to be seen
  });
});

describe.concurrent('a head from an old backup', () => {
  it('stops docketd with the way back, before anything is recorded; rebuild takes it', async () => {
    const outpost = await openOutpost();
    const { head } = await placesIn(outpost.config);
    const first = layCard(outpost, 1, SIZES);
    const second = layCard(outpost, 2, SIZES);
    expectOnRecord(await dockAt(outpost, first.path));
    const kept = join(outpost.folder, '../kept');
    cpSync(join(head, '..'), kept, { recursive: true });
    expectOnRecord(await dockAt(outpost, second.path));
    rmSync(join(head, '..'), { recursive: true });
    cpSync(kept, join(head, '..'), { recursive: true });
    await using daemon = new Daemon(outpost.config);
    const { code, said } = await daemon.ended();
    expect(said).toMatch(/the vault has \d+ ledger entries, this head only \d+/);
    expect(said).toMatch(/docket rebuild --from-vault/);
    expect(code).toBe(8);
    expect(await codesOf(outpost)).toEqual(expect.arrayContaining(['head-behind']));
    expect((await docket(outpost, 'rebuild', '--from-vault')).code).toBe(0);
    await expectSound(outpost, { ...first.truth, ...second.truth });
  });

  it('found only when the store is back: docketd takes the camera, then stops with the way back, and nothing is lost', async () => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
    const { head } = await placesIn(outpost.config);
    const [first, second, third] = [1, 2, 3].map((seed) => layCard(outpost, seed, SIZES));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three cards were laid');
    expectOnRecord(await dockAt(outpost, first.path));
    const kept = join(outpost.folder, '../kept');
    cpSync(join(head, '..'), kept, { recursive: true });
    expectOnRecord(await dockAt(outpost, second.path));
    rmSync(join(head, '..'), { recursive: true });
    cpSync(kept, join(head, '..'), { recursive: true });
    await line.takeDown();
    await using daemon = await startDaemon(outpost.config);
    expect((await dockAt(outpost, third.path)).onRecord).toBe(false);
    rmSync(third.path, { recursive: true });
    await line.putUp();
    const { code, said } = await daemon.ended();
    expect(said).toMatch(/docket rebuild --from-vault/);
    expect(code).toBe(8);
    expect((await docket(outpost, 'rebuild', '--from-vault')).code).toBe(0);
    await expectSound(outpost, { ...first.truth, ...second.truth, ...third.truth });
  });
});
