// The command line's contract: facts on stdout, talk on stderr, exit codes from one table, --config and --json before or after the command.
import { describe, expect, it } from 'vitest';
import { type CliPorts, type RestoreView, runCli, type UseCases, type VaultsCheck } from '../../src/cli/index.ts';
import { EXIT, Failure, finding } from '../../src/evidence/index.ts';
import { systemClock } from '../../src/platform/index.ts';

const STATION = { DOCKET_CONFIG: 'c.toml' };

const CHECKED: VaultsCheck = {
  ok: false,
  vaults: [
    {
      name: 's3',
      kind: 's3',
      where: 'https://store, bucket \u{1b}evil',
      checks: [
        { check: 'versions', state: 'ok', what: 'on' },
        { check: 'lock', state: 'fail', what: 'none', next: 'choose another' },
      ],
    },
  ],
};

const RESTORED: RestoreView = {
  station: 's',
  folder: 'to',
  config: '/to/docket.toml',
  files: ['/to/station.key'],
  ledgerSize: 7,
  missing: [],
  vault: { standing: 'ahead', size: 9, why: null },
  owner: null,
};

/** Runs a command line over use cases that answer as told; everything not told is a defect. */
async function run(
  argv: readonly string[],
  useCases: Partial<UseCases> = {},
  environment: Record<string, string> = STATION,
) {
  const [out, err, opened]: [string[], string[], string[]] = [[], [], []];
  const ports: CliPorts = {
    doors: {
      open: (config) => {
        opened.push(config);
        return Promise.resolve({ ...(useCases as UseCases), [Symbol.asyncDispose]: () => Promise.resolve() }); // what a test does not tell is not called
      },
      init: () => Promise.reject(new Failure('station-exists', 'there is one')),
      vaults: {
        check: () => Promise.resolve(CHECKED),
        init: () => Promise.reject(new Failure('vault-unfit', 'the bucket has no Object Lock')),
        policy: (of, request) => Promise.resolve({ of, request }),
      },
      checkConfig: (file) => Promise.resolve({ file, station: 's', warnings: ['w'] }),
      restore: ({ backup: owner, to: folder }) =>
        Promise.resolve({ ...RESTORED, folder, owner: owner === 'mine' ? null : owner }),
      doctor: () => Promise.resolve({ ok: true, checks: [] }),
      verifyOutside: ({ publicKey, vault }) =>
        Promise.resolve({
          ok: false,
          checked: {},
          findings: [{ code: 'payload-missing', where: publicKey, what: vault.vault }],
        }),
    },
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    clock: systemClock,
    environment,
    actor: 'tester',
    version: '1.2.3',
    signal: new AbortController().signal,
  };
  const exit = await runCli(argv, ports);
  return { exit, out: out.join(''), err: err.join(''), opened };
}

