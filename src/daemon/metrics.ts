// Metrics in the text form of Prometheus (exposition format 0.0.4): what a station did since docketd started, and how it stands now.
// Never names a camera, an officer or a case: whoever may look at a graph need not know them. Reads memory and small files only.
import type { Config } from '../platform/index.ts';
import { viewVaults } from './copies.ts';
import type { Waits } from './dockings.ts';
import type { Docks } from './docks.ts';
import { readLastBackup } from './last-backup.ts';
import { placesOf } from './places.ts';
import type { Page } from './socket.ts';
import type { Station } from './station.ts';
import type { Tally } from './tally.ts';
import { softwareVersion } from './version.ts';

/** One metric with its samples. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One value; units are in the metric's name. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text of metrics. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics.map(formatMetric).join('');
}

function formatMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels = {}, value }) => `${name}${formatLabels(labels)} ${formatValue(value)}\n`);
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

/** What metrics are made from. */
export interface MetricSources {
  readonly station: Station;
  readonly docks: Docks;
  readonly tally: Tally;
}

/** The page that a scrape gets. */
export function metricsPage(sources: MetricSources): Page {
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: async () => formatMetrics([...(await stationMetrics(sources)), ...processMetrics()]),
  };
}

async function stationMetrics({ station, docks, tally }: MetricSources): Promise<Metric[]> {
  const { config, ports } = station;
  const { checkpoint, published } = ports.ledger.state();
  const kinds = Object.entries(ports.catalog.counts().kinds);
  const spool = await ports.spool.usage();
  return [
    gauge('docket_info', 'Version of docket and name of the station.', [
      { labels: { version: softwareVersion(), station: config.station.name }, value: 1 },
    ]),
    counter(
      'docket_items_recorded_total',
      'Items on record since the station was made.',
      kinds.map(([kind, { items }]) => ({ labels: { kind }, value: items })),
    ),
    counter(
      'docket_recorded_bytes_total',
      'Bytes of the items on record since the station was made.',
      kinds.map(([kind, { bytes }]) => ({ labels: { kind }, value: bytes })),
    ),
    counter(
      'docket_acquisitions_total',
      'Acquisitions put on record since docketd started, by how they ended.',
      tally.ended(),
    ),
    counter(
      'docket_files_total',
      'Files on the receipts since docketd started, by what became of them.',
      tally.outcomes(),
    ),
    counter('docket_problems_total', 'Problems told since docketd started.', [{ value: docks.problemCount }]),
    gauge('docket_spool_bytes', 'Bytes in the spool, waiting to be stored and recorded.', [{ value: spool.sizeBytes }]),
    gauge('docket_spool_files', 'Files in the spool; kind "part" are kept from dockings that were cut off.', [
      { labels: { kind: 'whole' }, value: spool.files - spool.parts },
      { labels: { kind: 'part' }, value: spool.parts },
    ]),
    gauge('docket_ledger_entries', 'Entries in the ledger.', [{ value: checkpoint.size }]),
    gauge('docket_ledger_published_entries', 'Entries of the ledger that stand in the vault.', [
      { value: published?.size ?? 0 },
    ]),
    ...waitMetrics(docks.waits),
    gauge('docket_docks_busy', 'Cameras and drops that are being taken now.', [{ value: docks.busyCount }]),
    ...(await vaultMetrics(config, published?.size ?? 0, ports.clock.now())),
    ...(await backupMetrics(config)),
  ];
}

/** The officer's minute; the average is the one divided by the other. */
function waitMetrics({ count, totalMs, lastMs }: Waits): Metric[] {
  return [
    counter(
      'docket_officer_waits_total',
      'Cameras that arrived and whose officers could leave, since docketd started.',
      [{ value: count }],
    ),
    counter(
      'docket_officer_wait_seconds_total',
      'Time from the arrivals of these cameras until their receipts stood.',
      [{ value: totalMs / 1000 }],
    ),
    ...(lastMs === undefined
      ? []
      : [gauge('docket_officer_wait_last_seconds', 'The same of the last camera.', [{ value: lastMs / 1000 }])]),
  ];
}

async function vaultMetrics(config: Config, published: number, nowMs: number): Promise<Metric[]> {
  const vaults = await viewVaults(config, published);
  return [
    gauge(
      'docket_vault_away_seconds',
      'How long a vault has not answered; 0 while it does.',
      vaults.map(({ name, awaySince }) => ({
        labels: { vault: name },
        value: awaySince === null ? 0 : Math.max(0, (nowMs - Date.parse(awaySince)) / 1000),
      })),
    ),
    gauge(
      'docket_vault_behind_entries',
      'Ledger entries that name something a vault does not hold yet.',
      vaults.map(({ name, behind }) => ({ labels: { vault: name }, value: behind })),
    ),
  ];
}

async function backupMetrics(config: Config): Promise<Metric[]> {
  const last = await readLastBackup(placesOf(config).lastBackup);
  if (last === undefined) return [];
  return [
    gauge('docket_last_backup_timestamp_seconds', 'When docket backup last succeeded, as seconds since 1970.', [
      { value: Date.parse(last.at) / 1000 },
    ]),
  ];
}

/** Names that every Prometheus client library uses for these. */
function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory of docketd.', [{ value: process.memoryUsage.rss() }]),
    counter('process_cpu_seconds_total', 'CPU time of docketd, user and system.', [{ value: (user + system) / 1e6 }]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}
