// The whole screen as rows of painted text, from what docketd last told: a pure function of it, the time and the size.
// Never a row wider than the screen, never more rows than it has.
import { type ScreenDock, screenDocks } from './screen-docks.ts';
import { GAP, type Grid, gridOf } from './screen-grid.ts';
import type { TileSize } from './screen-large.ts';
import { cut, edgesRow, fillRow, inkOf, plain, type Row, textRow, wrap } from './screen-text.ts';
import { drawTile, tileWorth } from './screen-tile.ts';
import { wordRows } from './screen-word.ts';
import { NO_SERVICE, READY, type Speech, STATION, say } from './screen-words.ts';
import { sizeText, timeText, widthOf } from './text.ts';
import type { LiveView } from './use-cases.ts';

/** What a frame shows. */
export interface ScreenState {
  /** What docketd told last; undefined before the first time. */
  readonly view: LiveView | undefined;
  /** Why nothing is heard from it, in one line; undefined while it answers. */
  readonly silent: string | undefined;
  /** Now, as an instant. */
  readonly at: string;
  /** Counts up; pages turn by it. */
  readonly turn: number;
}

/** Rows above the docks. */
const HEAD_ROWS = 2;
/** A screen with as many rows has two of them for the last problem. */
const ROOMY_ROWS = 20;

/** The screen: exactly as many rows as it has, none wider than it is. */
export function drawScreen(state: ScreenState, size: TileSize, speech: Speech): Row[] {
  const rows = Math.max(1, size.rows);
  const columns = Math.max(1, size.columns);
  const foot = problemRows(state, columns, rows >= ROOMY_ROWS ? 2 : 1, speech);
  const room = { columns, rows: Math.max(0, rows - HEAD_ROWS - foot.length) };
  const docks = state.view === undefined || state.silent !== undefined ? [] : screenDocks(state.view);
  const grid = gridOf(docks.length, room, speech);
  const pages = Math.max(1, Math.ceil(docks.length / Math.max(1, grid.across * grid.down)));
  const page = state.turn % pages;
  const body = bodyRows(state, docks, { grid, page, room }, speech);
  const all = [
    titleRow(state, columns, pages > 1 ? `${say(STATION.page, speech.language)} ${page + 1}/${pages}` : '', speech),
    stationRow(state, columns, speech),
    ...body,
    ...foot,
  ];
  return all.slice(0, rows).map((row) => fillRow(clip(row, columns), columns));
}

interface Place {
  readonly grid: Grid;
  readonly page: number;
  readonly room: TileSize;
}

function bodyRows(
  state: ScreenState,
  docks: readonly ScreenDock[],
  { grid, page, room }: Place,
  speech: Speech,
): Row[] {
  const filled = (rows: Row[]): Row[] => [
    ...rows.slice(0, room.rows),
    ...Array.from({ length: Math.max(0, room.rows - rows.length) }, () => textRow('', room.columns)),
  ];
  if (state.silent !== undefined) return filled(wordRows(NO_SERVICE, 'problem', state.silent, room, speech));
  if (state.view === undefined) return filled([]);
  if (docks.length === 0) return filled(wordRows(READY, 'free', '', room, speech));
  const shown = docks.slice(page * grid.across * grid.down, (page + 1) * grid.across * grid.down);
  return filled(tileRows(shown, grid, room, speech));
}

/** Tiles in columns, from the top of each: dock after dock as they stand beside each other in most stations. */
function tileRows(docks: readonly ScreenDock[], grid: Grid, room: TileSize, speech: Speech): Row[] {
  const tiles = docks.map((dock) => drawTile(dock, grid, speech));
  const spaced = tileWorth(grid, speech) > 0 && grid.down * (grid.rows + 1) - 1 <= room.rows;
  const blank = textRow('', room.columns);
  const lines: Row[] = [];
  for (let at = 0; at < tiles.length; at += grid.across) {
    const beside = tiles.slice(at, at + grid.across);
    if (spaced && at > 0) lines.push(blank);
    for (let k = 0; k < grid.rows; k += 1)
      lines.push(
        fillRow(
          beside.flatMap((tile, n): Row => [...(n > 0 ? textRow('', GAP) : []), ...(tile[k] ?? [])]),
          room.columns,
        ),
      );
  }
  return spaced && lines.length < room.rows ? [blank, ...lines] : lines;
}

function titleRow({ view, at }: ScreenState, columns: number, page: string, { charset }: Speech): Row {
  const station = plain(view?.station ?? '', charset);
  const time = columns < 40 ? timeText(at).slice(11, 16) : timeText(at);
  return edgesRow(` docket  ${station}`, `${page === '' ? '' : `${page}   `}${time} `, columns, 'title');
}

/** Vaults, ledger, and what waits for them. */
function stationRow({ view, silent }: ScreenState, columns: number, { language, charset }: Speech): Row {
  if (view === undefined || silent !== undefined) return textRow('', columns);
  const away = view.vaults.filter(({ awaySince }) => awaySince !== null);
  const { size, published } = view.ledger;
  const ledger = `${say(STATION.ledger, language)} ${published < size ? `${published}/` : ''}${size}`;
  const { spoolFiles, spoolBytes, acquisitionsWaiting } = view.queue;
  const queue =
    acquisitionsWaiting === 0
      ? say(STATION.nothing, language)
      : `${spoolFiles} (${sizeText(spoolBytes)}) ${say(STATION.waits, language)}`;
  const [first] = away;
  if (first === undefined) return textRow(` ${say(STATION.vault, language)} | ${ledger} | ${queue}`, columns, 'plain');
  const names = away.map(({ name }) => plain(name, charset)).join(', ');
  const since = timeText(first.awaySince).slice(5, 16);
  return textRow(` ${say(STATION.away, language)}: ${names} (${since}) | ${queue}`, columns, 'wait');
}

/** The last problem with the time it was told, and what to do about it; for whoever is called. */
function problemRows({ view }: ScreenState, columns: number, rows: number, { language, charset }: Speech): Row[] {
  const problem = view?.problems[0];
  const text =
    problem === undefined
      ? say(STATION.none, language)
      : `${say(STATION.problem, language)} ${timeText(problem.at).slice(5, 16)}: ${plain(problem.what, charset)} -> ${plain(problem.next, charset)}`;
  const lines = view === undefined ? [] : wrap(text, Math.max(1, columns - 2), rows);
  return Array.from({ length: rows }, (_, k) => textRow(lines[k] === undefined ? '' : ` ${lines[k]}`, columns, 'dim'));
}

/** What is wider than the screen after all loses its end; a row is never wrapped. */
function clip(row: Row, columns: number): Row {
  let room = columns;
  const kept: Row[number][] = [];
  for (const span of row) {
    if (room <= 0) break;
    const width = widthOf(span.text);
    if (width <= room) kept.push(span);
    else kept.push(span.ink === true ? inkOf(room, span.paint) : { ...span, text: cut(span.text, room) });
    room -= Math.min(room, width);
  }
  return kept;
}
