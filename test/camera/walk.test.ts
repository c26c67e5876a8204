// The walk over cards that have no end: names in any number, whatever stands under them, are bounded, and what is left out is told once.
// The folders are made while they are walked; one that is walked for ever ends its test.
import { describe, expect, test } from 'vitest';
import { makeClassifier } from '../../src/camera/classify.ts';
import { DEFAULT_CARD_LIMITS, PROFILE_SAMPLE_FILES, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import { parseProfile } from '../../src/camera/profile.ts';
import { rawOf } from '../../src/camera/source-path.ts';
import type { Folder } from '../../src/camera/tree.ts';
import { walk } from '../../src/camera/walk.ts';
import {
  encodeReceipt,
  Failure,
  isFailure,
  MAX_RECEIPT_BYTES,
  parseReceipt,
  type Receipt,
  type SourceFile,
} from '../../src/evidence/index.ts';

const MILLION = 1_000_000;
/** A tenth of the usual files: cards that are walked in no time. */
const FEWER = { ...DEFAULT_CARD_LIMITS, maxFiles: 10_000 };

/** What stands under a name: a folder by how it is made. */
type Under = 'file' | 'unreadable' | (() => Plan);

/** A folder to be made: so many names, and what stands under each. */
interface Plan {
  readonly count: number;
  readonly name: (k: number) => string;
  readonly under: (name: string) => Under;
}

const EMPTY: Plan = { count: 0, name: String, under: () => 'file' };

/** Made once: a million of them would take seconds. */
const UNREADABLE = Object.assign(new Error('EIO'), { code: 'EIO' });

/** A card that counts what is asked of it. */
class EndlessCard {
  looks = 0;
  open = 0;
  mostNames = 0;
  failedRequests: () => Promise<string | undefined> = async () => undefined;
  readonly #plan: Plan;
  readonly #onLook: (looks: number) => void;

  constructor(plan: Plan, onLook: (looks: number) => void = () => undefined) {
    this.#plan = plan;
    this.#onLook = onLook;
  }

  async list(limits = DEFAULT_CARD_LIMITS, signal?: AbortSignal, profile = TAKE_EVERYTHING): Promise<SourceFile[]> {
    const ports = {
      root: async () => this.#enter(this.#plan),
      isPresent: async () => true,
      failedRequests: () => this.failedRequests(),
      classifier: makeClassifier(profile),
      profile,
      limits,
    };
    return Array.fromAsync(walk(ports, signal));
  }

  #enter(plan: Plan): Folder {
    this.open += 1;
    return {
      names: async (max, signal) => {
        if (plan.count > 0 && signal?.aborted === true)
          throw new Failure('cancelled', 'as the folders of this machine say it');
        this.mostNames = Math.max(this.mostNames, max);
        const names = Array.from({ length: Math.min(max, plan.count) }, (_, k) => rawOf(plan.name(k)));
        return { names, more: plan.count > max };
      },
      look: async (name) => {
        this.looks += 1;
        if (this.looks > MILLION) throw new Error('it is walked for ever');
        this.#onLook(this.looks);
        const under = plan.under(name);
        if (under === 'unreadable') throw UNREADABLE;
        return { type: under === 'file' ? 'file' : 'directory', sizeBytes: 1, modifiedAtMs: 0 };
      },
      enter: async (name) => {
        const under = plan.under(name);
        if (typeof under === 'string') throw UNREADABLE;
        return this.#enter(under());
      },
      close: async () => {
        this.open -= 1;
      },
    };
  }
}

/** So many names of the same length, in their order. */
function numbered(count: number, under: Plan['under'], last = ''): Plan {
  return { count, name: (k) => `${String(k).padStart(7, '0')}${last}`, under };
}

/** Names with what stands under them. */
function holding(entries: Readonly<Record<string, Under>>): Plan {
  const names = Object.keys(entries);
  return { count: names.length, name: (k) => names[k] ?? '', under: (name) => entries[name] ?? 'unreadable' };
}

/** Path and reason of an entry; of one that is taken the path only. */
function told({ path, verdict }: SourceFile): string {
  return verdict.take ? path.text : `${path.text}: ${verdict.reason}`;
}

/** Entries about the card as a whole. */
function ofTheCard(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => path.text === '.').map(told);
}

