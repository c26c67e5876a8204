// A station on an S3 vault, from nothing: the bucket is made, the store is tried, then the station stands, or nothing does.
// And every start after that: a store that cannot keep evidence stops the station, one that is away does not.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { describe, expect, inject, it } from 'vitest';
import type { VaultAddress } from '../../src/cli/index.ts';
import { initStation } from '../../src/daemon/init.ts';
import { makeVaultDoors } from '../../src/daemon/vault-care.ts';
import { dockFolder } from '../../src/ingest/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, never, openIt, outcomesOf, verify } from '../fault/stations.ts';
import { adminClient, makeBucket } from './buckets.ts';
import { type Lie, openLyingStore } from './lying-store.ts';
import { addressOf, writeCredentials } from './stores.ts';

const doors = makeVaultDoors();

function freshName(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

async function keysIn(bucket: string, prefix: string): Promise<string[]> {
  const client = adminClient();
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }));
  client.destroy();
  return Versions.map(({ Key = '' }) => Key);
}

describe('docket vault init', () => {
  it('makes a bucket that passes the check, and leaves one that stands as it is', async () => {
    const address = addressOf(freshName(), writeCredentials(temporaryPlace()));
    expect(await doors.init({ address }, never())).toMatchObject([{ made: true }]);
    expect(await doors.check({ address }, never())).toMatchObject({ ok: true });
    expect(await doors.init({ address }, never())).toMatchObject([{ made: false }]);
  });

  it('refuses a bucket without Object Lock and does not touch it', async () => {
    const bucket = await makeBucket(inject('s3'), { lock: false });
    const address = addressOf(bucket, writeCredentials(temporaryPlace()));
    const refused = await expectRejection('vault-unfit', doors.init({ address }, never()));
    expect(refused.message).toMatch(/no Object Lock and no versions; it stands already and is not touched/);
    const after = await doors.check({ address }, never());
    expect(after.vaults[0]?.checks.filter(({ state }) => state === 'fail').map(({ check }) => check)).toEqual([
      'versions',
      'object-lock',
    ]);
  });

  it('says what is wrong with an address before it asks anybody', async () => {
    for (const vault of ['bucket', 's3://', 's3://Bucket', 's3://bucket/../x'])
      await expectRejection('invalid', doors.init({ address: { vault } }, never()));
    await expectRejection('invalid', doors.init({ address: { vault: 's3://bucket', endpoint: 'ftp://x' } }, never()));
  });
});

const QUICK = '\n[media]\nexamine = false\n\n[limits]\nspool_reserve_mib = 0\n';

async function makeStation(folder: string, vault: VaultAddress, name?: string): Promise<string> {
  const { config } = await initStation({ directory: folder, actor: 'tester', version: '0', vault, name });
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('unknown = "refuse"', 'unknown = "allow"') + QUICK);
  return config;
}

