// Watching: cameras that come and go, USB devices, files that come to rest in a drop folder. The mounts are those of a private /proc.
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type DropMemory, lookAtDrop } from '../../src/camera/drop-look.ts';
import {
  type Arrival,
  type ArrivalOptions,
  type ArrivalWatch,
  type DropArrival,
  watchArrivals,
} from '../../src/camera/index.ts';
import { lookForCards } from '../../src/camera/mount-watch.ts';
import { BoundedQueue } from '../../src/camera/queue.ts';
import { Wake } from '../../src/camera/wake.ts';
import { systemClock } from '../../src/platform/index.ts';
import { ManualClock } from './manual-clock.ts';
import { put, temporaryPlace } from './places.ts';

/** A machine without mounts or USB; its cards are mounted under media/. */
function machine(): {
  readonly place: string;
  readonly mount: (...names: string[]) => void;
  readonly options: ArrivalOptions;
} {
  const place = temporaryPlace();
  mkdirSync(join(place, 'sys'), { recursive: true });
  mkdirSync(join(place, 'proc/self'), { recursive: true });
  mkdirSync(join(place, 'media'));
  const mount = (...names: string[]): void => {
    const lines = names.map(
      (name, k) => `${100 + k} 1 7:${k} / ${join(place, 'media', name)} ro - vfat /dev/loop${k} ro`,
    );
    writeFileSync(join(place, 'new'), `${lines.join('\n')}\n`);
    renameSync(join(place, 'new'), join(place, 'proc/self/mountinfo'));
  };
  mount();
  const options = {
    clock: systemClock,
    roots: [join(place, 'media/*')],
    procRoot: join(place, 'proc'),
    sysRoot: join(place, 'sys'),
    devRoot: join(place, 'dev'),
    runRoot: join(place, 'run'),
    usb: false,
  };
  return { place, mount, options };
}

async function next(arrivals: AsyncIterator<Arrival>): Promise<Arrival | undefined> {
  const result = await arrivals.next();
  return result.done === true ? undefined : result.value;
}

function start(options: ArrivalOptions): { readonly watch: ArrivalWatch; readonly arrivals: AsyncIterator<Arrival> } {
  const watch = watchArrivals(options);
  return { watch, arrivals: watch[Symbol.asyncIterator]() };
}

describe('cameras', () => {
  test('that are there at the start arrive, those mounted later arrive, those taken away depart', async () => {
    const { place, mount, options } = machine();
    mount('A');
    const { watch, arrivals } = start(options);
    await using _ = watch;
    expect(await next(arrivals)).toEqual({ kind: 'arrived', root: join(place, 'media/A'), identity: { way: 'mount' } });
    mount('A', 'B');
    expect(await next(arrivals)).toMatchObject({ kind: 'arrived', root: join(place, 'media/B') });
    mount('C');
    expect(await next(arrivals)).toMatchObject({ kind: 'departed', root: join(place, 'media/A') });
    expect(await next(arrivals)).toMatchObject({ kind: 'departed', root: join(place, 'media/B') });
    expect(await next(arrivals)).toMatchObject({ kind: 'arrived', root: join(place, 'media/C') });
  });

  test('are not plain folders, unless the station is told so for trying things out', async () => {
    const { place, mount, options } = machine();
    mkdirSync(join(place, 'media/folder'));
    mount('card');
    const strict = start(options);
    expect(await next(strict.arrivals)).toMatchObject({ root: join(place, 'media/card') });
    await strict.watch.close();
    const loose = start({ ...options, allowPlainDirectories: true });
    expect(await next(loose.arrivals)).toMatchObject({ root: join(place, 'media/card'), identity: { way: 'mount' } });
    expect(await next(loose.arrivals)).toMatchObject({
      root: join(place, 'media/folder'),
      identity: { way: 'folder', folder: join(place, 'media/folder') },
    });
    mkdirSync(join(place, 'media/later'));
    expect(await next(loose.arrivals)).toMatchObject({ kind: 'arrived', root: join(place, 'media/later') });
    await loose.watch.close();
  });

  test('are found by the next look when no event tells of them', async () => {
    const { mount, options } = machine();
    const clock = new ManualClock();
    const { watch, arrivals } = start({ ...options, clock });
    await using _ = watch;
    await clock.waiting(1);
    mount('A');
    clock.advance(1000);
    expect(await next(arrivals)).toMatchObject({ kind: 'arrived' });
  });

  test('are looked for on when the mounts cannot be read: the problem is a value', async () => {
    const { place, mount, options } = machine();
    rmSync(join(place, 'proc/self/mountinfo'));
    const { watch, arrivals } = start(options);
    await using _ = watch;
    expect(await next(arrivals)).toMatchObject({ kind: 'problem', where: 'mounts' });
    mount('A');
    expect(await next(arrivals)).toMatchObject({ kind: 'arrived' });
  });
});

