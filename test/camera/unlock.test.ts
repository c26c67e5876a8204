// Cameras that show their card only after an exchange: which devices those are, what is sent to them, and that it is sent once for each plug.
// The device is simulated: it answers as its script says. The process that has the real one is tried in the guest.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type LockedDevice, lookForLocked } from '../../src/camera/locked-devices.ts';
import { parseProfileText } from '../../src/camera/profile.ts';
import { runExchange, type UsbDevicePort } from '../../src/camera/unlock-exchange.ts';
import { runUnlock } from '../../src/camera/unlock-run.ts';
import { type Exchange, Unlocker } from '../../src/camera/unlock-watch.ts';
import { systemClock } from '../../src/platform/index.ts';
import { ManualClock } from './manual-clock.ts';
import { put, temporaryPlace } from './places.ts';

const PROFILE = parseProfileText(
  `
name = "harbour"
description = "shows its card after a framed command and its answer"

[unlock]
device = { vendorId = "4255", productId = "0001" }
interface = 0

[[unlock.steps]]
do = "control-out"
request = 0x5a
value = 0xaa
data = "7E 04 00 01 00 7b 0d 0a"

[[unlock.steps]]
do = "pause"
ms = 1

[[unlock.steps]]
do = "control-in"
request = 0x59
value = 0xaa
lengthBytes = 64
expect = "7e0400"

[[unlock.steps]]
do = "bulk-out"
endpoint = 1
data = "55534243"

[[unlock.steps]]
do = "bulk-in"
endpoint = 2
lengthBytes = 13
`,
  'harbour.toml',
);
const UNLOCK = PROFILE.unlock ?? expect.fail('the profile has an exchange');
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** A device that writes down what it is asked, and answers with these bytes. */
function simulated(answers: readonly string[]): { readonly device: UsbDevicePort; readonly asked: string[] } {
  const asked: string[] = [];
  let k = 0;
  const answer = (what: string): Promise<{ status: string; data: DataView }> => {
    asked.push(what);
    const bytes = new Uint8Array(Buffer.from(answers[k++] ?? '', 'hex'));
    return Promise.resolve({ status: 'ok', data: new DataView(bytes.buffer) });
  };
  const take = (what: string, data: Uint8Array): Promise<{ status: string; bytesWritten: number }> => {
    asked.push(`${what} ${hex(data)}`);
    return Promise.resolve({ status: 'ok', bytesWritten: data.length });
  };
  const nothing = (): Promise<void> => Promise.resolve();
  const device: UsbDevicePort = {
    open: nothing,
    close: nothing,
    detachKernelDriver: () => Promise.reject(new Error('no driver')),
    claimInterface: async (n) => void asked.push(`claim ${n}`),
    controlTransferOut: (setup, data) => take(`control ${JSON.stringify(setup)}`, data),
    controlTransferIn: (setup, length) => answer(`control ${JSON.stringify(setup)} ${length}`),
    transferOut: (endpoint, data) => take(`out ${endpoint}`, data),
    transferIn: (endpoint, length) => answer(`in ${endpoint} ${length}`),
  };
  return { device, asked };
}

describe('an exchange', () => {
  test('is the steps of the profile, in order and nothing else', async () => {
    const { device, asked } = simulated(['7e0400010000007b0d0a', '']);
    await runExchange(device, UNLOCK, systemClock);
    const setup = (request: number): string =>
      JSON.stringify({ requestType: 'vendor', recipient: 'device', request, value: 0xaa, index: 0 });
    expect(asked).toEqual([
      'claim 0',
      `control ${setup(0x5a)} 7e040001007b0d0a`,
      `control ${setup(0x59)} 64`,
      'out 1 55534243',
      'in 2 13',
    ]);
  });

  test('ends at the answer that is not the one expected', async () => {
    const { device, asked } = simulated(['7e0500']);
    await expect(runExchange(device, UNLOCK, systemClock)).rejects.toThrow(
      'step 3 of 5 (control-in): it answers 7e0500, not 7e0400',
    );
    expect(asked).toHaveLength(3);
  });

  test('ends at a step the device does not take, or takes in part', async () => {
    const stalls = { ...simulated([]).device, controlTransferOut: () => Promise.resolve({ status: 'stall' }) };
    await expect(runExchange(stalls, UNLOCK, systemClock)).rejects.toThrow(
      'step 1 of 5 (control-out): the device does not take it (stall)',
    );
    const short = {
      ...simulated([]).device,
      controlTransferOut: () => Promise.resolve({ status: 'ok', bytesWritten: 3 }),
    };
    await expect(runExchange(short, UNLOCK, systemClock)).rejects.toThrow('it took 3 of 8 bytes');
    const gone = { ...simulated([]).device, controlTransferOut: () => Promise.reject(new Error('no such device')) };
    await expect(runExchange(gone, UNLOCK, systemClock)).rejects.toThrow('step 1 of 5 (control-out): no such device');
  });
});

