// The clearing itself, at the worst moment: between the rereading and the last file another card, another folder or another file may stand
// there. Nothing of it is deleted, and the record says what was cleared and what was not.
import { cpSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FolderCard } from '../../src/camera/index.ts';
import type { EntryOf } from '../../src/evidence/index.ts';
import { releaseCamera } from '../../src/ingest/index.ts';
import { dock, entriesOf, never, openIt, verify } from '../fault/stations.ts';
import { openAt, recordingsOn, stationWithCamera } from './released.ts';

const FIRST = 'BC_BC01_7_20260131_080000.mp4';
const SECOND = 'BC_BC01_7_20260131_080500.mp4';

/** What happens while a card is released, and when. */
interface Meanwhile {
  /** After the rereading, before the first file is cleared. */
  readonly afterRereading?: (card: string) => void;
  /** Before file `nth` is cleared, counted from 1. */
  readonly beforeFile?: (nth: number, card: string) => void;
  /** What becomes of the folder of a file that is cleared. */
  readonly folder?: (folder: FileHandle) => FileHandle;
  /** What the card says of its presence, whatever is true. */
  readonly isPresent?: boolean;
  readonly signal?: AbortSignal;
}

/** Docks a card and releases it; verifies the station in the end. */
async function release(
  meanwhile: Meanwhile,
): Promise<{ card: string; cleared: number; said: EntryOf<'camera.cleared'>[] }> {
  const { config, card } = await stationWithCamera();
  const docked = await dock(config, { path: card, serial: 'BC01' });
  let cleared: number;
  {
    await using station = await openIt(config);
    await using opened = await openAt(card, docked, station);
    const { ports } = station;
    const publisher: typeof ports.publisher = {
      publish: async (options) => {
        await ports.publisher.publish(options);
        meanwhile.afterRereading?.(card);
      },
    };
    const watched = watch(opened, card, meanwhile);
    const { listing, receipt } = docked;
    cleared = await releaseCamera({ ...ports, publisher }, watched, listing, receipt, meanwhile.signal ?? never());
  }
  expect(await entriesOf(config, 'camera.released')).toMatchObject([{ files: 2, sizeBytes: 10 }]);
  expect((await verify(config)).findings).toEqual([]);
  return { card, cleared, said: await entriesOf(config, 'camera.cleared') };
}

function watch(
  card: FolderCard,
  root: string,
  { beforeFile, folder = (each) => each, isPresent }: Meanwhile,
): FolderCard {
  let nth = 0;
  return {
    identity: card.identity,
    list: (signal) => card.list(signal),
    open: (file) => card.open(file),
    isPresent: async () => isPresent ?? (await card.isPresent()),
    close: () => card.close(),
    [Symbol.asyncDispose]: () => card.close(),
    openFolderOf: async (file) => {
      nth += 1;
      beforeFile?.(nth, root);
      const found = await card.openFolderOf(file);
      return { ...found, folder: folder(found.folder) };
    },
  };
}

/** Another card stands in the place of this one: the same names, sizes and times. */
function exchange(card: string): void {
  renameSync(card, `${card}-taken`);
  cpSync(`${card}-taken`, card, { recursive: true, preserveTimestamps: true });
}

/** The card is exchanged at the first call; what is published after that changes nothing. */
function exchangeOnce(): (card: string) => void {
  let done = false;
  return (card) => {
    if (!done) exchange(card);
    done = true;
  };
}

it('deletes nothing of a card that took the place of the one that was read again, nor of that one', async () => {
  let tried = 0;
  const { card, cleared, said } = await release({
    afterRereading: exchangeOnce(),
    beforeFile: (nth) => {
      tried = nth;
    },
  });
  expect([cleared, tried]).toEqual([0, 1]);
  for (const each of [card, `${card}-taken`]) expect(recordingsOn(each)).toEqual([FIRST, SECOND]);
  const reason = expect.stringMatching(/^the camera left, or was exchanged, before VIDEO/) as string;
  expect(said).toMatchObject([{ files: 0, sizeBytes: 0, left: 2, first: [{ reason }, { reason }] }]);
});

it('clears the card that was read again, and no other, even if nothing tells that another stands in its place', async () => {
  const { card, cleared } = await release({ afterRereading: exchangeOnce(), isPresent: true });
  expect(cleared).toBe(2);
  expect([recordingsOn(card), recordingsOn(`${card}-taken`)]).toEqual([[FIRST, SECOND], []]);
});

it('stops in the middle when the card is exchanged, and says which file is left', async () => {
  const { card, cleared, said } = await release({
    beforeFile: (nth, root) => {
      if (nth === 2) exchange(root);
    },
  });
  expect(cleared).toBe(1);
  for (const each of [card, `${card}-taken`]) expect(recordingsOn(each)).toHaveLength(1);
  expect(said).toMatchObject([{ files: 1, sizeBytes: 5, left: 1, first: [{ reason: expect.any(String) as string }] }]);
});

it('follows no link that stands in the place of a folder by then', async () => {
  const { card, cleared, said } = await release({
    beforeFile: (nth, root) => {
      if (nth > 1) return;
      renameSync(join(root, 'VIDEO'), `${root}-video`);
      symlinkSync(`${root}-video`, join(root, 'VIDEO'));
    },
  });
  expect([cleared, recordingsOn(card)]).toEqual([0, [FIRST, SECOND]]);
  expect(said).toMatchObject([{ files: 0, left: 2 }]);
});

it('leaves a file that became longer at the same time, or was written again at the same length', async () => {
  const { card, cleared, said } = await release({
    beforeFile: (nth, root) => {
      if (nth > 1) return;
      const [first, second] = [join(root, 'VIDEO', FIRST), join(root, 'VIDEO', SECOND)] as const;
      const { atime, mtime } = statSync(first);
      writeFileSync(first, 'longer than it was');
      utimesSync(first, atime, mtime);
      utimesSync(second, atime, new Date(mtime.getTime() + 2000));
    },
  });
  expect([cleared, recordingsOn(card)]).toEqual([0, [FIRST, SECOND]]);
  expect(said).toMatchObject([{ files: 0, left: 2 }]);
});

it('clears nothing more once the station stops, and says so', async () => {
  const stop = new AbortController();
  const { card, cleared, said } = await release({ afterRereading: () => stop.abort(), signal: stop.signal });
  expect([cleared, recordingsOn(card)]).toEqual([0, [FIRST, SECOND]]);
  const reason = 'the station stopped before it was cleared';
  expect(said).toMatchObject([
    {
      left: 2,
      first: [
        { n: 1, reason },
        { n: 2, reason },
      ],
    },
  ]);
});

it('calls no file cleared of which the card did not take the change', async () => {
  const failing = (folder: FileHandle, code: string): FileHandle => {
    folder.sync = () => Promise.reject(Object.assign(new Error(code), { code }));
    return folder;
  };
  const lost = await release({ folder: (folder) => failing(folder, 'EIO') });
  expect(lost.cleared).toBe(0);
  expect(lost.said).toMatchObject([{ files: 0, left: 2 }]);
  const cannot = await release({ folder: (folder) => failing(folder, 'EINVAL') });
  expect(cannot.cleared).toBe(2);
});