describe('a watch', () => {
  test('takes the upper one of two mounts in one place for the card', async () => {
    const { mount, options } = machine();
    mount('A', 'A');
    const first = await lookForCards(options, new Map());
    expect([...first.keys()]).toEqual([expect.stringMatching(/^101 /)]);
  });

  test('looks again at once when it was woken while it was looking', async () => {
    const wake = new Wake();
    const clock = new ManualClock();
    wake.wake();
    await wake.nap(clock, 1000, new AbortController().signal); // a clock that stands still would never end this
    const napping = wake.nap(clock, 1000, new AbortController().signal);
    await clock.waiting(1);
    wake.wake();
    await napping;
    expect(clock.elapsedMs()).toBe(0);
  });

  test('ends its iteration when closed, when its signal aborts, and when its loop is left', async () => {
    const { mount, options } = machine();
    mount('A');
    const closed = start(options);
    await next(closed.arrivals);
    const waiting = next(closed.arrivals);
    await closed.watch.close();
    await closed.watch.close();
    expect(await waiting).toBeUndefined();

    const stop = new AbortController();
    const aborted = start({ ...options, signal: stop.signal });
    await next(aborted.arrivals);
    stop.abort();
    expect(await next(aborted.arrivals)).toBeUndefined();

    const seen: Arrival[] = [];
    for await (const arrival of watchArrivals(options)) {
      seen.push(arrival);
      break;
    }
    expect(seen).toHaveLength(1);
  });

  test('holds its producers back rather than growing', async () => {
    const queue = new BoundedQueue<number>(2);
    expect([queue.tryPut(1), queue.tryPut(2), queue.tryPut(3)]).toEqual([true, true, false]);
    const later = queue.put(3);
    expect(await queue.take()).toBe(1);
    expect(await later).toBe(true);
    queue.end();
    expect([await queue.take(), await queue.take(), await queue.take(), await queue.put(4)]).toEqual([
      2,
      3,
      undefined,
      false,
    ]);
    queue.fail(new Error('defect'));
    await expect(queue.take()).rejects.toThrow('defect');
  });
});

describe('USB devices', () => {
  const script = (place: string, text: string): URL => {
    writeFileSync(join(place, 'listener.mjs'), text);
    return pathToFileURL(join(place, 'listener.mjs'));
  };

  test('are told as they come and go, with what they say of themselves cleaned', async () => {
    const { place, options } = machine();
    mkdirSync(join(place, 'sys/bus/usb'), { recursive: true });
    const usbScript = script(
      place,
      `
      process.send({ event: 'connected', vendorId: '4255', productId: '0001', serial: 'S\\n1', model: 'Cam' });
      process.send({ nonsense: true });
      process.send({ event: 'disconnected', vendorId: '4255', productId: '0001' });
      setInterval(() => {}, 1000);`,
    );
    const { watch, arrivals } = start({ ...options, usb: true, usbScript });
    await using _ = watch;
    expect(await next(arrivals)).toEqual({
      kind: 'usb',
      event: 'connected',
      vendorId: '4255',
      productId: '0001',
      serial: 'S 1',
      model: 'Cam',
    });
    expect(await next(arrivals)).toEqual({ kind: 'usb', event: 'disconnected', vendorId: '4255', productId: '0001' });
  });

  test('that cannot be listened for are a problem, not the end of the station', async () => {
    const { place, mount, options } = machine();
    mkdirSync(join(place, 'sys/bus/usb'), { recursive: true });
    const { watch, arrivals } = start({
      ...options,
      usb: true,
      usbScript: script(place, `setTimeout(() => { throw new Error('no netlink'); }, 0)`),
    });
    await using _ = watch;
    expect(await next(arrivals)).toMatchObject({
      kind: 'problem',
      where: 'usb',
      message: expect.stringContaining('ended (exit code 1)') as string,
    });
    mount('A');
    expect(await next(arrivals)).toMatchObject({ kind: 'arrived' });
  });

  test('are said to be unknown on a machine without a USB bus', async () => {
    const { options } = machine();
    const { watch, arrivals } = start({ ...options, usb: true });
    await using _ = watch;
    expect(await next(arrivals)).toMatchObject({
      kind: 'problem',
      where: 'usb',
      message: expect.stringContaining('no USB bus') as string,
    });
  });

  test('do not end this process by the package itself, with or without a bus', async () => {
    const { place, options } = machine();
    mkdirSync(join(place, 'sys/bus/usb'), { recursive: true }); // says there is a bus; where there is none the package fails in its thread
    const { watch, arrivals } = start({ ...options, usb: true, inbox: join(place, 'inbox'), settleMs: 100 });
    await using _ = watch;
    put(place, 'inbox/C1/a.mp4', 'x');
    let last = await next(arrivals);
    while (last?.kind === 'problem') last = await next(arrivals);
    expect(last).toMatchObject({ kind: 'drop', caseText: 'C1' });
  });
});

