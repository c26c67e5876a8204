// The store is not trusted: what docket vault check proves on a real store, and what it says of stores that do not keep their promises.
// Each lie is one that some store has told; each must be named by the line that is there for it.

import { readdirSync, writeFileSync } from 'node:fs';
import { PutBucketVersioningCommand, PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { describe, expect, inject, it } from 'vitest';
import { parseEpochMs } from '../../src/evidence/index.ts';
import { type Clock, systemClock } from '../../src/platform/index.ts';
import {
  type Check,
  checkDirectoryVault,
  checkS3Vault,
  type S3Encryption,
  type S3VaultOptions,
} from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { adminClient, makeBucket, vaultOptions } from './buckets.ts';
import { type Asked, type Lie, openLyingStore } from './lying-store.ts';
import { grantStation } from './station-key.ts';

const STATION = 'pudong-7';
const MODES = ['compliance', 'governance'] as const;

function check(options: S3VaultOptions, depth: 'light' | 'full' = 'full'): Promise<Check[]> {
  return Array.fromAsync(checkS3Vault(options, { depth, station: STATION }));
}

/** States by name of the line. */
function statesOf(lines: readonly Check[]): Record<string, string> {
  return Object.fromEntries(lines.map(({ check: name, state }) => [name, state]));
}

function textOf(lines: readonly Check[], name: string): string {
  return lines.find((each) => each.check === name)?.what ?? '';
}

/** Names of the lines that are not ok. */
function faultsIn(lines: readonly Check[]): string[] {
  return lines.filter(({ state }) => state !== 'ok').map(({ check: name, state }) => `${name}: ${state}`);
}

describe('a bucket with Object Lock', () => {
  it.each(MODES)(
    'is proven fit in %s mode with the rights a station needs, and no line is doubtful but the mode',
    async (mode) => {
      const bucket = await makeBucket();
      const keys = await grantStation(bucket);
      const lines = await check(vaultOptions(bucket, { mode, credentials: () => Promise.resolve(keys) }));
      expect(faultsIn(lines)).toEqual(mode === 'compliance' ? [] : ['mode: warn']);
      expect(lines.map((each) => each.check)).toEqual(
        expect.arrayContaining(['lock', 'lock-parts', 'delete', 'delete-parts', 'shorten', 'bypass', 'digest', 'once']),
      );
      // These credentials cannot delete at all: the check does not claim to have tried the lock.
      expect(textOf(lines, 'delete')).toMatch(/may not delete, so the lock .* was not put to the test/);
    },
  );

  it('is proven by the lock itself with credentials that may delete, and that right is told', async () => {
    const lines = await check(vaultOptions(await makeBucket(), { mode: 'compliance' }));
    expect(faultsIn(lines)).toEqual(['rights: warn']);
    for (const name of ['delete', 'delete-parts'])
      expect(textOf(lines, name)).toMatch(/the lock refused it, an unlocked one went/);
  });

  it('is not fit in governance mode with credentials that may bypass it', async () => {
    const lines = await check(vaultOptions(await makeBucket(), { mode: 'governance' }));
    expect(statesOf(lines)).toMatchObject({ bypass: 'fail', lock: 'ok', delete: 'ok', rights: 'warn' });
    expect(lines.find((each) => each.check === 'bypass')?.next).toContain('docket vault policy');
  });

  it('that locks by itself is told, and what could not be tried is not claimed', async () => {
    const bucket = await makeBucket();
    const client = adminClient();
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      }),
    );
    client.destroy();
    const lines = await check(vaultOptions(bucket, { mode: 'compliance' }));
    expect(faultsIn(lines)).toEqual(['default-lock: warn', 'rights: warn']);
    expect(textOf(lines, 'rights')).toContain('could not be tried');
  });

  it('is looked at lightly without putting anything there', async () => {
    const bucket = await makeBucket();
    const options = vaultOptions(bucket, { mode: 'compliance' });
    expect(faultsIn(await check(options, 'light'))).toEqual([]);
    expect((await check(options, 'light')).map((each) => each.check)).toEqual([
      'reachable',
      'clock',
      'versions',
      'object-lock',
      'mode',
    ]);
  });
});

