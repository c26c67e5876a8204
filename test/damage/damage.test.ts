// Every file of a station that is evidence or proves it, damaged in every way a disk or a hand can damage it: verification names that
// very file with a fitting code, each time. What is no damage, is not called so.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Finding, FindingCode } from '../../src/evidence/index.ts';
import { temporaryPlace } from '../fault/places.ts';
import { verify } from '../fault/stations.ts';
import {
  buildReference,
  overwrite,
  placeOf,
  type Reference,
  type Size,
  type Thing,
  thingsOf,
  withDamage,
} from './reference.ts';

/** Longest a test here may take, in milliseconds: hundreds of verifications in one. */
const TIMEOUT_MS = 240_000;

/** Where the damage is done: everything of a small station; of larger ones, what the first has none of. */
const STATIONS = [
  { name: 'a small station', size: { cameras: 3, footageBytes: 20_000 }, of: /./ },
  {
    name: 'a ledger with full tiles',
    size: { cameras: 260, footageBytes: 20_000 },
    of: /^vault\/ledgers\/|^state\/ledger/,
  },
  { name: 'footage hashed by threads', size: { cameras: 3, footageBytes: 100_000 }, of: /^vault\/payload\// },
];

let reference: Reference;
let things: ReturnType<typeof thingsOf>;

async function build(size: Size, of: RegExp): Promise<void> {
  reference = await buildReference(temporaryPlace('fast'), size);
  things = thingsOf(reference.root).filter(({ path }) => of.test(path));
}

afterEach(async () => {
  expect((await verify(reference.config)).findings, 'the damage was undone').toEqual([]);
});

/** Codes that say what is wrong with such a thing; 'gone' when it is not there. */
const ALTERED: Readonly<Record<Thing, readonly FindingCode[]>> = {
  payload: ['payload-altered'],
  manifest: ['manifest-altered', 'signature-invalid'],
  receipt: ['receipt-altered'],
  statement: ['statement-altered', 'signature-invalid'],
  entries: ['entry-altered', 'entry-missing'],
  tile: ['tile-altered'],
  checkpoint: ['checkpoint-altered', 'checkpoint-behind'],
  head: ['head-altered', 'head-behind'],
  catalog: ['catalog-altered', 'catalog-behind'],
  mark: ['head-altered', 'catalog-altered'],
  key: ['key-missing', 'key-foreign'],
};
const GONE: Readonly<Record<Thing, readonly FindingCode[]>> = {
  payload: ['payload-missing'],
  manifest: ['manifest-missing'],
  receipt: ['receipt-missing'],
  statement: ['statement-missing'],
  entries: ['entry-missing'],
  tile: ['tile-missing'],
  checkpoint: ['checkpoint-missing'],
  head: ['head-missing'],
  catalog: ['catalog-missing'],
  mark: [],
  key: ['key-missing'],
};

/** A partial tile or bundle that a later one has replaced may be deleted by the rules of tlog-tiles; it may not be altered. */
function isSuperseded(path: string): boolean {
  const width = /\.p\/(\d+)$/.exec(path)?.[1];
  if (width === undefined) return false;
  const full = path.replace(/\.p\/\d+$/, '');
  const rivals = things
    .filter((each) => each.path.startsWith(`${full}.p/`))
    .map((each) => Number(each.path.slice(full.length + 3)));
  return things.some((each) => each.path === full) || Math.max(...rivals) > Number(width);
}

/** What is missed: no finding of a fitting code that names the file. */
async function missed(
  path: string,
  thing: Thing,
  what: string,
  codes: readonly FindingCode[],
): Promise<string | undefined> {
  const { ok, findings } = await verify(reference.config);
  if (ok && thing === 'key' && isSameKey(path)) return undefined; // an end of line more or less is no other key
  const place = placeOf(reference.root, path).replace(/\.sha256$/, ''); // a mark's file is the one that it marks
  const naming = findings.filter((each) => each.where.includes(place) || each.what.includes(place));
  if (!ok && naming.some((each) => codes.includes(each.code))) return undefined;
  return `${what} of ${thing} ${path}: ${describeAll(findings)}`;
}

/** As missed(), of an object that may be written to: one finding says it. */
async function once(path: string, thing: Thing): Promise<string | undefined> {
  const { findings } = await verify(reference.config);
  const same = findings.filter(({ code }) => code === 'object-writable');
  if (same.length === 1) return await missed(path, thing, 'mode 0644', ['object-writable']);
  return `${thing} ${path} is told ${same.length} times: ${describeAll(findings)}`;
}

function isSameKey(path: string): boolean {
  const [now, then] = [reference.root, reference.earlier].map((root) =>
    createPrivateKey(readFileSync(join(root, path))),
  );
  return now?.equals(then as KeyObject) === true; // both were just made
}

function describeAll(findings: readonly Finding[]): string {
  return findings.length === 0
    ? 'nothing found'
    : findings.map(({ code, where, what }) => `${code} ${where} (${what})`).join('; ');
}

/** Damages every thing in one way and gathers what was missed. */
async function each(
  what: string,
  damage: (file: string, path: string, thing: Thing) => boolean | void,
  codes: Readonly<Record<Thing, readonly FindingCode[]>>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { path, thing } of things) {
    const found = await withDamage(
      reference.root,
      [path],
      () => damage(join(reference.root, path), path, thing),
      () => missed(path, thing, what, codes[thing]),
    ).catch((error: unknown) => `${what} of ${thing} ${path}: ${String(error)}`);
    if (found !== undefined) wrong.push(found);
  }
  return wrong;
}

