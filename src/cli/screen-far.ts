// How far the copying of a dock is, as a bar and in numbers, in as many of them as there is room for.
// Never 100 before all is copied.
import type { ScreenDock } from './screen-docks.ts';
import { inkOf, type Row, textRow } from './screen-text.ts';
import { durationText, sizeText, widthOf } from './text.ts';

/** Shortest bar that says something. */
const BAR_COLUMNS = 6;

/** How far: bar and numbers on one row, or each on its own where there are two and the numbers would be cut. */
export function farRows(dock: ScreenDock, columns: number, rows: number): Row[] {
  if (dock.bytesTotal === 0 || rows < 1) return [];
  const numbers = numbersOf(dock);
  const apart = rows >= 2 && columns - widthOf(numbers[1] ?? '') - 1 < BAR_COLUMNS;
  if (apart) {
    const fitting = numbers.find((each) => widthOf(each) <= columns) ?? '';
    return [barOf(dock, columns), textRow(fitting, columns)];
  }
  const beside = numbers.find((each) => columns - widthOf(each) - 1 >= BAR_COLUMNS);
  if (beside === undefined) return [barOf(dock, columns)];
  return [[...barOf(dock, columns - widthOf(beside) - 1), { text: ` ${beside}`, paint: 'plain' }]];
}

/** How far in numbers: in full, in short, and then with less and less of them. */
function numbersOf({ bytesDone, bytesTotal, rate, secondsLeft, show }: ScreenDock): string[] {
  const done = `${percentOf({ bytesDone, bytesTotal })}%`;
  const whole = sizeText(bytesTotal);
  const [total, unit] = whole.split(' ');
  const part = sizeText(bytesDone).replace(` ${unit}`, '');
  const left = secondsLeft === undefined ? '' : durationText(secondsLeft * 1000);
  const fast = rate === undefined ? '' : `${sizeText(rate)}/s`;
  const bytes = show === 'take' ? whole : `${part}/${total} ${unit}`;
  const joined = (...parts: string[]): string => parts.filter((each) => each !== '').join(' ');
  return [
    [done, show === 'take' ? whole : `${part} of ${whole}`, fast, left === '' ? '' : `${left} left`]
      .filter((each) => each !== '')
      .join('  '),
    joined(done, bytes, fast, left),
    joined(done, bytes, left),
    joined(done, left),
    done,
  ];
}

/** Rounded down. */
function percentOf({ bytesDone, bytesTotal }: Pick<ScreenDock, 'bytesDone' | 'bytesTotal'>): number {
  return bytesTotal === 0 ? 0 : Math.max(0, Math.min(100, Math.floor((bytesDone / bytesTotal) * 100)));
}

function barOf(dock: ScreenDock, columns: number): Row {
  const filled = Math.floor((columns * percentOf(dock)) / 100);
  return [inkOf(filled, dock.show), inkOf(columns - filled, 'trough')].filter(({ text }) => text !== '');
}
