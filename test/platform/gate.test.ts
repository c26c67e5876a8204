// Turns are given in the order they were asked for, never more at once than there are places, and none is ever lost.
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeGate } from '../../src/platform/index.ts';

/** Lets everything that can go on go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('admits first come, first served', async () => {
  const gate = makeGate(1);
  const order: number[] = [];
  const first = Promise.withResolvers<void>();
  const running = [gate.run(() => first.promise), ...[1, 2, 3].map((k) => gate.run(async () => void order.push(k)))];
  await settle();
  expect([gate.waiting, order]).toEqual([3, []]);
  const late = gate.run(async () => void order.push(4));
  first.resolve();
  await Promise.all([...running, late]);
  expect([gate.waiting, order]).toEqual([0, [1, 2, 3, 4]]);
});

it('never lets in more than there are places, and lets in everybody, whoever fails (property)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ steps: fc.integer({ min: 1, max: 3 }), fails: fc.boolean() })),
      async (places, jobs) => {
        const gate = makeGate(places);
        let inside = 0;
        let most = 0;
        const ended = await Promise.allSettled(
          jobs.map(({ steps, fails }) =>
            gate.run(async () => {
              inside += 1;
              most = Math.max(most, inside);
              for (let k = 0; k < steps; k += 1) await settle();
              inside -= 1;
              if (fails) throw new Error('it failed');
            }),
          ),
        );
        expect(ended.map((each) => each.status === 'rejected')).toEqual(jobs.map(({ fails }) => fails));
        expect(most).toBeLessThanOrEqual(places);
        expect(most).toBe(Math.min(places, jobs.length));
      },
    ),
    { numRuns: 50 },
  );
});

it('tells a waiter that is cancelled so, with the reason, and gives its turn to the next', async () => {
  const gate = makeGate(1);
  const first = Promise.withResolvers<void>();
  const running = gate.run(() => first.promise);
  const abort = new AbortController();
  const reason = new Error('the camera left');
  const ran: string[] = [];
  const cancelled = gate.run(async () => void ran.push('cancelled'), abort.signal);
  const next = gate.run(async () => void ran.push('next'));
  await settle();
  abort.abort(reason);
  await expect(cancelled).rejects.toBe(reason);
  expect(gate.waiting).toBe(1);
  first.resolve();
  await Promise.all([running, next]);
  expect(ran).toEqual(['next']);
  await expect(gate.run(async () => void ran.push('late'), abort.signal)).rejects.toBe(reason);
  expect(ran).toEqual(['next']);
});

it('holds on to no signal after the turn was given', async () => {
  const gate = makeGate(1);
  const { signal } = new AbortController();
  const first = Promise.withResolvers<void>();
  const running = [gate.run(() => first.promise), ...[1, 2, 3].map(() => gate.run(settle, signal))];
  await settle();
  expect(getEventListeners(signal, 'abort')).toHaveLength(3);
  first.resolve();
  await Promise.all(running);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