describe('drop folders', () => {
  const PATIENCE = { settleMs: 3000, holdMs: 60_000 };

  /** Looks at a drop folder at times of its own. */
  function looker(folder: string): (atMs: number) => Promise<readonly DropArrival[]> {
    let memory: DropMemory = new Map();
    return async (atMs) => {
      const look = await lookAtDrop(folder, memory, () => atMs, PATIENCE);
      memory = look.memory;
      return look.arrivals;
    };
  }

  test('give a file only when its size and time have stayed the same, also one that lay there at the start', async () => {
    const place = temporaryPlace();
    put(place, '2026-LX-0003/a.mp4', 'half');
    const look = looker(place);
    expect(await look(0)).toEqual([]);
    appendFileSync(join(place, '2026-LX-0003/a.mp4'), ' more');
    expect(await look(3000)).toEqual([]);
    utimesSync(join(place, '2026-LX-0003/a.mp4'), 1, 1); // the copying program sets the time last
    expect(await look(5999)).toEqual([]);
    expect(await look(8998)).toEqual([]);
    expect(await look(8999)).toEqual([
      {
        kind: 'drop',
        caseText: '2026-LX-0003',
        folder: join(place, '2026-LX-0003'),
        files: [join(place, '2026-LX-0003/a.mp4')],
      },
    ]);
    expect(await look(20_000)).toEqual([]); // once
  });

  test('give the files of a case together, but do not wait for ever for one that never rests', async () => {
    const place = temporaryPlace();
    put(place, '案1/a.mp4', 'a');
    put(place, '案1/sub/b.mp4', 'b');
    put(place, '案2/c.mp4', 'c');
    const look = looker(place);
    await look(0);
    appendFileSync(join(place, '案1/sub/b.mp4'), 'b');
    expect((await look(3000)).map(({ caseText, files }) => [caseText, files.length])).toEqual([['案2', 1]]);
    expect((await look(6000)).map(({ caseText, files }) => [caseText, files.length])).toEqual([['案1', 2]]);
    appendFileSync(join(place, '案2/c.mp4'), 'c');
    put(place, '案2/d.mp4', 'd');
    await look(10_000);
    for (let at = 11_000; at < 73_000; at += 1000) {
      appendFileSync(join(place, '案2/c.mp4'), 'c');
      expect(await look(at)).toEqual([]);
    }
    appendFileSync(join(place, '案2/c.mp4'), 'c');
    expect((await look(73_000)).map(({ files }) => files)).toEqual([[join(place, '案2/d.mp4')]]);
  });

  test('leave alone what copying programs are still writing, and take it under its final name', async () => {
    const place = temporaryPlace();
    for (const name of ['a.mp4.part', '.b.mp4.Xy12Zz', '~$c.docx', 'Thumbs.db']) put(place, `C1/${name}`, 'x');
    const look = looker(place);
    await look(0);
    expect(await look(10_000)).toEqual([]);
    renameSync(join(place, 'C1/a.mp4.part'), join(place, 'C1/a.mp4'));
    await look(11_000);
    expect(await look(14_000)).toMatchObject([{ files: [join(place, 'C1/a.mp4')] }]);
  });

  test('give links to be refused by name, and files without a case without one', async () => {
    const place = temporaryPlace();
    put(place, 'loose.mp4', 'x');
    mkdirSync(join(place, 'C1'));
    symlinkSync('/etc/passwd', join(place, 'C1/link.pdf'));
    const look = looker(place);
    await look(0);
    expect(await look(3000)).toEqual([
      { kind: 'drop', caseText: 'C1', folder: join(place, 'C1'), files: [join(place, 'C1/link.pdf')] },
      { kind: 'drop', folder: place, files: [join(place, 'loose.mp4')] },
    ]);
  });

  test('tell of a name that is no text instead of passing it over', async () => {
    const place = temporaryPlace();
    put(place, Buffer.concat([Buffer.from('C1/'), Buffer.from([0xff, 0xfe])]), 'x');
    expect((await lookAtDrop(place, new Map(), () => 0, PATIENCE)).problems).toEqual([
      expect.stringContaining('rename it'),
    ]);
  });

  test('are watched together, a file given again when it changed or when taking it failed', async () => {
    const { place, options } = machine();
    const { watch, arrivals } = start({ ...options, inbox: join(place, 'inbox'), settleMs: 100 });
    await using _ = watch;
    put(place, 'inbox/2026-LX-0003/笔录.pdf', 'x');
    const folder = join(place, 'inbox/2026-LX-0003');
    const wanted = {
      kind: 'drop',
      caseText: '2026-LX-0003',
      folder,
      files: [join(folder, '笔录.pdf')],
    };
    expect(await next(arrivals)).toEqual(wanted);
    watch.offerAgain(folder);
    expect(await next(arrivals)).toEqual(wanted);
    appendFileSync(join(folder, '笔录.pdf'), 'y');
    expect(await next(arrivals)).toEqual(wanted);
  });
});
