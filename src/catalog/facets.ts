// Filters as search words: kind, case, camera, officer, day, digest and source of an item, each one exact word that nobody can type.
// So a question with any mix of text and filters is one intersection of word lists, newest first, however common its parts are.
// A facet of a text is a hash: readers compare the text itself, so a collision never shows.
import { hash } from 'node:crypto';
import { type CameraIdentity, type EntryOf, epochOf, type Sha256, type SourcePath } from '../evidence/index.ts';

/** Begins every facet; splitWords() never yields it. */
const MARK = '§';
/** Days before and after these fall into the first and last: a camera whose clock is reset says any year. UTC. */
const FIRST_DAY_MS = Date.UTC(1979, 0, 1);
const LAST_DAY_MS = Date.UTC(2100, 11, 31);
const DAY_MS = 86_400_000;
/** Hexadecimal digits of a hash kept in a facet: 64 bits. */
const HASH_DIGITS = 16;

/** What an item can be filtered by, all exact. */
export interface FacetFilter {
  readonly kind?: string | undefined;
  readonly case?: string | undefined;
  /** Serial, or the folder of a source without one. */
  readonly camera?: string | undefined;
  /** Name or certificate number. */
  readonly officer?: string | undefined;
}

/** A path on what calls itself one camera. */
export interface Source {
  readonly camera: CameraIdentity;
  readonly path: SourcePath;
}

/** The facets of an item, separated by spaces. */
export function itemFacets(record: EntryOf<'item.recorded'>): string {
  const { camera } = record;
  const facets = [kindFacet(record.itemKind), ...dayFacets(epochOf(record.time.captured))];
  const source = camera.serial ?? camera.folder;
  facets.push(digestFacet(record.payload.sha256), ...sourceFacet(record));
  if (record.case !== undefined) facets.push(textFacet('c', record.case));
  if (source !== undefined) facets.push(textFacet('m', source));
  for (const name of new Set([camera.officer?.name, camera.officer?.certificate]))
    if (name !== undefined) facets.push(textFacet('o', name));
  return facets.join(' ');
}

/** The facets an item must have, all of them. */
export function wantedFacets(filter: FacetFilter): readonly string[] {
  const facets: string[] = [];
  if (filter.case !== undefined) facets.push(textFacet('c', filter.case));
  if (filter.officer !== undefined) facets.push(textFacet('o', filter.officer));
  if (filter.camera !== undefined) facets.push(textFacet('m', filter.camera));
  if (filter.kind !== undefined) facets.push(kindFacet(filter.kind));
  return facets;
}

/** The fewest years, months and days that cover a time range [from, to), in milliseconds since 1970; an item must have one of them. */
export function coveringFacets(fromMs: number, toMs: number): readonly string[] {
  const facets: string[] = [];
  const end = Math.max(Math.min(toMs, LAST_DAY_MS + DAY_MS), FIRST_DAY_MS + 1);
  for (let at = startOfDay(fromMs); at < end; ) {
    const [year, month, day] = dayFacets(at);
    const date = new Date(at);
    const nextYear = Date.UTC(date.getUTCFullYear() + 1, 0, 1);
    const nextMonth = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    const monthStarts = date.getUTCDate() === 1;
    if (monthStarts && date.getUTCMonth() === 0 && nextYear <= end) [at] = [nextYear, facets.push(year)];
    else if (monthStarts && nextMonth <= end) [at] = [nextMonth, facets.push(month)];
    else [at] = [at + DAY_MS, facets.push(day)];
  }
  return facets;
}

/** The facet of a payload's digest: its first 64 bits, readers compare the rest. */
export function digestFacet(sha256: Sha256): string {
  return `${MARK}h${sha256.slice(0, HASH_DIGITS)}`;
}

/** The facet of a source; none where it has neither serial nor folder. */
export function sourceFacet({ camera, path }: Source): readonly string[] {
  const key = sourceKey(camera);
  return key === undefined ? [] : [textFacet('s', `${key}\n${path.bytes ?? ''}\n${path.text}`)];
}

/** True when both name the same path on what calls itself the same camera: by serial, or by folder where there is none. */
export function sameSource(a: Source, b: Source): boolean {
  return sourceKey(a.camera) === sourceKey(b.camera) && a.path.text === b.path.text && a.path.bytes === b.path.bytes;
}

function sourceKey(camera: CameraIdentity): string | undefined {
  if (camera.serial !== undefined) return `serial ${camera.serial}`;
  return camera.folder === undefined ? undefined : `folder ${camera.folder}`;
}

function startOfDay(atMs: number): number {
  const clamped = Math.min(Math.max(atMs, FIRST_DAY_MS), LAST_DAY_MS);
  return clamped - (((clamped % DAY_MS) + DAY_MS) % DAY_MS);
}

function dayFacets(atMs: number): readonly [string, string, string] {
  const digits = new Date(startOfDay(atMs)).toISOString().slice(0, 10).replaceAll('-', '');
  return [`${MARK}y${digits.slice(0, 4)}`, `${MARK}n${digits.slice(0, 6)}`, `${MARK}d${digits}`];
}

function kindFacet(kind: string): string {
  return `${MARK}k${kind}`;
}

function textFacet(letter: string, text: string): string {
  return `${MARK}${letter}${hash('sha256', text, 'hex').slice(0, HASH_DIGITS)}`;
}