function flip(at: (sizeBytes: number) => number): (file: string) => void {
  return (file) => {
    const bytes = readFileSync(file);
    if (bytes.length === 0) return overwrite(file, Buffer.from([0])); // an empty file has no bit: it grows
    const position = at(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(position) ^ 0x01, position);
    overwrite(file, bytes);
    return undefined;
  };
}

function mapCodes(codes: (thing: Thing) => readonly FindingCode[]): Record<Thing, readonly FindingCode[]> {
  return Object.fromEntries(Object.keys(ALTERED).map((thing) => [thing, codes(thing as Thing)])) as Record<
    Thing,
    readonly FindingCode[]
  >; // the same keys
}

/** Superseded partial tiles may be gone. */
function isAllowed(said: string): boolean {
  const path = / of (?:tile|entries) (\S+):/.exec(said)?.[1];
  return path !== undefined && isSuperseded(path);
}

describe.each(STATIONS)('$name', ({ size, of }) => {
  beforeAll(() => build(size, of));

  describe('one bit', () => {
    const places: readonly (readonly [string, (sizeBytes: number) => number])[] = [
      ['of the first byte', () => 0],
      ['at a quarter', (size) => Math.floor(size / 4)],
      ['of the middle byte', (size) => Math.floor(size / 2)],
      ['at three quarters', (size) => Math.floor((size * 3) / 4)],
      ['of the last byte', (size) => size - 1],
    ];
    it.each(places)('%s flipped: named', { timeout: TIMEOUT_MS }, async (_, at) => {
      expect(await each('a flipped bit', flip(at), ALTERED)).toEqual([]);
    });
  });

  describe('length', () => {
    it('one byte shorter: named', { timeout: TIMEOUT_MS }, async () => {
      const cut = (file: string): void => {
        const bytes = readFileSync(file);
        overwrite(file, bytes.length === 0 ? Buffer.from('x') : bytes.subarray(0, -1));
      };
      expect(await each('a missing last byte', cut, ALTERED)).toEqual([]);
    });

    it('cut in half: named', { timeout: TIMEOUT_MS }, async () => {
      const cut = (file: string): void => {
        const bytes = readFileSync(file);
        overwrite(file, bytes.length === 0 ? Buffer.from('x') : bytes.subarray(0, bytes.length >> 1));
      };
      expect(await each('half', cut, ALTERED)).toEqual([]);
    });

    it('emptied: named', { timeout: TIMEOUT_MS }, async () => {
      const empty = (file: string): void => overwrite(file, Buffer.from(readFileSync(file).length === 0 ? 'x' : ''));
      expect(await each('an emptied file', empty, ALTERED)).toEqual([]);
    });

    it('one byte longer: named', { timeout: TIMEOUT_MS }, async () => {
      const grow = (file: string): void => {
        const bytes = readFileSync(file);
        overwrite(file, Buffer.concat([bytes, Buffer.from('\n')]));
      };
      expect(await each('a byte appended', grow, ALTERED)).toEqual([]);
    });
  });

  describe('presence', () => {
    it('deleted: named as missing, but for what the rules let go', { timeout: TIMEOUT_MS }, async () => {
      const wrong: string[] = [];
      for (const { path, thing } of things) {
        const allowed = thing === 'mark' || isSuperseded(path);
        const found = await withDamage(
          reference.root,
          [path],
          () => rmSync(join(reference.root, path)),
          async () => {
            if (!allowed) return missed(path, thing, 'deletion', GONE[thing]);
            const { findings } = await verify(reference.config);
            return findings.length === 0 ? undefined : `deletion of ${path}: ${describeAll(findings)}`;
          },
        );
        if (found !== undefined) wrong.push(found);
      }
      expect(wrong).toEqual([]);
    });

    it('a folder in its place: named', { timeout: TIMEOUT_MS }, async () => {
      const codes = mapCodes((thing) => [...ALTERED[thing], ...GONE[thing], 'read-failed']);
      const folder = (file: string): void => {
        rmSync(file);
        mkdirSync(file);
      };
      const wrong = await each('a folder in place', folder, codes);
      expect(wrong.filter((each) => !isAllowed(each))).toEqual([]);
    });

    it('a link to the same bytes elsewhere: named, since whoever has those may change them', {
      timeout: TIMEOUT_MS,
    }, async () => {
      const codes = mapCodes((thing) => [
        ...ALTERED[thing],
        ...GONE[thing],
        'read-failed',
        'object-writable',
        'key-exposed',
      ]);
      const elsewhere = join(dirname(reference.root), 'elsewhere');
      const link = (file: string, path: string): void => {
        copyFileSync(file, elsewhere);
        chmodSync(elsewhere, 0o400);
        rmSync(file);
        symlinkSync(elsewhere, file);
        if (path === '') throw new Error('no path');
      };
      const wrong = await each('a link', link, codes);
      rmSync(elsewhere, { force: true });
      // The station's own state may lie behind links, as people move it to another disk.
      expect(wrong.filter((each) => /vault\//.test(each) && !isAllowed(each))).toEqual([]);
    });
  });

  describe('the wrong bytes in the right place', () => {
    it('two of a kind exchanged: both named', { timeout: TIMEOUT_MS }, async () => {
      const wrong: string[] = [];
      for (const [one, two] of pairs()) {
        const swap = (): void => {
          const [a, b] = [join(reference.root, one.path), join(reference.root, two.path)];
          const [bytesA, bytesB] = [readFileSync(a), readFileSync(b)];
          overwrite(a, bytesB);
          overwrite(b, bytesA);
        };
        const found = await withDamage(reference.root, [one.path, two.path], swap, async () => [
          await missed(one.path, one.thing, 'an exchange', ALTERED[one.thing]),
          await missed(two.path, two.thing, 'an exchange', ALTERED[two.thing]),
        ]);
        wrong.push(...found.filter((each) => each !== undefined));
      }
      expect(wrong).toEqual([]);
    });

    it('one of a kind copied over another: named', { timeout: TIMEOUT_MS }, async () => {
      const wrong: string[] = [];
      for (const [one, two] of pairs()) {
        const copy = (): void =>
          overwrite(join(reference.root, one.path), readFileSync(join(reference.root, two.path)));
        const found = await withDamage(reference.root, [one.path], copy, () =>
          missed(one.path, one.thing, 'a copy of another', ALTERED[one.thing]),
        );
        if (found !== undefined) wrong.push(found);
      }
      expect(wrong).toEqual([]);
    });

    it('an earlier version put back: named', { timeout: TIMEOUT_MS }, async () => {
      const wrong: string[] = [];
      for (const path of [/checkpoint$/, /ledger\.db$/, /catalog\.db$/].flatMap((pattern) =>
        things.filter((each) => pattern.test(each.path)),
      )) {
        const marks = path.path.startsWith('state/') ? [`${path.path}.sha256`] : [];
        const found = await withDamage(
          reference.root,
          [path.path, ...marks],
          () => {
            for (const each of [path.path, ...marks])
              overwrite(join(reference.root, each), readFileSync(join(reference.earlier, each)));
          },
          () =>
            missed(
              path.path,
              path.thing,
              'an earlier version',
              path.thing === 'head'
                ? ['head-behind']
                : path.thing === 'catalog'
                  ? ['catalog-behind']
                  : ['checkpoint-behind'],
            ),
        );
        if (found !== undefined) wrong.push(found);
      }
      expect(wrong).toEqual([]);
    });

    function pairs(): (readonly [(typeof things)[number], (typeof things)[number]])[] {
      // Exchanged marks spoil the head too, and what the catalog should say is known from the head.
      const kinds = Map.groupBy(
        things.filter((each) => each.thing !== 'mark'),
        (each) => each.thing,
      );
      return [...kinds.values()].flatMap((list) =>
        list.flatMap((one, k) => {
          const two = list[(k + 1) % list.length];
          const same =
            two === undefined ||
            one === two ||
            readFileSync(join(reference.root, one.path)).equals(readFileSync(join(reference.root, two.path)));
          return same ? [] : [[one, two] as const];
        }),
      );
    }
  });
});

describe('what should not be there', () => {
  beforeAll(() => build({ cameras: 260, footageBytes: 20_000 }, /./));

  async function findingsWith(path: string, bytes: string | Uint8Array, mode = 0o444): Promise<readonly Finding[]> {
    const file = join(reference.root, path);
    const made = !existsSync(dirname(file));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, { mode });
    try {
      return (await verify(reference.config)).findings;
    } finally {
      rmSync(made ? dirname(file) : file, { recursive: true, force: true });
    }
  }

  it.each([
    'vault/payload/sha256/00/0000000000000000000000000000000000000000000000000000000000000000',
    'vault/manifests/STATION/20260101-000000-00000000-000001.json',
    'vault/receipts/STATION/20260101-000000-00000000.json',
    'vault/cases/2026-LX-0003/STATION-9999.json',
    'vault/ledgers/STATION/tile/0/005',
    'vault/ledgers/STATION/tile/entries/000.p/9',
    'vault/ledgers/STATION/notes.txt',
    'vault/anything',
    'vault/.hidden',
  ])('%s is named as a stray', async (pattern) => {
    const station = things.find((each) => each.thing === 'checkpoint')?.path.split('/')[2] ?? '';
    const path = pattern.replace('STATION', station);
    const findings = await findingsWith(path, 'planted');
    expect(findings.map(({ where }) => where)).toContain(path.slice('vault/'.length));
  });

  it('a stored object that may be written to is named', { timeout: TIMEOUT_MS }, async () => {
    const wrong: string[] = [];
    for (const { path, thing } of things.filter(
      (each) => each.path.startsWith('vault/') && each.thing !== 'checkpoint',
    )) {
      const found = await withDamage(
        reference.root,
        [path],
        () => chmodSync(join(reference.root, path), 0o644),
        () => once(path, thing),
      );
      if (found !== undefined) wrong.push(found);
    }
    expect(wrong).toEqual([]);
  });

  it('a key that others can read is named', async () => {
    const found = await withDamage(
      reference.root,
      ['station.key'],
      () => chmodSync(join(reference.root, 'station.key'), 0o640),
      () => missed('station.key', 'key', 'mode 0640', ['key-exposed']),
    );
    expect(found).toBe(undefined);
  });

  it('bytes behind the end of the head, with its mark made to fit, are named', async () => {
    const found = await withDamage(
      reference.root,
      ['state/ledger.db', 'state/ledger.db.sha256'],
      () => {
        appendFileSync(join(reference.root, 'state/ledger.db'), Buffer.alloc(4096, 7));
        rmSync(join(reference.root, 'state/ledger.db.sha256'));
        writeFileSync(join(reference.root, 'state/ledger.db.sha256'), '');
      },
      () => missed('state/ledger.db', 'head', 'bytes appended', ['head-altered']),
    );
    expect(found).toBe(undefined);
  });
});