describe('what cannot keep evidence is named', () => {
  it('when the bucket has neither versions nor Object Lock, or versions only', async () => {
    const bucket = await makeBucket(inject('s3'), { lock: false });
    expect(faultsIn(await check(vaultOptions(bucket)))).toEqual(['versions: fail', 'object-lock: fail']);
    const client = adminClient();
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    client.destroy();
    expect(faultsIn(await check(vaultOptions(bucket)))).toEqual(['object-lock: fail']);
  });

  it('when there is no bucket', async () => {
    const lines = await check(vaultOptions('there-is-none'));
    expect(faultsIn(lines)).toEqual(['bucket: fail']);
    expect(lines[0]?.next).toContain('docket vault init');
  });

  it('but a store that is away or does not know the credentials is no finding: nothing was found out', async () => {
    const bucket = await makeBucket();
    await expectRejection('vault-unreachable', check(vaultOptions(bucket, { endpoint: 'http://127.0.0.1:9' })));
    const wrong = (over: object) => ({ credentials: () => Promise.resolve({ ...inject('s3'), ...over }) });
    await expectRejection('vault-refused', check(vaultOptions(bucket, wrong({ secretAccessKey: 'wrong' }))));
    await expectRejection('vault-refused', check(vaultOptions(bucket, wrong({ accessKeyId: 'NOBODY' }))));
    await expectRejection('vault-refused', check(vaultOptions(bucket, wrong(inject('s3station')))));
  });

  it('when its signal is aborted, the check ends with its reason', async () => {
    const reason = new Error('Ctrl-C');
    const order = { depth: 'full' as const, station: STATION, signal: AbortSignal.abort(reason) };
    await expect(Array.fromAsync(checkS3Vault(vaultOptions(await makeBucket()), order))).rejects.toBe(reason);
  });
});

describe('the clock of the store', () => {
  const shifted = (byMs: number): Clock => ({ ...systemClock, now: () => parseEpochMs(systemClock.now() + byMs) });

  it.each([
    [0, []],
    [-20_000, ['clock: warn']],
    [20_000, ['clock: warn']],
    [600_000, ['clock: fail']],
    [-600_000, ['clock: fail']],
  ])('is compared with ours: %i ms apart', async (byMs, faults) => {
    const options = vaultOptions(await makeBucket(), { mode: 'compliance', clock: shifted(byMs) });
    expect(faultsIn(await check(options, 'light'))).toEqual(faults);
  });

  it('may differ by seconds without a lock ending early', async () => {
    for (const byMs of [-100_000, 100_000]) {
      const options = vaultOptions(await makeBucket(), { mode: 'compliance', clock: shifted(byMs) });
      expect(faultsIn(await check(options))).toEqual(['clock: warn', 'rights: warn']);
    }
  });

  it('that is so wrong that every request is refused is a finding too', async () => {
    const lie: Lie = {
      ask: (asked) => {
        asked.at = new Date(asked.at.getTime() - 3_600_000);
        return undefined;
      },
      tell: (told) => void told.headers.set('date', new Date(Date.now() + 3_600_000).toUTCString()),
    };
    await using store = await openLyingStore(lie);
    const lines = await check(vaultOptions(await makeBucket(), {}, store.server));
    expect(faultsIn(lines)).toEqual(['clock: fail']);
    expect(lines[0]?.what).toContain('60 min ahead');
  });
});

const isPut = ({ method, query }: Asked): boolean =>
  method === 'PUT' && query.size <= 1 && (query.get('x-id') ?? 'PutObject') === 'PutObject';
const forget =
  (pattern: RegExp) =>
  ({ headers }: Asked): void => {
    for (const name of headers.keys()) if (pattern.test(name)) headers.delete(name);
  };
const done = (status = 200) => ({ status, headers: new Map<string, string>(), body: Buffer.alloc(0) });
const asking =
  (fits: (asked: Asked) => boolean, change: (asked: Asked) => void): NonNullable<Lie['ask']> =>
  (asked) => {
    if (fits(asked)) change(asked);
    return undefined;
  };

