// From what docketd tells of its dockings to what an officer wants to know of a dock: one state, whose camera, how far.
// Never more hopeful than the facts: a dock with two volumes may be left, or emptied, when both may.

import { nextOf, type Show, STATES, type Words } from './screen-words.ts';
import type { DockView, LiveView } from './use-cases.ts';

/** One dock on the screen. */
export interface ScreenDock {
  readonly name: string;
  readonly show: Show;
  readonly next: Words;
  /** Undefined while the dock is free. */
  readonly camera?: string | undefined;
  readonly model?: string | undefined;
  readonly officer?: string | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Bytes a second. */
  readonly rate?: number | undefined;
  readonly secondsLeft?: number | undefined;
}

/** From the one that needs somebody most to the one that needs nobody. */
const WORST_FIRST: readonly Show[] = ['problem', 'wait', 'copying', 'take', 'free'];

/** Every dock, named ones in the order of the configuration, then the others by name. */
export function screenDocks(view: LiveView): ScreenDock[] {
  const seen = new Map<string, ScreenDock[]>(view.dockNames.map((name) => [name, []]));
  const others = view.docks.flatMap(({ dock }) => (dock === null || seen.has(dock) ? [] : [dock]));
  for (const name of others.toSorted(new Intl.Collator('en', { numeric: true }).compare)) seen.set(name, []);
  for (const each of view.docks) {
    const dock = each.dock === null ? undefined : screenDock(each, each.dock);
    if (dock !== undefined) seen.get(dock.name)?.push(dock);
  }
  const named = new Set(view.dockNames);
  return [...seen].flatMap(([name, docks]) => {
    const joined = joinVolumes(docks);
    if (joined !== undefined) return [joined];
    return named.has(name) ? [freeDock(name)] : [];
  });
}

function freeDock(name: string): ScreenDock {
  return { name, show: 'free', next: STATES.free.next, bytesDone: 0, bytesTotal: 0 };
}

/** A docking on the screen; undefined for one that is over and gone. */
function screenDock(view: DockView, name: string): ScreenDock | undefined {
  const show = showOf(view);
  if (show === undefined) return undefined;
  const { camera, model, officer, bytesDone, bytesTotal, rate, secondsLeft } = view;
  return {
    name,
    show,
    next: show === 'problem' ? nextOf(view.problem?.code ?? 'camera-gone') : STATES[show].next,
    camera,
    model: model ?? undefined,
    officer: officer ?? undefined,
    bytesDone,
    bytesTotal,
    ...(show === 'copying' ? { rate: rate ?? undefined, secondsLeft: secondsLeft ?? undefined } : {}),
  };
}

function showOf({ phase, problem, present, receiptStands, toClear }: DockView): Show | undefined {
  // All is copied, and the card is written to before long: the camera stays, and what is wrong besides is said after.
  const stays = toClear && present !== false;
  switch (phase) {
    case 'problem':
      return stays ? 'copying' : 'problem';
    case 'waiting':
    case 'listing':
    case 'copying':
      // Copying ends within moments of the cable being pulled; the officer is told before that.
      if (present === false) return 'problem';
      return receiptStands ? 'copying' : 'wait'; // also one that waits for its turn: its officer may leave
    case 'releasing':
      return present === false ? undefined : 'copying'; // the same, and it is written to now
    case 'storing':
    case 'examining':
    case 'finishing':
    case 'copied':
    case 'done':
      if (stays) return 'copying';
      if (problem !== null) return 'problem';
      return present === false ? undefined : 'take';
  }
}

/** One camera may show several volumes: the worst of them speaks, the bytes are those of all. */
function joinVolumes(docks: readonly ScreenDock[]): ScreenDock | undefined {
  const speaker = WORST_FIRST.flatMap((show) => docks.filter((each) => each.show === show))[0];
  if (speaker === undefined || docks.length === 1) return speaker;
  const sum = (of: (dock: ScreenDock) => number | undefined): number =>
    docks.reduce((total, each) => total + (of(each) ?? 0), 0);
  const lefts = docks.flatMap(({ secondsLeft }) => secondsLeft ?? []);
  return {
    ...speaker,
    officer: docks.find(({ officer }) => officer !== undefined)?.officer,
    bytesDone: sum(({ bytesDone }) => bytesDone),
    bytesTotal: sum(({ bytesTotal }) => bytesTotal),
    rate: sum(({ rate }) => rate) || undefined,
    secondsLeft: lefts.length === 0 ? undefined : Math.max(...lefts),
  };
}
