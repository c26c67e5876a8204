// Describes a spooled item as its manifest: pure arithmetic over what listing, pass and rules say.
// Never corrects the camera's clock: what it said stays raw, beside what the station knows.
import type { Listing } from '../acquire/index.ts';
import {
  formatInstant,
  type Manifest,
  type RetentionRule,
  retainUntil,
  type SourceFile,
  type SpooledItem,
  type StationName,
} from '../evidence/index.ts';
import type { IngestRules } from './ports.ts';

/** The manifest of a spooled item. */
export function describeItem(
  spooled: SpooledItem,
  listing: Listing,
  station: StationName,
  rules: IngestRules,
): Manifest {
  const { source } = spooled;
  return {
    type: 'docket/manifest',
    v: 1,
    station,
    item: spooled.item,
    acquisition: spooled.acquisition,
    kind: source.kind,
    payload: spooled.payload,
    source: { camera: listing.camera, path: source.path, accompanies: source.accompanies },
    time: timeOf(spooled, listing),
    case: listing.case,
    documentType: listing.documentType,
    keyMark: source.keyMark,
    reading: {
      startedAt: formatInstant(spooled.startedAtMs),
      finishedAt: formatInstant(spooled.finishedAtMs),
      continuedAtBytes: spooled.continuedAtBytes,
      rereadMatched: spooled.rereadMatched,
    },
    retention: retentionOf(source, listing, spooled, rules),
  };
}

function timeOf(spooled: SpooledItem, listing: Listing): Manifest['time'] {
  const { named, modifiedAtMs } = spooled.source;
  const fromName = named?.startedAtMs;
  return {
    captured: formatInstant(fromName ?? modifiedAtMs),
    capturedFrom: fromName === undefined ? 'modified' : 'name',
    cameraModified: formatInstant(modifiedAtMs),
    cameraNamed: named?.local === undefined ? undefined : { local: named.local, zone: named.zone },
    stationRead: formatInstant(spooled.startedAtMs),
    cameraOffsetMs: listing.cameraOffsetMs,
  };
}

/** The longest of the rules that apply; counted from the station's clock, since a camera's may say anything. */
function retentionOf(
  source: SourceFile,
  listing: Listing,
  spooled: SpooledItem,
  rules: IngestRules,
): Manifest['retention'] {
  const applying: { name: string; rule: RetentionRule }[] = [{ name: 'footage', rule: rules.retention.footage }];
  if (listing.case !== undefined) applying.push({ name: 'case', rule: rules.retention.case });
  if (source.keyMark) applying.push({ name: 'key-mark', rule: rules.retention.keyMark });
  const dated = applying.map(({ name, rule }) => ({
    class: name,
    rule,
    until: retainUntil(rule, spooled.startedAtMs),
  }));
  return dated.reduce((longest, each) => (rank(each.rule) > rank(longest.rule) ? each : longest));
}

function rank(rule: RetentionRule): number {
  if (rule === 'permanent') return Number.POSITIVE_INFINITY;
  return rule === 'same-as-case' ? Number.MAX_SAFE_INTEGER : rule.days;
}
