// One day of a station, as its people live it: docketd runs, two cameras are registered and docked at once, documents are dropped into
// the inbox, then somebody looks for the case by two characters, sees text and video together, fetches an item and verifies it all.
// Everything is a child process: the daemon and the command line as installed, over real media.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { makePdf } from '../../fixtures/documents.ts';
import { type CameraFixture, makeCameraFixture } from '../../fixtures/make-camera.ts';
import type { DockResult, StatusView } from '../../src/cli/index.ts';
import type { CaseView, Fetched, ItemDetail, ItemView, VerifyResult } from '../../src/custody/index.ts';
import { sha256Of, temporaryPlace } from '../fault/places.ts';
import { startDaemon } from '../fault/services.ts';
import { nodeArguments, run } from '../fault/syscalls.ts';

const CASE = '沪盗罚〔2026〕3号';
/** Longest the day may take, in milliseconds; it takes a tenth of that on two idle cores. */
const DAY_MS = 240_000;

let place: string;
let config: string;
let cameras: readonly CameraFixture[];

beforeAll(async () => {
  place = temporaryPlace('disk');
  const made = await docket<{ config: string }>(['init', join(place, 'station')]);
  config = made.config;
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace(/^\[cameras\]\n/m, '[cameras]\nroots = []\nusb = false\n'));
  cameras = [
    await fixture('one', '100001', '3101', '2026-01-31T08:00:00'),
    await fixture('two', '100002', '3102', '2026-01-31T09:30:00'),
  ];
}, DAY_MS);

function fixture(name: string, camera: string, officer: string, startLocal: string): Promise<CameraFixture> {
  return makeCameraFixture({ dir: join(place, name), camera, officer, startLocal, case: CASE });
}

/** Runs a command with --json; its facts. */
async function docket<T>(args: readonly string[], exits: readonly number[] = [0]): Promise<T> {
  const named = args[0] === 'init' ? args : [...args, '--config', config];
  const { code, stdout, stderr } = await run(process.execPath, nodeArguments([...named, '--json']), {
    limitMs: DAY_MS,
  });
  expect([code, stderr.match(/defect/)], stderr).toEqual([expect.toBeOneOf([...exits]), null]);
  return JSON.parse(stdout) as T; // printed by --json
}

/** Tries until what is asked for is there; the daemon works at its own pace. */
async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
  }
}

it('keeps text and video of a case together, finds them, proves them, and stops when asked', {
  timeout: DAY_MS,
}, async () => {
  await using daemon = await startDaemon(config);
  await Promise.all([
    docket([
      'camera',
      'add',
      '100001',
      '--officer',
      '张三',
      '--certificate',
      'A1',
      '--profile',
      'prefix-camera-officer',
    ]),
    docket([
      'camera',
      'add',
      '100002',
      '--officer',
      '李四',
      '--certificate',
      'A2',
      '--profile',
      'prefix-camera-officer',
    ]),
  ]);

  // Both officers put their cameras into the dock.
  const receipts = await Promise.all(
    cameras.map(({ cameraDir }, k) =>
      docket<DockResult>(['dock', cameraDir, '--camera', `10000${k + 1}`, '--case', CASE], [0, 6]),
    ),
  );
  for (const [k, receipt] of receipts.entries()) {
    const { segments, photo, audio } = cameras[k] ?? { segments: [], photo: '', audio: '' };
    expect(receipt.onRecord).toBe(true);
    const recorded = receipt.files.filter(({ outcome }) => outcome === 'recorded').map(({ path }) => path);
    expect(recorded).toEqual(expect.arrayContaining([...segments, photo, audio]));
    for (const file of receipt.files)
      expect([file.path, file.itemId !== null || file.reason !== null]).toEqual([file.path, true]);
  }

  // A clerk drops the record of the interview into the inbox.
  const inbox = join(place, 'station/inbox', CASE);
  mkdirSync(inbox, { recursive: true });
  writeFileSync(join(place, 'note.pdf'), makePdf(['询问笔录', '案由：盗窃', '问：你何时到达现场？']));
  copyFileSync(join(place, 'note.pdf'), join(inbox, '询问笔录.pdf'));
  const shown = await until(
    () => docket<CaseView>(['case', 'show', CASE]),
    ({ items }) => items.some(({ kind, readable }) => kind === 'document' && readable !== null),
  );
  expect(shown.counts).toMatchObject({ footage: 6, photo: 2, document: 1 });
  expect(new Set(shown.items.map(({ officer }) => officer))).toEqual(new Set(['张三', '李四', null]));
  expect(readdirSync(shown.folder ?? '').length).toBeGreaterThanOrEqual(shown.items.length);

  // Two characters are enough to find it; one camera's footage is found by its officer.
  const byWord = await docket<{ items: ItemView[] }>(['find', '盗窃']);
  expect(byWord.items.map(({ path }) => path)).toEqual([expect.stringContaining('询问笔录.pdf')]);
  const byOfficer = await docket<{ items: ItemView[] }>(['find', '--officer', '李四', '--kind', 'footage']);
  expect(byOfficer.items).toHaveLength(3);
  expect((await docket<{ items: ItemView[] }>(['find', '抢劫'])).items).toEqual([]);

  // What comes out is what went in.
  const [footage] = byOfficer.items;
  const detail = await docket<ItemDetail>(['item', 'show', footage?.itemId ?? '']);
  expect(detail).toMatchObject({ readable: true, officer: '李四', case: CASE });
  expect(detail.proof).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
  const out = join(place, 'out.mp4');
  const fetched = await docket<Fetched>(['item', 'fetch', detail.itemId, '--out', out]);
  const source = readFileSync(join(cameras[1]?.cameraDir ?? '', detail.path));
  expect([fetched.sha256, sha256Of(readFileSync(out))]).toEqual([sha256Of(source), sha256Of(source)]);

  // The same cameras again: nothing is copied twice.
  const again = await docket<DockResult>(
    ['dock', cameras[0]?.cameraDir ?? '', '--camera', '100001', '--case', CASE],
    [0, 6],
  );
  expect(again.files.filter(({ outcome }) => outcome === 'recorded')).toEqual([]);
  expect(again.files.filter(({ outcome }) => outcome === 'already-recorded')).toHaveLength(
    receipts[0]?.files.filter(({ outcome }) => outcome === 'recorded').length ?? -1,
  );

  expect((await docket<VerifyResult>(['verify'], [0, 1])).findings).toEqual([]);
  expect((await docket<StatusView>(['status'])).daemon).toBe(true);
  const { code, signal, said } = await daemon.stop();
  expect([code, signal]).toEqual([0, null]);
  expect(said).not.toMatch(/defect/);
  expect((await docket<StatusView>(['status'])).daemon).toBe(false);
  expect((await docket<VerifyResult>(['verify'], [0, 1])).findings).toEqual([]);
});
