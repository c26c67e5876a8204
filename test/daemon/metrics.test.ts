// Metrics can be read by what reads Prometheus' text form, say what happened, and are given to this machine only.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { backupStation } from '../../src/daemon/backup.ts';
import { formatMetrics, type Metric } from '../../src/daemon/metrics.ts';
import { openMetricsPort } from '../../src/daemon/metrics-port.ts';
import { askDaemon } from '../../src/daemon/socket.ts';
import { parseConfig, readConfig, silentLog } from '../../src/platform/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { startDaemon } from '../fault/services.ts';
import { makeStation, never, placesIn } from '../fault/stations.ts';
import { makeTempFolder } from '../temp-folder.ts';

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** Parses the text form, version 0.0.4; throws at anything that is not of it. Samples are keyed by their labels as written. */
function parseMetrics(body: string): Map<string, Family> {
  expect(body.endsWith('\n')).toBe(true);
  const families = new Map<string, Family>();
  let help = '';
  let current = { name: '', family: { help: '', type: '', samples: new Map<string, number>() } };
  for (const line of body.slice(0, -1).split('\n')) {
    const helped = /^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line);
    const typed = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge)$/.exec(line);
    const sample =
      /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\]|\\[\\"n])*",?)+\})? (-?[0-9.e+-]+|\+Inf|-Inf|NaN)$/.exec(line);
    if (helped !== null) help = `${helped[1]} ${helped[2]}`;
    else if (typed?.[1] !== undefined) {
      if (!help.startsWith(`${typed[1]} `) || families.has(typed[1]))
        throw new Error(`no HELP before, or twice: ${line}`);
      current = { name: typed[1], family: { help, type: typed[2] ?? '', samples: new Map() } };
      families.set(current.name, current.family);
    } else if (sample !== null && sample[1] === current.name && !current.family.samples.has(sample[2] ?? ''))
      current.family.samples.set(sample[2] ?? '', Number(sample[3]));
    else throw new Error(`not of the text form: ${line}`);
  }
  return families;
}

