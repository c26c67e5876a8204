// docket screen: the docks on the workstation's own monitor, for officers who pass by. It follows docketd and comes back when docketd does.
// Never writes anything anywhere but to its terminal, and gives that back as it was.
import { type Command, Option } from 'commander';
import { EXIT, Failure, formatInstant, isFailure } from '../evidence/index.ts';
import { type Answer, type CliPorts, type Common, common, configOf, type End, withStation } from './answering.ts';
import { drawScreen } from './screen-frame.ts';
import type { TileSize } from './screen-large.ts';
import { openScreen, plainRows } from './screen-terminal.ts';
import { type Language, SCREEN_LANGUAGES, type Speech } from './screen-words.ts';
import type { LiveView, UseCases } from './use-cases.ts';

/** How often the screen is painted though nothing was told, in milliseconds: the clock goes, and what else wrote on the console goes away. */
const PAINT_MS = 1000;
/** How often a docketd that does not run is looked for, in milliseconds. */
const LOOK_AGAIN_MS = 1000;
/** docketd tells twice a second; after this long without a word it does not answer, in milliseconds. */
const SILENT_MS = 10_000;
/** How long a page stands where there are more docks than fit, in milliseconds. */
const PAGE_MS = 8000;
/** Size of a frame that goes to no terminal. */
const PLAIN_SIZE: TileSize = { columns: 80, rows: 24 };

interface ScreenOptions extends Common {
  readonly language?: Language;
  readonly once?: boolean;
}

/** Adds the command. */
export function addScreenCommand(program: Command, ports: CliPorts, end: End): void {
  common(
    program
      .command('screen')
      .description('the docks on a whole terminal, readable from two metres: who may leave, who may take a camera'),
  )
    .addOption(
      new Option(
        '--language <language>',
        'words on it (default: both where the terminal draws Chinese and the locale is no other, else en)',
      ).choices([...SCREEN_LANGUAGES]),
    )
    .option('--once', 'print it once as plain text, and end')
    .action(async (options: ScreenOptions) => {
      const speech = speechOf(options, ports);
      if (options.once === true || options.json === true)
        return withStation(ports, options, end, (useCases) => answerOnce(useCases, ports, speech));
      if (ports.out.isTTY !== true || ['', 'dumb'].includes(ports.environment['TERM'] ?? ''))
        throw new Failure('invalid', 'docket screen needs a terminal that can be painted; without one: --once');
      await using useCases = await ports.doors.open(configOf(options, ports));
      await runScreen(useCases, ports, speech);
    });
}

/** Locales that say Chinese is read, or nothing of who reads. */
const MAYBE_CHINESE = /^(?:zh|c|posix)(?:[._@-]|$)/i;

/**
 * Who names a language is believed, but for Linux's own console: it has no Chinese glyphs in any font, so that there only the large words are in Chinese.
 * Else the locale says whether the terminal takes UTF-8, and who reads.
 */
export function speechOf(
  { language }: Pick<ScreenOptions, 'language'>,
  { environment, out }: Pick<CliPorts, 'environment' | 'out'>,
): Speech {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  const isConsole = environment['TERM'] === 'linux';
  const canDraw = /utf-?8/i.test(locale) && !isConsole;
  if (language === undefined) {
    const likely = canDraw && MAYBE_CHINESE.test(locale) ? 'both' : 'en';
    return { large: likely, language: likely, charset: canDraw ? 'full' : 'ascii' };
  }
  if (language === 'en') return { large: 'en', language, charset: canDraw ? 'full' : 'ascii' };
  if (isConsole && out.isTTY === true) return { large: language, language: 'en', charset: 'ascii' };
  return { large: language, language, charset: 'full' };
}

function sizeOf({ out, environment }: CliPorts): TileSize {
  const given = (name: string): number | undefined => {
    const value = Number(environment[name]);
    return Number.isInteger(value) && value > 0 && value <= 1000 ? value : undefined;
  };
  return {
    columns: out.columns ?? given('COLUMNS') ?? PLAIN_SIZE.columns,
    rows: out.rows ?? given('LINES') ?? PLAIN_SIZE.rows,
  };
}

async function answerOnce(useCases: UseCases, ports: CliPorts, speech: Speech): Promise<Answer> {
  const told = new AbortController();
  let view: LiveView | undefined;
  const hear = (each: LiveView): void => {
    view ??= each;
    told.abort();
  };
  await useCases.follow(hear, AbortSignal.any([ports.signal, told.signal]));
  const silent = view === undefined ? NOT_RUNNING : undefined;
  const state = { view, silent, at: formatInstant(ports.clock.now()), turn: 0 };
  const text = plainRows(drawScreen(state, sizeOf(ports), speech));
  return { json: view ?? null, text, exit: view === undefined ? EXIT.busy : EXIT.ok };
}

const NOT_RUNNING = 'docketd does not run: systemctl status docketd';
const NOT_ANSWERING = 'docketd does not answer: systemctl status docketd';

/** Follows docketd until Ctrl-C, q, or a signal. */
async function runScreen(useCases: UseCases, ports: CliPorts, speech: Speech): Promise<void> {
  const { clock } = ports;
  const left = new AbortController();
  const signal = AbortSignal.any([ports.signal, left.signal]);
  let view: LiveView | undefined;
  let silent: string | undefined;
  let heardMs = clock.elapsedMs();
  const { out, keys, environment } = ports;
  using screen = openScreen({ out, keys, isConsole: environment['TERM'] === 'linux' }, () => left.abort());
  const paint = (): void => {
    if (signal.aborted) return;
    const elapsed = clock.elapsedMs();
    if (silent === undefined && elapsed - heardMs > SILENT_MS) silent = NOT_ANSWERING;
    const state = { view, silent, at: formatInstant(clock.now()), turn: Math.floor(elapsed / PAGE_MS) };
    screen.paint(drawScreen(state, sizeOf(ports), speech));
  };
  const hear = (each: LiveView): void => {
    [view, silent, heardMs] = [each, undefined, clock.elapsedMs()];
    paint();
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      silent = (await listen(useCases, hear, signal)) ?? NOT_RUNNING;
      paint();
      await clock.wait(LOOK_AGAIN_MS, signal).catch(() => undefined); // ends early when the screen does
    }
  };
  const tick = async (): Promise<void> => {
    while (!signal.aborted) {
      paint();
      await clock.wait(PAINT_MS, signal).catch(() => undefined); // ends early when the screen does
    }
  };
  await Promise.all([follow().finally(() => left.abort()), tick()]);
}

/** Hears docketd until it ends; why it cannot be heard at all, in words that end with what to do. */
async function listen(
  useCases: UseCases,
  hear: (view: LiveView) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await useCases.follow(hear, signal);
    return undefined;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return `${error.message}. ${error.next}`;
  }
}
