// Pages of long answers: how long one may be, and the cursor that leads from one to the next.
// A cursor is a place in an order, not a count, so pages stay true while the catalog grows.
import { Failure } from '../evidence/index.ts';
import type { CatalogItem, Page } from './view.ts';

/** Items per page when nothing is said, and at most. */
const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 1_000;

/** Which page: how many (1 to MAX_LIMIT, 50 when absent) and after which `next` of an earlier page. */
export interface Paging {
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** A page from one item more than fits, which tells whether there is a next. */
export function page(
  read: readonly CatalogItem[],
  limit: number,
  cursorOf: (last: CatalogItem) => string,
): Page<CatalogItem> {
  const last = read[limit - 1];
  return read.length > limit && last !== undefined
    ? { items: read.slice(0, limit), next: cursorOf(last) }
    : { items: read };
}

/** The cursor of a list in the order of the ledger. */
export function indexCursor(item: CatalogItem): string {
  return String(item.index);
}

/** The length of the page asked for. Throws Failure 'invalid'. */
export function pageLimit({ limit = DEFAULT_LIMIT }: Paging): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Failure('invalid', `a page of ${limit} is not possible: 1 to ${MAX_LIMIT}`);
}

/** The numbers of a cursor. Throws Failure 'invalid'. */
export function parseCursor(text: string, parts: 1): [number];
export function parseCursor(text: string, parts: 2): [number, number];
export function parseCursor(text: string, parts: 1 | 2): number[] {
  const numbers = text.split('.').map((part) => (/^-?\d{1,16}$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.length === parts && numbers.every((each) => Number.isSafeInteger(each))) return numbers;
  throw new Failure('invalid', `${JSON.stringify(text.slice(0, 50))} is not the end of a page of this list`);
}