function get(where: { socketPath: string } | { port: number; host: string }, path: string, method = 'GET') {
  return new Promise<{ status: number; type: string | undefined; body: string }>((resolve, reject) => {
    const asked = request({ ...where, path, method }, (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], body }),
        reject,
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a running docketd', () => {
  it('tells on its socket what it put on record and how it stands, in words Prometheus knows', async () => {
    await using folder = await makeTempFolder();
    const config = await makeStation(folder.at('station'));
    const { socket: socketPath } = await placesIn(config);
    mkdirSync(folder.at('卡'));
    for (const [name, bytes] of Object.entries({ 'a.mp4': 1000, 'b.mp4': 234, 'c.jpg': 50 }))
      writeFileSync(folder.at('卡', name), Buffer.alloc(bytes, name));
    await backupStation(await readConfig(config), folder.path);
    await using daemon = await startDaemon(config);
    const scrape = async () => {
      const { status, type, body } = await get({ socketPath }, '/metrics');
      expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
      return parseMetrics(body);
    };
    const value = (families: Map<string, Family>, name: string, labels = ''): number | undefined =>
      families.get(name)?.samples.get(labels);

    const before = await scrape();
    expect(value(before, 'docket_files_total', '{outcome="recorded"}')).toBe(0);
    await askDaemon(socketPath, 'dock', { path: folder.at('卡'), actor: 'x' }, () => undefined, never());
    const after = await scrape();
    const wanted: [string, string, number][] = [
      ['docket_items_recorded_total', '{kind="footage"}', 2],
      ['docket_items_recorded_total', '{kind="photo"}', 1],
      ['docket_recorded_bytes_total', '{kind="footage"}', 1234],
      ['docket_acquisitions_total', '{ended="complete"}', 1],
      ['docket_acquisitions_total', '{ended="interrupted"}', 0],
      ['docket_files_total', '{outcome="recorded"}', 3],
      ['docket_spool_bytes', '', 0],
      ['docket_spool_files', '{kind="whole"}', 0],
      ['docket_docks_busy', '', 0],
      ['docket_problems_total', '', 0],
      ['docket_vault_away_seconds', '{vault="directory"}', 0],
    ];
    for (const [name, labels, expected] of wanted) expect([name, value(after, name, labels)]).toEqual([name, expected]);
    const entries = value(after, 'docket_ledger_entries') ?? 0;
    expect(entries).toBeGreaterThan(value(before, 'docket_ledger_entries') ?? Number.POSITIVE_INFINITY);
    expect(value(after, 'docket_ledger_published_entries')).toBe(entries);
    expect(value(after, 'docket_officer_waits_total')).toBe(0); // nobody waits for what is taken by hand
    expect(value(after, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(value(after, 'process_cpu_seconds_total')).toBeGreaterThan(
      value(before, 'process_cpu_seconds_total') ?? Infinity,
    );
    expect(value(after, 'docket_last_backup_timestamp_seconds')).toBeGreaterThan(1_700_000_000);
    for (const [name, { type }] of after) expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')]);

    expect((await get({ socketPath }, '/metrics', 'POST')).status).toBe(404);
    expect((await get({ socketPath }, '/other')).status).toBe(404);
    expect((await daemon.stop()).code).toBe(0);
  });
});

describe('the text of metrics', () => {
  it('escapes what a label or a help may hold, and says numbers that are none', () => {
    const odd: Metric = {
      name: 'x_total',
      type: 'counter',
      help: 'a\\b\nc',
      samples: [
        { labels: { vault: '一"\\\n' }, value: 1e21 },
        { labels: { vault: 'b' }, value: Number.POSITIVE_INFINITY },
        { labels: { vault: 'c' }, value: Number.NaN },
      ],
    };
    const body = formatMetrics([odd]);
    expect(body).toBe(
      '# HELP x_total a\\\\b\\nc\n# TYPE x_total counter\nx_total{vault="一\\"\\\\\\n"} 1e+21\nx_total{vault="b"} +Inf\nx_total{vault="c"} NaN\n',
    );
    expect(parseMetrics(body).get('x_total')?.samples.size).toBe(3);
  });
});

describe('metrics on a port', () => {
  const page = { contentType: 'text/plain', text: () => Promise.resolve('x 1\n') };

  it('are given to GET /metrics and to nothing else', async () => {
    await using port = await openMetricsPort('127.0.0.1:0', page, silentLog);
    const where = { host: '127.0.0.1', port: port.port };
    expect(await get(where, '/metrics')).toMatchObject({ status: 200, body: 'x 1\n' });
    for (const [path, method] of [
      ['/', 'GET'],
      ['/v1/dock', 'POST'],
      ['/metrics', 'POST'],
      ['/metrics/', 'GET'],
    ] as const)
      expect([path, (await get(where, path, method)).status]).toEqual([path, 404]);
  });

  it('that somebody else has are refused in one line that names it', async () => {
    await using port = await openMetricsPort('127.0.0.1:0', page, silentLog);
    const failure = await expectRejection('config-invalid', openMetricsPort(`127.0.0.1:${port.port}`, page, silentLog));
    expect(failure.message).toMatch(/metrics\.listen: 127\.0\.0\.1:\d+ cannot be had \(EADDRINUSE\)/);
  });

  it('do not keep docketd from taking cameras when it cannot be had', async () => {
    await using folder = await makeTempFolder();
    await using port = await openMetricsPort('127.0.0.1:0', page, silentLog);
    const config = await makeStation(folder.at('station'));
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n[metrics]\nlisten = "127.0.0.1:${port.port}"\n`);
    await using daemon = await startDaemon(config);
    await daemon.says(/metrics are given on the socket only/);
    const { socket: socketPath } = await placesIn(config);
    expect((await get({ socketPath }, '/metrics')).status).toBe(200);
    expect((await daemon.stop()).code).toBe(0);
  });

  it.each([
    '0.0.0.0:9464',
    '192.168.1.2:9464',
    'localhost:9464',
    '[::]:9464',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:70000',
    ':9464',
  ])('are not given on %s', async (listen) => {
    await using folder = await makeTempFolder();
    const config = await makeStation(folder.at('station'));
    const station = readFileSync(config, 'utf8');
    const written = (value: string): string => `${station}\n[metrics]\nlisten = "${value}"\n`;
    expect(() => parseConfig(written(listen), join(folder.path, 'docket.toml'))).toThrow(/metrics\.listen/);
    expect(parseConfig(written('[::1]:9464'), join(folder.path, 'docket.toml')).metrics.listen).toBe('[::1]:9464');
  });
});