/** Nothing of the card was read, each file says why, and between any two there is a gap. */
function longestReceipt(files: readonly SourceFile[]): Receipt {
  const at = '2026-01-14T09:00:00.000Z';
  return parseReceipt(
    {
      type: 'docket/receipt',
      v: 1,
      station: 'dock-0000',
      acquisition: '20260114-090000-00000000',
      camera: { way: 'usb', serial: 'BC01' },
      startedAt: at,
      finishedAt: at,
      ended: 'interrupted',
      files: files.map(({ path }, k) => ({
        n: k + 1,
        path,
        kind: 'footage',
        sizeBytes: 1_000_000_000_000,
        modified: at,
        keyMark: false,
        outcome: 'interrupted',
        item: `20260114-090000-00000000-${String(k).padStart(6, '0')}`,
        sha256: '0'.repeat(64),
        reason: `${'why '.repeat(60)}${path.text}`.slice(0, 2000),
      })),
      gaps: files.map(({ path }) => ({ kind: 'counter', after: path.text, before: path.text, missing: 1_000_000 })),
      notes: [],
    },
    'the test',
  );
}

describe('a card without end', () => {
  test('of a million folders is listed as far as its names may be read, and says once that there is more', async () => {
    const inner = numbered(1000, (name) => (name === '0000500' ? 'file' : () => EMPTY));
    const card = new EndlessCard(numbered(1000, () => () => inner));
    const files = await card.list(FEWER);
    expect(files.slice(0, 2).map(told)).toEqual(['0000000/0000500', '0000001/0000500']);
    expect(files.slice(-2).map(told)).toEqual([
      '0000038/0000500',
      '.: more than 40000 names on one card: the rest of it was not listed',
    ]);
    expect(files).toHaveLength(40);
    expect(card.open).toBe(0);
  });

  test('of a million folders in one says so of that folder, and what lies beside it is listed', async () => {
    const card = new EndlessCard(holding({ all: () => numbered(MILLION, () => () => EMPTY), 'b.mp4': 'file' }));
    expect((await card.list(FEWER)).map(told)).toEqual([
      'all: more than 10000 names in one folder: the rest of it was not listed',
      'b.mp4',
    ]);
  });

  test('of a million unreadable entries makes no more entries than files may be listed', async () => {
    const folder = numbered(100_000, () => 'unreadable');
    const files = await new EndlessCard(numbered(10, () => () => folder)).list(FEWER);
    expect(files).toHaveLength(10_001);
    expect(files.slice(-2).map(told)).toEqual([
      '0000000/0009999: cannot be read (EIO)',
      '.: more than 10000 files on one card: the rest of it was not listed',
    ]);
    expect(ofTheCard(files)).toHaveLength(1);
  });

  test.each([
    ['with a recording', { 'clip.mp4': 'file' as const }],
    ['with nothing else', {}],
  ])('whose folders hold their parents is listed to a limit, %s in them', async (_what, more) => {
    const again: Plan = holding({ a: () => again, b: () => again, ...more });
    const card = new EndlessCard(again);
    const files = await card.list(FEWER);
    expect(files).toHaveLength(10_001);
    expect(ofTheCard(files)).toEqual(['.: more than 10000 files on one card: the rest of it was not listed']);
    expect(card.open).toBe(0);
  });

  test('of a million files in one folder is listed to the limit, and no more names than that are held', async () => {
    const card = new EndlessCard(numbered(MILLION, () => 'file', '.mp4'));
    const files = await card.list();
    expect(files).toHaveLength(100_001);
    expect(files.slice(-2).map(told)).toEqual([
      '0099999.mp4',
      '.: more than 100000 files on one card: the rest of it was not listed',
    ]);
    expect(card.mostNames).toBe(100_001);
  });

  test('of long names is listed as far as a receipt holds it, and says so', { timeout: 60_000 }, async () => {
    const files = numbered(100_000, () => 'file', `${'长'.repeat(80)}.mp4`);
    const deep = numbered(1, () => () => files, '名'.repeat(80));
    const listed = await new EndlessCard(numbered(1, () => () => deep, '"'.repeat(240))).list();
    expect(listed.length).toBeGreaterThan(20_000);
    expect(ofTheCard(listed)).toEqual([
      `.: more names than fit on a receipt, which holds ${listed.length - 1} of these: the rest of it was not listed`,
    ]);
    expect(encodeReceipt(longestReceipt(listed)).length).toBeLessThan(MAX_RECEIPT_BYTES);
  });

  test('costs no more to choose its profile than so many names', async () => {
    const inner = numbered(1000, () => () => EMPTY);
    const card = new EndlessCard(numbered(1000, () => () => inner));
    await card.list({ ...DEFAULT_CARD_LIMITS, maxFiles: PROFILE_SAMPLE_FILES });
    expect(card.looks).toBe(8000);
  });
});