describe('docket', () => {
  it('refuses unknown commands, options and values with 2, on stderr', async () => {
    for (const argv of [
      ['frob'],
      ['status', '--frob'],
      ['find', '--kind', 'film'],
      ['find', '--limit', '0'],
      ['document', 'add', 'x'],
      ['verify', '--case', 'a', '--item', 'b'],
    ]) {
      const { exit, out, err } = await run(argv);
      expect([argv, exit, out]).toEqual([argv, EXIT.usage, '']);
      expect(err).toMatch(/^docket: /);
    }
  });

  it('tells what a check of the vaults found, with what to do, and ends with 7 when one is not fit', async () => {
    const { exit, out } = await run(['vault', 'check']);
    expect(exit).toBe(EXIT.storage);
    expect(out.split('\n')).toEqual([
      'Vault s3: https://store, bucket \\u{1b}evil',
      '  ok    versions  on',
      '  FAIL  lock      none',
      '                  -> choose another',
      '',
      'NOT fit to hold evidence: 1 check failed.',
      '',
    ]);
    expect(JSON.parse((await run(['vault', 'check', '--json'])).out)).toEqual(CHECKED);
    const refused = await run(['vault', 'init']);
    expect([refused.exit, refused.err]).toEqual([EXIT.storage, expect.stringContaining('no Object Lock') as string]);
  });

  it('says whose a restored station is, and lets that user go on with it', async () => {
    const given = (await run(['restore', 'docket', '--to', '/to'])).out;
    expect(given).toContain('\nNext: runuser -u docket -- docket rebuild --from-vault --config /to/docket.toml\n');
    expect(given).toMatch(/\nThe files belong to the user docket, as the folder does\.\n$/);
    const own = (await run(['restore', 'mine', '--to', '/to'])).out;
    expect(own).toContain('\nNext: docket rebuild --from-vault --config /to/docket.toml\n');
    expect(own).toMatch(/\nThe files belong to you now: .*chown -R.*\n$/);
  });

  it('takes a vault from its options before there is a station, and says policies in ASCII', async () => {
    const { exit, out } = await run(
      ['vault', 'policy', '--vault', 's3://b/某区', '--principal', 'p', '--station', 's'],
      {},
      {},
    );
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('s3://b/\\u67d0\\u533a');
    expect(JSON.parse(out)).toEqual({
      of: { address: { vault: 's3://b/某区' } },
      request: { principal: 'p', station: 's' },
    });
    for (const argv of [
      ['vault', 'check', '--endpoint', 'https://x'],
      ['init', 'dir', '--mode', 'compliance'],
      ['vault', 'check', '--mode', 'none'],
    ])
      expect([argv, (await run(argv)).exit]).toEqual([argv, EXIT.usage]);
  });

  it('verifies a vault without a station by a public key, which needs the vault named too', async () => {
    const outside = await run(['verify', '--public-key', 'k', '--vault', '/mnt/v', '--json'], {}, {});
    expect([outside.exit, outside.opened]).toEqual([EXIT.findings, []]);
    expect(JSON.parse(outside.out)).toMatchObject({ findings: [{ where: 'k', what: '/mnt/v' }] });
    for (const argv of [
      ['verify', '--public-key', 'k'],
      ['verify', '--vault', '/mnt/v'],
      ['verify', '--public-key', 'k', '--vault', '/mnt/v', '--case', 'c'],
      ['keys', 'replace'],
    ])
      expect([argv, (await run(argv)).exit]).toEqual([argv, EXIT.usage]);
  });

  it('takes the station from --config before or after the command, else from the environment', async () => {
    const verify: Partial<UseCases> = { verify: () => Promise.resolve({ ok: true, checked: {}, findings: [] }) };
    expect((await run(['verify'], verify)).opened).toEqual(['c.toml']);
    expect((await run(['verify', '--config', 'after'], verify)).opened).toEqual(['after']);
    expect((await run(['--config', 'before', 'verify'], verify)).opened).toEqual(['before']);
    const none = await run(['verify'], verify, {});
    expect([none.exit, none.err]).toEqual([EXIT.usage, expect.stringContaining('docket init DIR') as string]);
  });

  it('exits 1 when verification found something, and prints it as JSON when asked', async () => {
    const findings = [finding('payload-altered', 'payload/x')];
    const { exit, out } = await run(['--json', 'verify'], {
      verify: () => Promise.resolve({ ok: false, checked: { items: 1 }, findings }),
    });
    expect(exit).toBe(EXIT.findings);
    expect(JSON.parse(out)).toEqual({ ok: false, checked: { items: 1 }, findings });
  });

  it('ends every failure with what to do next, and with --json gives its code', async () => {
    const { exit, out, err } = await run(['case', 'show', 'x', '--json'], {
      showCase: () => Promise.reject(new Failure('not-found', 'nothing of case x is on record')),
    });
    expect(exit).toBe(EXIT.notFound);
    expect(err).toContain('docket find TEXT');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'not-found', message: 'nothing of case x is on record' } });
  });

  it('says 6 for a receipt with something open, and 0 when all is on record', async () => {
    const file = {
      path: 'a.mp4',
      sizeBytes: 1,
      outcome: 'recorded' as const,
      itemId: null,
      sha256: null,
      reason: null,
      kind: 'footage' as const,
      keyMark: false,
    };
    const result = {
      acquisition: 'A',
      camera: { way: 'folder' as const },
      ended: 'complete' as const,
      onRecord: true,
      files: [file],
      gaps: [],
      notes: [],
    };
    const dock = (outcome: 'recorded' | 'failed' | 'in-progress', onRecord = true): Partial<UseCases> => ({
      dock: () => Promise.resolve({ ...result, onRecord, files: [{ ...file, outcome }] }),
    });
    expect((await run(['dock', '.'], dock('recorded'))).exit).toBe(EXIT.ok);
    expect((await run(['dock', '.'], dock('in-progress'))).exit).toBe(EXIT.ok);
    expect((await run(['dock', '.'], dock('failed'))).exit).toBe(EXIT.incomplete);
    expect((await run(['dock', '.'], dock('recorded', false))).exit).toBe(EXIT.incomplete);
  });

  it('calls a defect a defect', async () => {
    const { exit, err } = await run(['status'], { status: () => Promise.reject(new TypeError('oops')) });
    expect(exit).toBe(EXIT.defect);
    expect(err).toContain('a defect in docket');
  });

  it('passes the limit of find on as a number', async () => {
    let asked: unknown;
    const find: Partial<UseCases> = {
      find: (request) => {
        asked = request;
        return Promise.resolve({ items: [], more: false });
      },
    };
    await run(['find', '盗窃', '--limit', '7', '--kind', 'footage'], find);
    expect(asked).toMatchObject({ text: '盗窃', limit: 7, kind: 'footage' });
  });
});
