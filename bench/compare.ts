// Compares programs that do the same work: every round runs each of them once, and every other round in the reverse order.
// All get the same treatment: a fresh target, everything written back, and a pause, before each run.
import { systemClock } from '../src/platform/index.ts';
import { type Line, median } from './report.ts';
import { type Cost, type Order, runQuietly, runTimed } from './timed.ts';

/** One that is compared. */
export interface Contestant {
  readonly name: string;
  readonly order: Order;
  /** Clears the target of the last run and makes what a run needs; not counted. */
  readonly prepare: () => Promise<void>;
}

/** What each run cost, round by round. */
export type Costs = ReadonlyMap<string, readonly Cost[]>;

/** Pause before a run, in milliseconds: freed memory goes back to the host of a virtual machine first, for everybody alike. */
const PAUSE_MS = 3000;

/** Runs all contestants `rounds` times. */
export async function compare(
  contestants: readonly Contestant[],
  rounds: number,
  say: (text: string) => void,
): Promise<Costs> {
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    const inTurn = round % 2 === 1 ? contestants : contestants.toReversed();
    for (const { name, order, prepare } of inTurn) {
      await prepare();
      await runQuietly(['sync'], order.cwd);
      await systemClock.wait(PAUSE_MS);
      const cost = await runTimed(order);
      costs.get(name)?.push(cost);
      say(`round ${round}: ${name}: ${formatCost(cost)}`);
    }
    for (const { prepare } of contestants) await prepare();
  }
  return costs;
}

function formatCost({ wallSeconds, cpuSeconds, peakMiB }: Cost): string {
  return `${wallSeconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, ${peakMiB.toFixed(0)} MiB`;
}

/** The medians of every contestant, one line each. */
export function costLines(costs: Costs): Line[] {
  return [...costs].map(([what, runs]) => {
    const of = (pick: (cost: Cost) => number): number => median(runs.map(pick));
    const walls = runs.map(({ wallSeconds }) => wallSeconds);
    const [low, high] = [Math.min(...walls), Math.max(...walls)].map((each) => each.toFixed(1));
    const wall = `${of((cost) => cost.wallSeconds).toFixed(2)} s (${low} to ${high})`;
    const cpu = `CPU ${of((cost) => cost.cpuSeconds).toFixed(2)} s (system ${of((cost) => cost.systemSeconds).toFixed(2)})`;
    return { what, value: `${wall}, ${cpu}, ${of((cost) => cost.peakMiB).toFixed(0)} MiB` };
  });
}

/** Median over the rounds of ours to the peer's in the same round. */
export function ratio(costs: Costs, ours: string, peer: string, pick: (cost: Cost) => number): number {
  const [a = [], b = []] = [costs.get(ours), costs.get(peer)];
  return median(a.map((cost, round) => pick(cost) / (pick(b[round] ?? cost) || Number.NaN)));
}

/** Wall time of a run. */
export const wallOf = (cost: Cost): number => cost.wallSeconds;
/** CPU time of a run. */
export const cpuOf = (cost: Cost): number => cost.cpuSeconds;