test.each([
  ['no steps', 'device = { vendorId = "4255", productId = "0001" }\nsteps = []', 'unlock.steps'],
  [
    'a device of any product',
    'device = { vendorId = "4255" }\nsteps = [{ do = "pause", ms = 1 }]',
    'unlock.device.productId',
  ],
  [
    'an odd digit',
    'device = { vendorId = "4255", productId = "0001" }\nsteps = [{ do = "bulk-out", endpoint = 1, data = "123" }]',
    'unlock.steps.0.data',
  ],
  [
    'a step nobody knows',
    'device = { vendorId = "4255", productId = "0001" }\nsteps = [{ do = "reset" }]',
    'unlock.steps.0.do',
  ],
  [
    'a long pause',
    'device = { vendorId = "4255", productId = "0001" }\nsteps = [{ do = "pause", ms = 60000 }]',
    'unlock.steps.0.ms',
  ],
])('a profile with %s is refused', (_, table, key) => {
  const text = `name = "x"\ndescription = "x"\n[unlock]\n${table}\n`;
  expect(() => parseProfileText(text, 'x.toml')).toThrow(`x.toml: key ${key}`);
});

/** A bus with these devices; interfaces by their class. */
function bus(
  devices: Readonly<
    Record<string, { readonly ids: string; readonly number: number; readonly classes: readonly string[] }>
  >,
): string {
  const place = temporaryPlace();
  for (const [port, { ids, number, classes }] of Object.entries(devices)) {
    const facts = {
      idVendor: ids.slice(0, 4),
      idProduct: ids.slice(5),
      serial: `S${number}`,
      busnum: '1',
      devnum: String(number),
    };
    for (const [name, text] of Object.entries(facts)) put(place, `bus/usb/devices/${port}/${name}`, `${text}\n`);
    for (const [k, each] of classes.entries())
      put(place, `bus/usb/devices/${port}:1.${k}/bInterfaceClass`, `${each}\n`);
  }
  return place;
}

describe('a locked camera', () => {
  test('is a device that a profile names, wherever it is plugged in, as long as it has no mass storage', async () => {
    const place = bus({
      '1-2': { ids: '4255:0001', number: 7, classes: ['ff'] },
      '1-3.1': { ids: '4255:0001', number: 8, classes: ['ff', '08'] },
      '1-4': { ids: '4255:1000', number: 9, classes: ['ff'] },
      '2-1': { ids: '046d:c31c', number: 10, classes: ['03'] },
      usb1: { ids: '1d6b:0002', number: 1, classes: [] },
    });
    const { locked, occupied } = await lookForLocked([PROFILE], place);
    expect([...locked]).toEqual([
      [
        '1-2',
        {
          port: '1-2',
          bus: 1,
          device: 7,
          identity: { way: 'usb', serial: 'S7', vendorId: '4255', productId: '0001' },
          profile: 'harbour',
          unlock: UNLOCK,
        },
      ],
    ]);
    expect([...occupied]).toEqual(['1-2', '1-3.1', '1-4', '2-1']);
  });

  test('is none where no profile has an exchange, and on a machine without USB', async () => {
    const plain = { ...PROFILE, unlock: undefined };
    expect(await lookForLocked([plain], bus({ '1-2': { ids: '4255:0001', number: 7, classes: [] } }))).toMatchObject({
      locked: new Map(),
    });
    expect((await lookForLocked([PROFILE], temporaryPlace())).locked.size).toBe(0);
  });
});

/** One camera at one port, and what an unlocker makes of what becomes of it. */
function docking(exchange: Exchange): {
  readonly exchanges: () => number;
  readonly look: (device: number | 'storage' | 'nothing') => readonly string[];
  readonly settled: () => Promise<void>;
  readonly clock: ManualClock;
} {
  const clock = new ManualClock();
  let count = 0;
  const unlocker = new Unlocker(
    (locked) => {
      count += 1;
      return exchange(locked);
    },
    () => clock.elapsedMs(),
  );
  const camera = (device: number): LockedDevice => ({
    port: '1-2',
    bus: 1,
    device,
    identity: { way: 'usb' },
    profile: 'harbour',
    unlock: UNLOCK,
  });
  return {
    exchanges: () => count,
    look: (device) => {
      const locked = new Map(typeof device === 'number' ? [['1-2', camera(device)]] : []);
      const told = unlocker.look({ locked, occupied: new Set(device === 'nothing' ? [] : ['1-2']) });
      return told.map((each) =>
        each.kind === 'unlock' ? [each.state, each.reason ?? ''].join(' ').trim() : each.kind,
      );
    },
    settled: () => unlocker.idle(),
    clock,
  };
}