describe('docket init --vault', () => {
  it('makes a station that works, with no secret in its configuration, and canaries are no strays', async () => {
    const place = temporaryPlace();
    const bucket = await makeBucket();
    const vault = addressOf(bucket, writeCredentials(place), { vault: `s3://${bucket}/某区/7` });
    const config = await makeStation(join(place, 'st'), vault);
    const text = readFileSync(config, 'utf8');
    expect(text).toContain('prefix = "某区/7/"');
    expect(text).toContain('mode = "compliance"');
    for (const secret of [inject('s3').secretAccessKey, inject('s3').accessKeyId]) {
      expect(text.replace(/^credentials_file.*$/m, '')).not.toContain(secret);
    }
    const card = layOut(join(place, 'card'), { 'a.mp4': bytesOf(1, 5000), '笔录.txt': '盗窃' });
    {
      await using station = await openIt(config);
      const order = { path: card, case: '沪盗罚〔2026〕3号', actor: ACTOR };
      const { receipt } = await dockFolder(station.ports, order, () => undefined, never());
      expect(outcomesOf(receipt)).toEqual({ 'a.mp4': 'recorded', '笔录.txt': 'recorded' });
    }
    expect(await keysIn(bucket, '某区/7/canary/')).toHaveLength(2); // one put at once, one in parts
    expect(await verify(config)).toMatchObject({ ok: true, findings: [] });
  });

  it('leaves nothing on the disk when the store is not fit, not there, or does not know us', async () => {
    const place = temporaryPlace();
    const keys = writeCredentials(place);
    const stranger = writeCredentials(place, { accessKeyId: 'NOBODY', secretAccessKey: 'x' });
    const bucket = await makeBucket();
    for (const [code, vault] of [
      ['vault-unfit', addressOf(await makeBucket(inject('s3'), { lock: false }), keys)],
      ['vault-unfit', addressOf(freshName(), keys)],
      ['vault-unfit', addressOf(bucket, keys, { mode: 'governance' })], // these credentials may bypass it
      ['vault-unreachable', addressOf(bucket, keys, { endpoint: 'http://127.0.0.1:9' })],
      ['vault-refused', addressOf(bucket, stranger)],
      ['config-invalid', addressOf(bucket, join(place, 'none.credentials'))],
      ['invalid', addressOf('Bucket', keys)],
    ] as const) {
      await expectRejection(code, makeStation(join(place, 'st'), vault));
      expect(existsSync(join(place, 'st'))).toBe(false);
    }
  });

  it('takes everything back when the store fails after it was tried, and nothing that was there before', async () => {
    const refuseLedger: Lie = {
      ask: ({ method, headers }) =>
        method === 'PUT' && headers.get('x-amz-meta-kind') !== 'canary' && !headers.has('if-match') && failing.now
          ? { status: 403, headers: new Map(), body: Buffer.from('<Error><Code>AccessDenied</Code></Error>') }
          : undefined,
      // The listing of ledgers/ is the last question before the station is made.
      tell: (_told, { query }) => {
        if (query.get('prefix')?.startsWith('ledgers/') === true) failing.now = true;
      },
    };
    const failing = { now: false };
    await using store = await openLyingStore(refuseLedger);
    const place = temporaryPlace();
    const vault = addressOf(await makeBucket(), writeCredentials(place), { endpoint: store.server.endpoint });
    await expectRejection('vault-refused', makeStation(join(place, 'new'), vault));
    expect(failing.now).toBe(true);
    expect(existsSync(join(place, 'new'))).toBe(false);

    failing.now = false;
    mkdirSync(join(place, 'old/state/lost+found'), { recursive: true });
    writeFileSync(join(place, 'old/notes.txt'), 'mine');
    await expectRejection('vault-refused', makeStation(join(place, 'old'), vault));
    expect(readdirSync(join(place, 'old')).toSorted()).toEqual(['notes.txt', 'state']);
    expect(readdirSync(join(place, 'old/state'))).toEqual(['lost+found']);
    failing.now = false;
  });

  it('refuses a place where a station of that name has its ledger, and takes it under another name', async () => {
    const place = temporaryPlace();
    const vault = addressOf(await makeBucket(), writeCredentials(place));
    await makeStation(join(place, 'one'), vault, 'pudong-7');
    const refused = await expectRejection('station-exists', makeStation(join(place, 'two'), vault, 'pudong-7'));
    expect(refused.message).toContain('ledgers/pudong-7/');
    expect(existsSync(join(place, 'two'))).toBe(false);
    expect(await verify(await makeStation(join(place, 'two'), vault, 'pudong-8'))).toMatchObject({ ok: true });
  });
});