const LIES: Record<string, { readonly lie: Lie; readonly fault: string; readonly mode?: 'governance' }> = {
  'drops the lock of uploads in parts, as older Ceph does': {
    lie: { ask: asking(({ query }) => query.has('uploads'), forget(/^x-amz-object-lock/)) },
    fault: 'lock-parts: fail',
  },
  'drops the lock of every object': { lie: { ask: asking(isPut, forget(/^x-amz-object-lock/)) }, fault: 'lock: fail' },
  'locks in another mode than asked': {
    lie: {
      ask: asking(
        ({ headers }) => headers.has('x-amz-object-lock-mode'),
        ({ headers }) => headers.set('x-amz-object-lock-mode', 'GOVERNANCE'),
      ),
    },
    fault: 'lock: fail',
  },
  'locks for less time than asked': {
    lie: {
      ask: asking(
        ({ headers }) => headers.has('x-amz-object-lock-retain-until-date'),
        ({ headers }) =>
          headers.set('x-amz-object-lock-retain-until-date', new Date(Date.now() + 10_000).toISOString()),
      ),
    },
    fault: 'lock: fail',
  },
  'gives a name away twice': { lie: { ask: asking(isPut, forget(/^if-none-match$/)) }, fault: 'once: fail' },
  'replaces whatever the condition': { lie: { ask: asking(isPut, forget(/^if-match$/)) }, fault: 'swap: warn' },
  'takes bytes with the digest of others': {
    lie: { ask: asking(isPut, forget(/^x-amz-(?:sdk-checksum|checksum|content-sha256)/)) },
    fault: 'digest: fail',
  },
  'does not tell the digest': {
    lie: { tell: ({ headers }) => void headers.delete('x-amz-checksum-sha256') },
    fault: 'digest-kept: warn',
  },
  'tells another digest': {
    lie: {
      tell: ({ headers }, { method }) =>
        void (method === 'HEAD' && headers.has('x-amz-checksum-sha256')
          ? headers.set('x-amz-checksum-sha256', Buffer.alloc(32).toString('base64'))
          : undefined),
    },
    fault: 'digest-kept: fail',
  },
  'gives other bytes back': {
    lie: {
      tell: (told, { method, query }) => {
        if (method === 'GET' && query.has('versionId')) told.body = Buffer.alloc(told.body.length);
      },
    },
    fault: 'read: fail',
  },
  'forgets legal holds': {
    lie: { ask: ({ query, method }) => (query.has('legal-hold') && method === 'PUT' ? done() : undefined) },
    fault: 'hold: fail',
  },
  'forgets longer locks': {
    lie: { ask: ({ query, method }) => (query.has('retention') && method === 'PUT' ? done() : undefined) },
    fault: 'lengthen: fail',
  },
  'lets anybody shorten a lock': {
    lie: {
      ask: asking(
        ({ query }) => query.has('retention'),
        ({ headers }) => headers.set('x-amz-bypass-governance-retention', 'true'),
      ),
    },
    fault: 'shorten: fail',
    mode: 'governance',
  },
  'lets anybody delete what is locked': {
    lie: {
      ask: asking(
        ({ method }) => method === 'DELETE',
        ({ headers }) => headers.set('x-amz-bypass-governance-retention', 'true'),
      ),
    },
    fault: 'delete: fail',
    mode: 'governance',
  },
};

/** The store of the tests knows the key testkey-1 of a key service. */
const ENCRYPTIONS: readonly S3Encryption[] = [
  { kind: 'kms', keyId: 'testkey-1' },
  { kind: 'customer', key: Buffer.alloc(32, 7) },
];

describe('a store that lies is found out', () => {
  it.each(Object.entries(LIES))('when it %s', async (_name, { lie, fault, mode }) => {
    await using store = await openLyingStore(lie);
    const lines = await check(vaultOptions(await makeBucket(), { mode: mode ?? 'compliance' }, store.server));
    expect(faultsIn(lines)).toContain(fault);
    expect(lines.find((each) => `${each.check}: ${each.state}` === fault)?.next).toBeTruthy();
  });

  it.each([
    ['at once', isPut, 'encryption: fail'],
    ['in parts', ({ query }: Asked) => query.has('uploads') || query.has('uploadId'), 'encryption-parts: fail'],
  ] as const)('when it keeps in clear what is put %s and was to be encrypted', async (_how, fits, fault) => {
    await using store = await openLyingStore({ ask: asking(fits, forget(/^x-amz-server-side-encryption/)) });
    const bucket = await makeBucket();
    for (const encryption of ENCRYPTIONS) {
      const lines = await check(vaultOptions(bucket, { mode: 'compliance', encryption }, store.server));
      expect(faultsIn(lines)).toContain(fault);
      const honest = await check(vaultOptions(bucket, { mode: 'compliance', encryption }));
      expect(faultsIn(honest)).toEqual(['rights: warn']);
      expect(honest.map((each) => each.check)).toEqual(expect.arrayContaining(['encryption', 'encryption-parts']));
    }
  });

  it('and one that only passes everything on is not', async () => {
    await using store = await openLyingStore({});
    const lines = await check(vaultOptions(await makeBucket(), { mode: 'compliance' }, store.server));
    expect(faultsIn(lines)).toEqual(['rights: warn']);
  });
});

describe('a directory vault', () => {
  it('is tried by writing there, leaves nothing behind, and is told to have no lock', async () => {
    await using folder = await makeTempFolder();
    const lines = await Array.fromAsync(checkDirectoryVault(folder.path));
    expect(statesOf(lines)).toMatchObject({ folder: 'ok', write: 'ok', lock: 'warn' });
    expect(textOf(lines, 'lock')).toMatch(/^none: /);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('that is not there, or not writable, is not fit', async () => {
    await using folder = await makeTempFolder();
    writeFileSync(folder.at('file'), 'x');
    for (const path of [folder.at('none'), folder.at('file')])
      expect(faultsIn(await Array.fromAsync(checkDirectoryVault(path)))).toEqual(['folder: fail']);
    expect(faultsIn(await Array.fromAsync(checkDirectoryVault('/proc/self')))).toEqual(['write: fail']);
  });
});
