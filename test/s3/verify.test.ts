// Whoever has the keys of the bucket can hide and lay over, and where locks are off or weak delete: verification names each of it, and what
// still stands below is still given out. Each kind of damage is done to each kind of object, on a real store, and undone again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchItem } from '../../src/custody/index.ts';
import { openArchive } from '../../src/daemon/station.ts';
import { type EntryOf, type Finding, type FindingCode, parseSha256, payloadKey } from '../../src/evidence/index.ts';
import { readConfig } from '../../src/platform/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from '../fault/places.ts';
import { dock, entriesOf, never, verify } from '../fault/stations.ts';
import { Attacker, type BucketStation, fillStation, makeBucketStation, reroute } from './archives.ts';
import { openLyingStore } from './lying-store.ts';

/** Longest a test here may take, in milliseconds: a dozen verifications in one. */
const TIMEOUT_MS = 120_000;

let station: BucketStation;
let attacker: Attacker;
let items: readonly EntryOf<'item.recorded'>[];

beforeAll(async () => {
  station = await makeBucketStation();
  await fillStation(station);
  attacker = new Attacker(station.bucket);
  items = await entriesOf(station.config, 'item.recorded');
}, TIMEOUT_MS);
afterAll(() => attacker?.[Symbol.dispose]());

const THINGS = {
  payload: /^payload\//,
  manifest: /^manifests\//,
  receipt: /^receipts\//,
  statement: /^cases\//,
  'full bundle': /tile\/entries\/000$/,
  'full tile': /tile\/0\/000$/,
  'partial bundle': /tile\/entries\/001\.p\/\d+$/,
  'partial tile': /tile\/0\/001\.p\/\d+$/,
} as const;
type Thing = keyof typeof THINGS;
const KINDS = Object.keys(THINGS) as Thing[];
const LOCKED = KINDS.filter((each) => !each.startsWith('partial'));
/** The newest item belongs to no case: its lock has an end on record. */
const HAS_END: ReadonlySet<Thing> = new Set(['payload', 'manifest']);

/** The newest object of a kind: of partial tiles, the one the checkpoint reaches. */
async function keyOf(thing: Thing, hands: Attacker = attacker): Promise<string> {
  const keys = (await hands.keys()).filter((key) => THINGS[thing].test(key));
  return (
    keys.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).at(-1) ??
    expect.fail(`the station has no ${thing}`)
  );
}

async function findings(request: { quick?: boolean; item?: string } = {}): Promise<readonly Finding[]> {
  return (await verify(station.config, request)).findings;
}

