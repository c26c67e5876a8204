// Where tiles stand: how many across and down, and how large, so that their states strike the eye most.
// Never larger than the room that is given.
import { DOT_ROWS } from './screen-dots.ts';
import type { TileSize } from './screen-large.ts';
import { SMALL_COLUMNS, SMALL_ROWS, tileWorth } from './screen-tile.ts';
import type { Speech } from './screen-words.ts';

/** Columns between two tiles. */
export const GAP = 2;
/** Most tiles side by side; those of plates may hold one character only, and are narrower. */
const MAX_ACROSS = 4;
const MAX_PLATES_ACROSS = 6;
/** Rows of the smallest plate with its label and one row of words. */
const PLATE_ROWS = DOT_ROWS + 2;

/** Tiles of one size, so many across and so many down. */
export interface Grid extends TileSize {
  readonly across: number;
  readonly down: number;
}

/** The grid in which all docks strike the eye most; where they do not fit, the one that holds most of them on a page. */
export function gridOf(docks: number, room: TileSize, speech: Speech): Grid {
  const worth = (grid: Grid): number => tileWorth(grid, speech);
  const held = ({ across, down }: Grid): number => across * down;
  const grids = Array.from({ length: speech.large === 'en' ? MAX_ACROSS : MAX_PLATES_ACROSS }, (_, k) =>
    gridFor(k + 1, docks, room, speech),
  );
  const whole = grids.filter((grid) => held(grid) >= docks && worth(grid) >= 0);
  // Where small words are in a language that officers may not read, pages of large ones turn sooner than that.
  const isMute = speech.language !== speech.large;
  const large = isMute ? plateGrids(room).filter((grid) => worth(grid) > 0) : [];
  if (whole.some((grid) => worth(grid) > 0) || (whole.length > 0 && large.length === 0)) return best(whole, worth);
  if (large.length > 0) return best(large, held);
  const paged = grids.map(({ across, columns }) => smallGrid(across, columns, room)).filter((each) => worth(each) >= 0);
  if (paged.length > 0) return best(paged, held);
  return { across: 1, down: Math.max(1, room.rows), columns: room.columns, rows: 1 };
}

function gridFor(across: number, docks: number, room: TileSize, speech: Speech): Grid {
  const down = Math.max(1, Math.ceil(docks / across));
  const columns = columnsOf(across, room);
  const each = Math.floor(room.rows / down);
  const spaced = Math.floor((room.rows + 1) / down) - 1;
  const [close, airy] = [tileWorth({ columns, rows: each }, speech), tileWorth({ columns, rows: spaced }, speech)];
  // Letters need air around them, plates as far as it costs them neither size nor words; a tile of small words is told from the next by its coloured row.
  const costsNothing = airy >= close && (spaced === each || spaced >= PLATE_ROWS);
  const isAiry = airy > 0 && (speech.large === 'en' || costsNothing);
  return { across, down, columns, rows: isAiry ? spaced : each };
}

function columnsOf(across: number, room: TileSize): number {
  return Math.floor((room.columns - GAP * (across - 1)) / across);
}

function smallGrid(across: number, columns: number, room: TileSize): Grid {
  const down = Math.floor(room.rows / SMALL_ROWS);
  return { across, down, columns, rows: columns >= SMALL_COLUMNS ? Math.floor(room.rows / Math.max(1, down)) : 0 };
}

/** Every grid whose tiles are high enough for a plate. */
function plateGrids(room: TileSize): Grid[] {
  const downs = Math.floor(room.rows / DOT_ROWS);
  return Array.from({ length: MAX_PLATES_ACROSS * downs }, (_, k) => {
    const [across, down] = [(k % MAX_PLATES_ACROSS) + 1, Math.floor(k / MAX_PLATES_ACROSS) + 1];
    return { across, down, columns: columnsOf(across, room), rows: Math.floor(room.rows / down) };
  });
}

function best(grids: readonly Grid[], worth: (grid: Grid) => number): Grid {
  return grids.reduce((a, b) => (worth(b) > worth(a) ? b : a));
}