describe('a limit of names', () => {
  const limits = { ...DEFAULT_CARD_LIMITS, maxFiles: 3 };
  const folders =
    (count: number): Under =>
    () =>
      numbered(count, () => () => EMPTY);

  test('cuts off folders only: every name that was read is on the receipt', async () => {
    const card = new EndlessCard(
      holding({ a: folders(4), b: folders(4), c: () => holding({ 'd.mp4': 'file' }), 'e.mp4': 'file' }),
    );
    expect((await card.list(limits)).map(told)).toEqual([
      'e.mp4',
      '.: more than 12 names on one card: the rest of it was not listed',
    ]);
  });

  test('that is just kept is not spoken of', async () => {
    const card = new EndlessCard(holding({ a: folders(4), b: folders(4), c: folders(0), 'e.mp4': 'file' }));
    expect((await card.list(limits)).map(told)).toEqual(['e.mp4']);
  });

  test('is told once of a card whose root has too many of them as well', async () => {
    const card = new EndlessCard(numbered(5, () => folders(4)));
    expect((await card.list(limits)).map(told)).toEqual([
      '.: more than 12 names on one card: the rest of it was not listed',
    ]);
    const flat = new EndlessCard(numbered(5, () => folders(0)));
    expect((await flat.list(limits)).map(told)).toEqual([
      '.: more than 3 names in one folder: the rest of it was not listed',
    ]);
  });
});

describe('what is left out', () => {
  test('is refused of the card as a whole, also under a profile that skips hidden names', async () => {
    const skip = [{ glob: '.*', reason: 'hidden' }];
    const profile = parseProfile({ name: 'p', description: 'd', skip }, 'test');
    const files = await new EndlessCard(holding({ '.a': 'file', b: 'file', c: 'file' })).list(
      { ...DEFAULT_CARD_LIMITS, maxFiles: 2 },
      undefined,
      profile,
    );
    expect(files.map(told)).toEqual([
      '.a: hidden',
      'b',
      '.: more than 2 files on one card: the rest of it was not listed',
    ]);
    expect(files.at(-1)?.verdict).toMatchObject({ outcome: 'refused' });
  });
});

describe('a device that failed requests while it was listed', () => {
  /** A card of two files whose device counts as it is told to, at each question. */
  function counting(counts: readonly number[], second: Under = 'file'): EndlessCard {
    const entries: Record<string, Under> = { 'a.mp4': 'file', 'b.mp4': 'file' };
    let asked = 0;
    const card = new EndlessCard(holding(entries), (looks) => {
      if (looks === 3) entries['b.mp4'] = second; // when it is listed once more
    });
    card.failedRequests = async () => {
      asked += 1;
      return String(counts[asked - 1] ?? counts.at(-1));
    };
    return card;
  }

  test.each([
    ['never', [7], 0],
    ['once, and not when it is listed again', [7, 8, 8], 0],
    ['again when it is listed again', [7, 8, 8, 9], 1],
  ])('%s', async (_, counts, doubts) => {
    const card = counting(counts);
    const files = await card.list();
    expect(files.filter(({ verdict }) => verdict.take).map(told)).toEqual(['a.mp4', 'b.mp4']);
    expect(ofTheCard(files)).toHaveLength(doubts);
    expect(card.open, 'no folder is left open').toBe(0);
  });

  test('once, and shows something else when it is listed again', async () => {
    const card = counting([7, 8, 8], () => ({ count: 2, name: String, under: () => 'file' }));
    expect(ofTheCard(await card.list())).toEqual([expect.stringContaining('it could not be read everywhere')]);
    expect(card.open).toBe(0);
  });
});

describe('listing that is cancelled', () => {
  test('ends at the next name, also where nothing but folders stands, and leaves none open', async () => {
    const stop = new AbortController();
    const card = new EndlessCard(
      numbered(1000, () => () => numbered(1000, () => () => EMPTY)),
      (looks) => {
        if (looks === 500) stop.abort();
      },
    );
    await expect(card.list(DEFAULT_CARD_LIMITS, stop.signal)).rejects.toSatisfy((error) =>
      isFailure(error, 'cancelled'),
    );
    expect([card.looks, card.open]).toEqual([500, 0]);
  });

  test('leaves the folder closed whose names were being read', async () => {
    const stop = new AbortController();
    const card = new EndlessCard(holding({ a: () => holding({ b: 'file' }) }), () => stop.abort());
    await expect(card.list(DEFAULT_CARD_LIMITS, stop.signal)).rejects.toSatisfy((error) =>
      isFailure(error, 'cancelled'),
    );
    expect(card.open).toBe(0);
  });
});
