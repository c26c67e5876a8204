// Versions of a bucket: the object of a write-once name is its first version; whatever came later was laid over it.
// Nothing here writes.
import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { formatInstant, type Instant } from '../evidence/index.ts';
import type { S3Requests } from './s3-requests.ts';

/** One version, or a delete marker (without size). */
export interface Version {
  readonly version: string | undefined;
  readonly at: Instant;
  readonly marker: boolean;
  readonly latest: boolean;
  readonly sizeBytes: number;
  readonly etag: string;
}

/** All versions of a key, newest first. */
export interface VersionsOfKey {
  readonly key: string;
  readonly versions: readonly Version[];
}

/** Every key under a prefix with all its versions, in key order; `exactly` stops behind the key that equals the prefix. */
export async function* listVersions(
  requests: S3Requests,
  prefix: string,
  options: { readonly exactly?: boolean; readonly signal?: AbortSignal | undefined } = {},
): AsyncIterable<VersionsOfKey> {
  let held = new Map<string, Version[]>();
  let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (next !== undefined) {
    const page = await askPage(requests, prefix, next, options.signal);
    gather(requests, page, held);
    next = page.IsTruncated === true ? markersOf(page) : undefined;
    // The last key of a page may have more versions on the next one.
    const keys = [...held.keys()];
    const whole = next === undefined ? keys : keys.slice(0, -1);
    for (const key of whole) {
      if (options.exactly === true && key !== prefix) return;
      yield { key, versions: newestFirst(held.get(key) ?? []) };
    }
    held = new Map([...held].slice(whole.length));
  }
}

function askPage(
  requests: S3Requests,
  prefix: string,
  next: { KeyMarker?: string; VersionIdMarker?: string },
  signal: AbortSignal | undefined,
): Promise<ListObjectVersionsCommandOutput> {
  const { Bucket, Key } = requests.at(prefix);
  return requests.ask(
    `listing ${prefix === '' ? 'the vault' : prefix}`,
    () => new ListObjectVersionsCommand({ Bucket, Prefix: Key, EncodingType: 'url', ...next }),
    { signal },
  );
}

function markersOf(page: ListObjectVersionsCommandOutput): { KeyMarker?: string; VersionIdMarker?: string } {
  return {
    ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: decode(page.NextKeyMarker) }),
    ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
  };
}

/** Names travel URL-encoded, since XML cannot hold every character. */
function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function gather(requests: S3Requests, page: ListObjectVersionsCommandOutput, into: Map<string, Version[]>): void {
  const { prefix } = requests.options;
  const all = [
    ...(page.Versions ?? []).map((each) => ({ ...each, marker: false })),
    ...(page.DeleteMarkers ?? []).map((each) => ({ ...each, Size: 0, ETag: '', marker: true })),
  ]
    .map((each) => ({ ...each, key: decode(each.Key ?? '').slice(prefix.length) }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  for (const each of all) {
    const versions = into.get(each.key) ?? [];
    versions.push({
      version: each.VersionId === 'null' ? undefined : each.VersionId,
      at: formatInstant(each.LastModified?.getTime() ?? 0),
      marker: each.marker,
      latest: each.IsLatest === true,
      sizeBytes: each.Size ?? 0,
      etag: each.ETag ?? '',
    });
    into.set(each.key, versions);
  }
}

/** The store lists versions newest first; markers came in a list of their own. */
function newestFirst(versions: readonly Version[]): Version[] {
  return versions.toSorted((a, b) => Number(b.latest) - Number(a.latest) || (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** The object of a write-once name: its oldest version; undefined when there are only markers. */
export function originalOf(versions: readonly Version[]): Version | undefined {
  return versions.findLast((each) => !each.marker);
}