describe('every start', () => {
  async function stationOn(bucket: string): Promise<{ config: string; record: string; place: string }> {
    const place = temporaryPlace();
    const config = await makeStation(join(place, 'st'), addressOf(bucket, writeCredentials(place)), 'pudong-7');
    return { config, record: join(place, 'st/state/vault-check.json'), place };
  }
  const start = async (config: string): Promise<boolean> => {
    await using station = await openIt(config);
    return station.ports.standing.isConfirmed;
  };

  it('puts canaries only when the last full check is old, damaged, or of another configuration', async () => {
    const bucket = await makeBucket();
    const { config, record } = await stationOn(bucket);
    const canaries = async (): Promise<number> => (await keysIn(bucket, 'canary/')).length;
    const text = readFileSync(record, 'utf8');
    let before = await canaries();
    const startsWith = async (check: 'light' | 'full'): Promise<void> => {
      expect(await start(config)).toBe(true);
      const now = await canaries();
      expect(now > before ? 'full' : 'light').toBe(check);
      before = now;
    };
    await startsWith('light');
    writeFileSync(record, text.replace(/"at": "\d{4}/, '"at": "2020'));
    await startsWith('full');
    await startsWith('light');
    writeFileSync(record, text.replace(/"at": "\d{4}/, '"at": "2999'));
    await startsWith('full');
    for (const damage of ['', '{}', 'x', text.replace(/"at": "[^"]*"/, '"at": "soon"')]) {
      writeFileSync(record, damage);
      await startsWith('full');
    }
    const other = readFileSync(config, 'utf8').replace('bucket = ', 'region = "eu-west-1"\nbucket = ');
    writeFileSync(config, other);
    await startsWith('full');
    await startsWith('light');
  });

  it('goes on when it cannot write down that a store passed: it was checked all the same', async () => {
    const { config, record } = await stationOn(await makeBucket());
    rmSync(record);
    mkdirSync(record); // nothing can be written there
    expect(await start(config)).toBe(true);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('refuses a store that has become unfit, and says which line failed', async () => {
    const bucket = await makeBucket();
    const { config, record } = await stationOn(bucket);
    // Under the nose of a fresh check: credentials that may bypass governance are tried again, since the configuration is another.
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('mode = "compliance"', 'mode = "governance"'));
    const refused = await expectRejection('vault-unfit', start(config));
    expect(refused.message).toContain('bypass governance');
    expect(refused.policy).toBe('stop');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ type: 'docket/vault-check' });
    await expectRejection('vault-unfit', start(config)); // a failure is not remembered as a success
    writeFileSync(config, text);
    expect(await start(config)).toBe(true);
  });

  it('refuses a bucket whose versions were switched off, by the light check', async () => {
    const { config } = await stationOn(await makeBucket());
    const plain = await makeBucket(inject('s3'), { lock: false });
    const suspended: Lie = {
      tell: (told, { query }) => {
        if (query.has('versioning'))
          told.body = Buffer.from('<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>');
      },
    };
    await using store = await openLyingStore(suspended);
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace(inject('s3').endpoint, store.server.endpoint));
    expect((await expectRejection('vault-unfit', start(config))).message).toContain('keeps no versions');
    const client = adminClient();
    await client.send(
      new PutBucketVersioningCommand({ Bucket: plain, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    client.destroy();
    writeFileSync(config, text.replace(/^bucket = .*$/m, `bucket = "${plain}"`));
    expect((await expectRejection('vault-unfit', start(config))).message).toContain('no Object Lock');
  });

  it('waits for a store that is away or does not know the credentials for now, and goes on without a restart', async () => {
    const { config } = await stationOn(await makeBucket());
    const away = { now: true };
    await using store = await openLyingStore({
      ask: () =>
        away.now
          ? { status: 403, headers: new Map(), body: Buffer.from('<Error><Code>InvalidAccessKeyId</Code></Error>') }
          : undefined,
    });
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace(inject('s3').endpoint, 'http://127.0.0.1:9'));
    expect(await start(config)).toBe(false);
    writeFileSync(config, text.replace(inject('s3').endpoint, store.server.endpoint));
    await using station = await openIt(config);
    expect(station.ports.standing.isConfirmed).toBe(false);
    await expectRejection('vault-refused', station.ports.standing.confirm());
    away.now = false;
    await station.ports.standing.confirm();
    expect(station.ports.standing.isConfirmed).toBe(true);
  });
});
