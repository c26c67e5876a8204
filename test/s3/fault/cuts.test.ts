// The line cut at every kind of place: in a request's head, around every 64 KiB of its body, before its answer and within it; once, so that
// the next try passes, and for good, so that the item waits. Each file of one docking meets another cut. Nothing is lost or doubled.
import { rmSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { type Line, type LineFate, type LineRequest, openLine } from './line.ts';
import { dockAt, expectOnRecord, expectSound, layCard, makeOutpost, type Outpost } from './stations.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const STEP = 64 * KIB;
const SIZE = 192 * KIB + 1;

/** Places to cut a request for a body of SIZE bytes. */
const CUTS: readonly LineFate[] = [
  { cut: 'head', after: 0 },
  { cut: 'head', after: 1 },
  { cut: 'head', after: 300 },
  ...[0, STEP, 2 * STEP, 3 * STEP].flatMap((at) =>
    [at - 1, at, at + 1].filter((after) => after > 0).map((after): LineFate => ({ cut: 'body', after })),
  ),
  { cut: 'body', after: SIZE },
  { cut: 'answer', after: 0 },
  { cut: 'answer', after: 1 },
  { cut: 'answer', after: 30 },
];

/** One of each kind, for what costs many tries each. */
const FEW_CUTS = process.env['DOCKET_FAULTS'] === 'all' ? CUTS : CUTS.filter((_, k) => k % 2 === 0);

/** Gives each payload that is put its own cut, so many times. */
function cutEach(line: Line, cuts: readonly LineFate[], times: number): void {
  const met = new Map<string, { fate: LineFate | undefined; times: number }>();
  line.fate = ({ method, path }) => {
    if (method !== 'PUT' || !path.includes('/payload/')) return undefined;
    const one = met.get(path) ?? { fate: cuts[met.size], times: 0 };
    met.set(path, one);
    one.times += 1;
    return one.times <= times ? one.fate : undefined;
  };
}

async function openOutpost(line: Line, vault = ''): Promise<Outpost> {
  return await makeOutpost({ via: line.server, server: inject('s3'), vault });
}

it.concurrent('an upload cut once, anywhere, is tried again, and stored once', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await openOutpost(line);
  const { path, truth } = layCard(
    outpost,
    1,
    CUTS.map(() => SIZE),
  );
  cutEach(line, CUTS, 1);
  expectOnRecord(await dockAt(outpost, path));
  await expectSound(outpost, truth);
});

it.concurrent('an upload cut at every try, anywhere, waits or was stored all the same; the next command finds which', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await openOutpost(line);
  const { path, truth } = layCard(
    outpost,
    2,
    FEW_CUTS.map(() => SIZE),
  );
  cutEach(line, FEW_CUTS, Number.POSITIVE_INFINITY);
  const first = await dockAt(outpost, path);
  expect(first.onRecord).toBe(false);
  expect(first.files.filter(({ waiting, outcome }) => waiting !== true && outcome !== 'recorded')).toEqual([]);
  expect(
    first.files.some(({ outcome }) => outcome === 'recorded'),
    'lost answers only',
  ).toBe(true);
  rmSync(path, { recursive: true });
  line.fate = () => undefined;
  const { path: other, truth: more } = layCard(outpost, 3, [KIB]);
  expectOnRecord(await dockAt(outpost, other));
  await expectSound(outpost, { ...truth, ...more });
});

const LOST: LineFate = { cut: 'answer', after: 0 };

function isPart({ path }: LineRequest): boolean {
  return path.includes('partNumber=');
}

/** Loses the answer to the first of each kind of request that changes something. */
function loseFirst(line: Line, kind: (request: LineRequest) => string | undefined): () => readonly string[] {
  const lost = new Set<string>();
  line.fate = (request) => {
    const name = kind(request);
    if (name === undefined || lost.has(name)) return undefined;
    lost.add(name);
    return LOST;
  };
  return () => [...lost].sort();
}

it.concurrent('the answers to every kind of write lost after success: everything is there once', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await openOutpost(line, 'multipart_mib = 5\npart_mib = 5');
  const { path, truth } = layCard(outpost, 4, [SIZE, 7 * MIB]);
  const lost = loseFirst(line, (request) => {
    if (request.method === 'POST') return request.path.includes('uploadId=') ? 'complete' : 'begin';
    if (request.method !== 'PUT') return undefined;
    return isPart(request) ? 'part' : `put ${/\/(payload|manifests|receipts|ledgers)\//.exec(request.path)?.[1] ?? ''}`;
  });
  expectOnRecord(await dockAt(outpost, path));
  expect(lost()).toEqual(['begin', 'complete', 'part', 'put ledgers', 'put manifests', 'put payload', 'put receipts']);
  await expectSound(outpost, truth);
});

it.concurrent('the answer to the completion of an upload in parts lost at every try: it is found complete', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await openOutpost(line, 'multipart_mib = 5\npart_mib = 5');
  const { path, truth } = layCard(outpost, 5, [7 * MIB]);
  line.fate = (request) => (request.method === 'POST' && request.path.includes('uploadId=') ? LOST : undefined);
  await dockAt(outpost, path);
  line.fate = () => undefined;
  const { path: other, truth: more } = layCard(outpost, 6, [KIB]);
  expectOnRecord(await dockAt(outpost, other));
  await expectSound(outpost, { ...truth, ...more });
});

it.concurrent('the checkpoint put and its answer lost at every try: the next publication goes on', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await openOutpost(line);
  const { path, truth } = layCard(outpost, 7, [KIB]);
  line.fate = ({ method, path }) => (method === 'PUT' && path.endsWith('/checkpoint') ? LOST : undefined);
  await dockAt(outpost, path);
  line.fate = () => undefined;
  const { path: other, truth: more } = layCard(outpost, 8, [KIB]);
  expectOnRecord(await dockAt(outpost, other));
  await expectSound(outpost, { ...truth, ...more });
});
