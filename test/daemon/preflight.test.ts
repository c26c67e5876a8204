// What a vault that hangs costs those that wait for the others: nothing, once as many are fit as the configuration demands.
import { describe, expect, it } from 'vitest';
import { makePreflight, type Preflight } from '../../src/daemon/preflight.ts';
import { Failure } from '../../src/evidence/index.ts';
import { type Config, silentLog } from '../../src/platform/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';
import { expectRejection } from '../expect-failure.ts';

const HANG_MS = 90_000;

/** Two stores, of which so many must hold a copy; a look at the second one ends when a test says so. */
function twoStores(copies: number): {
  preflight: Preflight;
  clock: ManualClock;
  asked: string[];
  ends: ((failure?: Failure) => void)[];
} {
  const clock = new ManualClock();
  const asked: string[] = [];
  const ends: ((failure?: Failure) => void)[] = [];
  const vaults = ['near', 'far'].map((name) => ({ kind: 's3', name }));
  const config = { vaults, copies } as unknown as Config; // all that a preflight with looks of its own reads
  const look = ({ name }: { readonly name: string }): Promise<void> => {
    asked.push(name);
    if (name === 'near') return Promise.resolve();
    return new Promise((resolve, reject) =>
      ends.push((failure) => (failure === undefined ? resolve() : reject(failure))),
    );
  };
  return { preflight: makePreflight(config, { clock, log: silentLog, look }), clock, asked, ends };
}

const away = new Failure('vault-unreachable', 'it does not answer in time');

/** The first look of a run, which is waited for. */
async function firstLook({ preflight, clock, ends }: ReturnType<typeof twoStores>): Promise<void> {
  const confirming = preflight.confirm();
  await new Promise(setImmediate);
  clock.advance(HANG_MS);
  ends.shift()?.(away);
  await confirming;
}

describe('a vault that hangs and is not needed', () => {
  it('is not looked at again by the next one that asks, however long the look took', async () => {
    const stores = twoStores(1);
    await firstLook(stores);
    await stores.preflight.confirm();
    expect(stores.asked).toEqual(['near', 'far']);
  });

  it('is looked at again beside the work, once at a time', async () => {
    const stores = twoStores(1);
    await firstLook(stores);
    stores.clock.advance(60_000);
    for (let k = 0; k < 3; k += 1) await stores.preflight.confirm();
    expect(stores.asked).toEqual(['near', 'far', 'far']);
  });

  it('and comes back unfit stops the station all the same', async () => {
    const stores = twoStores(1);
    await firstLook(stores);
    stores.clock.advance(60_000);
    await stores.preflight.confirm();
    stores.ends.shift()?.(new Failure('vault-unfit', 'its bucket has no Object Lock'));
    await new Promise(setImmediate);
    await expectRejection('vault-unfit', stores.preflight.confirm());
  });
});

it('a vault that is needed and away is asked each time', async () => {
  const stores = twoStores(2);
  for (let k = 0; k < 2; k += 1) {
    const confirming = expectRejection('vault-unreachable', stores.preflight.confirm());
    await new Promise(setImmediate);
    stores.ends.shift()?.(away);
    await confirming;
  }
  expect(stores.asked).toEqual(['near', 'far', 'far']);
});