describe('unlocking', () => {
  test('is done when the camera comes back as mass storage', async () => {
    const { look, settled, exchanges } = docking(() => Promise.resolve(undefined));
    expect(look(7)).toEqual(['begun']);
    expect(look(7)).toEqual([]); // the exchange runs
    await settled();
    expect(look('nothing')).toEqual([]);
    expect(look('storage')).toEqual(['done']);
    expect(look('storage')).toEqual([]);
    expect(exchanges()).toBe(1);
  });

  test('counts what the device does, not what the exchange says: many leave in the middle of their last step', async () => {
    const { look, settled } = docking(() => Promise.resolve('step 2 of 2 (bulk-out): no such device'));
    look(7);
    await settled();
    expect(look('nothing')).toEqual([]);
    expect(look('storage')).toEqual(['done']);
  });

  test('fails when the camera does not change in its time, is told once, and is not tried again at that plug', async () => {
    const { look, settled, clock, exchanges } = docking(() => Promise.resolve('step 1 of 2 (control-out): stall'));
    look(7);
    await settled();
    expect(look(7)).toEqual([]);
    clock.advance(20_000);
    expect(look(7)).toEqual(['failed step 1 of 2 (control-out): stall']);
    clock.advance(3_600_000);
    expect(look(7)).toEqual([]);
    expect(exchanges()).toBe(1);
    expect(look('nothing')).toEqual(['withdrawn']);
    expect(look(8)).toEqual(['begun']); // plugged in again
    expect(exchanges()).toBe(2);
  });

  test('does not run in circles with a camera that comes back as it was', async () => {
    const { look, settled, exchanges } = docking(() => Promise.resolve(undefined));
    look(7);
    await settled();
    look('nothing');
    expect(look(8)).toEqual(['failed it came back as it was']);
    expect(look(8)).toEqual([]);
    expect(look('nothing')).toEqual(['withdrawn']);
    expect(exchanges()).toBe(1);
  });

  test('of a camera that was pulled meanwhile is over after a while, and the next one is unlocked', async () => {
    const { look, settled, clock, exchanges } = docking(() => Promise.resolve(undefined));
    look(7);
    await settled();
    expect(look('nothing')).toEqual([]);
    clock.advance(20_000);
    expect(look('nothing')).toEqual(['done']);
    expect(look(9)).toEqual(['begun']);
    expect(exchanges()).toBe(2);
  });
});

describe('the process that unlocks', () => {
  const device: LockedDevice = {
    port: '1-2',
    bus: 1,
    device: 7,
    identity: { way: 'usb' },
    profile: 'harbour',
    unlock: UNLOCK,
  };
  const script = (text: string): URL => {
    const place = temporaryPlace();
    writeFileSync(join(place, 'unlocker.mjs'), text);
    return pathToFileURL(join(place, 'unlocker.mjs'));
  };
  const never = new AbortController().signal;

  test('is told the device and the exchange, and tells how it ended', async () => {
    const asks = `process.once('message', ({ bus, device, unlock }) => process.send(
      bus === 1 && device === 7 && unlock.steps.length === 5 ? { ok: true } : { ok: false, why: 'wrong order' }));`;
    expect(await runUnlock(device, systemClock, never, script(asks))).toBeUndefined();
    const fails = `process.once('message', () => process.send({ ok: false, why: 'step 1 of 5 (pause): stall' }));`;
    expect(await runUnlock(device, systemClock, never, script(fails))).toBe('step 1 of 5 (pause): stall');
  });

  test('that crashes, or says nonsense, or hangs, is a reason and nothing more', async () => {
    expect(await runUnlock(device, systemClock, never, script('process.abort()'))).toMatch(/ended without a word/);
    expect(await runUnlock(device, systemClock, never, script('process.send(7)'))).toMatch(/said something unknown/);
    const clock = new ManualClock();
    const hanging = runUnlock(device, clock, never, script('setInterval(() => {}, 1000)'));
    await clock.waiting(1);
    clock.advance(15_000);
    expect(await hanging).toBe('it took longer than 15 s');
  });

  test('ends with docketd', async () => {
    const stop = new AbortController();
    const hanging = runUnlock(device, systemClock, stop.signal, script('setInterval(() => {}, 1000)'));
    stop.abort();
    expect(await hanging).toBe('docketd stops');
  });

  test('that is docket\u2019s own says so when the device is not there any more', async () => {
    expect(await runUnlock(device, systemClock, never)).toMatch(/not there any more|not found/);
  });
});

test('a directory for the bus that goes while it is read is no locked camera', async () => {
  const place = bus({ '1-2': { ids: '4255:0001', number: 7, classes: ['ff'] } });
  rmSync(join(place, 'bus/usb/devices/1-2/devnum'));
  expect((await lookForLocked([PROFILE], place)).locked.size).toBe(0);
});