/** Places named with one of these codes, without what else was found. */
function named(found: readonly Finding[], codes: readonly FindingCode[]): string[] {
  return found.filter(({ code }) => codes.includes(code)).map(({ where }) => where.replace(/ \(.*/, ''));
}

/** Nothing else was called wrong than what was done. */
async function expectOnly(code: FindingCode, key: string): Promise<void> {
  for (const quick of [false, true])
    expect((await findings({ quick })).map((each) => [each.code, each.where.replace(/ \(.*/, '')])).toEqual([
      [code, key],
    ]);
}

describe('a station on S3', () => {
  it('is in order as it was left, read back in full and by what the store tells', async () => {
    const whole = await verify(station.config);
    expect(whole.findings).toEqual([]);
    expect(whole.checked).toMatchObject({ items: 4, payloads: 4, receipts: 2, statements: 4 });
    expect(whole.checked['bytes']).toBe(20_000 + 5000 + 700 + 900);
    const quick = await verify(station.config, { quick: true });
    expect([quick.findings, quick.checked['bytes']]).toEqual([[], 0]);
  });
});

it('of a file that went up in parts compares what the store tells of the parts with the record', async () => {
  const own = await makeBucketStation();
  writeFileSync(
    own.config,
    readFileSync(own.config, 'utf8').replace('[vault]', '[vault]\nmultipart_mib = 5\npart_mib = 5'),
  );
  await dock(own.config, { path: layOut(join(own.folder, 'card'), { 'large.mp4': bytesOf(7, 6 * 1_048_576) }) });
  const [{ copies } = expect.fail('nothing is on record')] = await entriesOf(own.config, 'item.recorded');
  expect(copies[0]?.composite).toMatch(/^[A-Za-z0-9+/]{43}=-2$/);
  expect((await verify(own.config, { quick: true })).findings).toEqual([]);
  await using store = await openLyingStore({
    tell: ({ headers }, { method }) => {
      const told = headers.get('x-amz-checksum-sha256');
      if (method === 'HEAD' && told?.endsWith('-2') === true)
        headers.set('x-amz-checksum-sha256', `${Buffer.alloc(32).toString('base64')}-2`);
    },
  });
  await reroute(own, store.server.endpoint);
  expect(named((await verify(own.config, { quick: true })).findings, ['payload-altered'])).toEqual([copies[0]?.key]);
  expect((await verify(own.config)).findings).toEqual([]); // every byte was read: they are the ones on record
});

describe('a delete marker', () => {
  it.each(KINDS)('over a %s is named, and nothing else', { timeout: TIMEOUT_MS }, async (thing) => {
    const key = await keyOf(thing);
    const marker = await attacker.hide(key);
    try {
      await expectOnly('object-hidden', key);
    } finally {
      await attacker.erase(key, marker);
    }
  });

  it('over the checkpoint is a checkpoint that is missing', async () => {
    const key = `ledgers/${station.station}/checkpoint`;
    const marker = await attacker.hide(key);
    try {
      await expectOnly('checkpoint-missing', key);
    } finally {
      await attacker.erase(key, marker);
    }
  });
});

describe('a newer version', () => {
  it.each(KINDS)('over a %s is named, and nothing else', { timeout: TIMEOUT_MS }, async (thing) => {
    const key = await keyOf(thing);
    const version = await attacker.overlay(key, '偷换');
    try {
      await expectOnly('object-overlaid', key);
    } finally {
      await attacker.erase(key, version);
    }
  });

  it('over the checkpoint that is no checkpoint, or an older one, is named', { timeout: TIMEOUT_MS }, async () => {
    const key = `ledgers/${station.station}/checkpoint`;
    const version = await attacker.overlay(key, '偷换');
    expect(named(await findings(), ['checkpoint-altered'])).toEqual([key]);
    await attacker.erase(key, version);
  });
});

describe('deletion', () => {
  const GONE: Readonly<Record<Thing, readonly FindingCode[]>> = {
    payload: ['payload-missing'],
    manifest: ['manifest-missing'],
    receipt: ['receipt-missing'],
    statement: ['statement-missing'],
    'full bundle': ['entry-missing'],
    'full tile': ['tile-missing'],
    'partial bundle': ['entry-missing'],
    'partial tile': ['tile-missing'],
  };

  it.each(KINDS)('of a %s past its governance lock is named', { timeout: TIMEOUT_MS }, async (thing) => {
    const lost = await makeLost();
    const key = await keyOf(thing, lost.attacker);
    await lost.attacker.erase(key, await lost.attacker.versionOf(key));
    for (const quick of [false, true])
      expect(named((await verify(lost.station.config, { quick })).findings, GONE[thing])).toContain(key);
  });

  it('of a payload, with other bytes put in its place, is named as both', { timeout: TIMEOUT_MS }, async () => {
    const lost = await makeLost();
    const key = await keyOf('payload', lost.attacker);
    const version = await lost.attacker.versionOf(key);
    await lost.attacker.overlay(key, '偷换');
    await lost.attacker.erase(key, version);
    for (const quick of [false, true])
      expect(named((await verify(lost.station.config, { quick })).findings, ['payload-missing'])).toEqual([key]);
  });

  it('of the checkpoint with all its versions is named', { timeout: TIMEOUT_MS }, async () => {
    const lost = await makeLost();
    const key = `ledgers/${lost.station.station}/checkpoint`;
    for (const each of await lost.attacker.versions())
      if (each.key === key) await lost.attacker.erase(key, each.version);
    expect(named((await verify(lost.station.config)).findings, ['checkpoint-missing'])).toEqual([key]);
  });

  /** A station of its own, since what is deleted for good cannot be put back. */
  async function makeLost(): Promise<{ readonly station: BucketStation; readonly attacker: Attacker }> {
    const own = await makeBucketStation();
    await fillStation(own);
    return { station: own, attacker: new Attacker(own.bucket) };
  }
});

describe('a lock', () => {
  it.each(LOCKED)('of a %s that was let end is named', { timeout: TIMEOUT_MS }, async (thing) => {
    const key = await keyOf(thing);
    const version = await attacker.versionOf(key);
    await attacker.endLock(key, version);
    try {
      await expectOnly(HAS_END.has(thing) ? 'lock-shortened' : 'lock-missing', key);
    } finally {
      await attacker.relock(key, version, 200);
    }
  });

  it.each(LOCKED.filter((each) => each !== 'payload'))(
    'that a %s lacks is named: the same bytes were put there anew without one',
    { timeout: TIMEOUT_MS },
    async (thing) => {
      const key = await keyOf(thing);
      const version = await attacker.putAnew(key);
      try {
        await expectOnly('lock-missing', key);
      } finally {
        await attacker.relock(key, version, 200);
      }
    },
  );

  it.each(['payload', 'manifest'] as const)(
    'of a %s shortened past what is on record is named',
    { timeout: TIMEOUT_MS },
    async (thing) => {
      const timed = items.find(({ retention }) => retention.until !== 'permanent');
      const key =
        (thing === 'payload' ? timed?.copies[0]?.key : timed?.manifest.key) ?? expect.fail('no item with an end');
      const version = await attacker.versionOf(key);
      await attacker.relock(key, version, 2);
      try {
        await expectOnly('lock-shortened', key);
      } finally {
        await attacker.relock(key, version, 200);
      }
    },
  );

  it('of a payload without an end, shortened below the end on record, is named', { timeout: TIMEOUT_MS }, async () => {
    const open = items.find(({ retention }) => retention.until === 'permanent');
    const key = open?.copies[0]?.key ?? '';
    const version = await attacker.versionOf(key);
    await attacker.relock(key, version, 2);
    try {
      await expectOnly('lock-shortened', key);
    } finally {
      await attacker.relock(key, version, 200);
    }
  });

  it('in compliance mode stands: even its owner cannot take it off', { timeout: TIMEOUT_MS }, async () => {
    const own = await makeBucketStation('compliance');
    await fillStation(own, 1);
    using hands = new Attacker(own.bucket);
    const key = (await hands.keys()).find((each) => THINGS.payload.test(each)) ?? '';
    const version = await hands.versionOf(key);
    await expect(hands.relock(key, version, 2)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(hands.erase(key, version)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await verify(own.config)).findings).toEqual([]);
  });
});

describe('in a station that asks for compliance, governance', () => {
  it('of what was stored before is named, whatever its record says', { timeout: TIMEOUT_MS }, async () => {
    const own = await makeBucketStation('governance');
    await fillStation(own);
    writeFileSync(own.config, readFileSync(own.config, 'utf8').replace('mode = "governance"', 'mode = "compliance"'));
    using hands = new Attacker(own.bucket);
    const locked = await Promise.all(LOCKED.map((each) => keyOf(each, hands)));
    for (const quick of [false, true]) {
      const { findings } = await verify(own.config, { quick });
      expect([...new Set(findings.map(({ code }) => code))]).toEqual(['lock-missing']);
      expect(named(findings, ['lock-missing'])).toEqual(expect.arrayContaining(locked));
    }
  });

  it('of bytes that somebody planted before is not what counts: the version on record is in compliance', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const own = await makeBucketStation('compliance');
    writeFileSync(
      own.config,
      readFileSync(own.config, 'utf8').replace('[vault]', '[vault]\nmultipart_mib = 5\npart_mib = 5'),
    );
    const bytes = bytesOf(7, 6 * 1_048_576);
    using hands = new Attacker(own.bucket);
    const key = payloadKey(parseSha256(sha256Of(bytes)));
    const planted = await hands.overlay(key, bytes);
    await hands.relock(key, planted, 200);
    await dock(own.config, { path: layOut(join(own.folder, 'card'), { 'large.mp4': bytes }) });
    const [{ item, copies } = expect.fail('nothing is on record')] = await entriesOf(own.config, 'item.recorded');
    expect(copies).toMatchObject([{ key, lock: 'compliance' }]);
    expect(copies[0]?.version).not.toBe(planted);
    for (const request of [{}, { quick: true }, { item }])
      expect((await verify(own.config, request)).findings).toEqual([]);
    await hands.erase(key, planted);
    expect((await verify(own.config)).findings).toEqual([]);
  });
});

describe('a legal hold', () => {
  it.each(['payload', 'manifest'] as const)('taken off a %s is named', { timeout: TIMEOUT_MS }, async (thing) => {
    const held = items.find(({ retention }) => retention.rule === 'permanent');
    const key = (thing === 'payload' ? held?.copies[0]?.key : held?.manifest.key) ?? expect.fail('nothing is held');
    const version = await attacker.versionOf(key);
    await attacker.release(key, version);
    await expectOnly('hold-missing', key);
    await attacker.hold(key, version);
  });
});

it.each([
  'payload/sha256/ab/planted',
  'manifests/pudong-7/planted.json',
  'receipts/pudong-7/planted.json',
  'cases/2026-LX-9999/pudong-7-1.json',
  'ledgers/pudong-7/tile/0/005',
  'anything',
])('an object that belongs to nothing, %s, is named as a stray', { timeout: TIMEOUT_MS }, async (key) => {
  const version = await attacker.overlay(key, 'planted');
  try {
    expect(named(await findings({ quick: true }), ['object-stray'])).toEqual([key]);
  } finally {
    await attacker.erase(key, version);
  }
});

describe('what stands below', () => {
  const covers = {
    'a delete marker': (key: string) => attacker.hide(key),
    'a newer version': (key: string) => attacker.overlay(key, '偷换'),
  };
  it.each(Object.keys(covers) as (keyof typeof covers)[])(
    '%s is fetched all the same, byte for byte, and the item’s own verification names what lies over it',
    { timeout: TIMEOUT_MS },
    async (cover) => {
      const item = items.find(({ path }) => path.text === 'VIDEO/a.mp4') ?? expect.fail('no such item');
      const key = item.copies[0]?.key ?? '';
      const over = [key, item.manifest.key, `ledgers/${station.station}/tile/entries/000`];
      const laid = await Promise.all(over.map(async (each) => ({ key: each, version: await covers[cover](each) })));
      try {
        await using archive = await openArchive(await readConfig(station.config));
        const out = join(temporaryPlace('fast'), 'a.mp4');
        const fetched = await fetchItem(archive.ports, item.item, out, () => undefined, never());
        expect(sha256Of(readFileSync(out))).toBe(sha256Of(bytesOf(1, 20_000)));
        expect(fetched.sha256).toBe(item.payload.sha256);
        const found = await findings({ item: item.item });
        expect(found.map(({ code, where }) => [code, where])).toEqual(
          [key, item.manifest.key].map((each) => [
            cover === 'a delete marker' ? 'object-hidden' : 'object-overlaid',
            each,
          ]),
        );
      } finally {
        for (const each of laid) await attacker.erase(each.key, each.version);
      }
    },
  );
});
