// Progress of long work on stderr: one line that is redrawn on a terminal, plain lines elsewhere.
// Never writes to stdout, where the facts go.
import type { Clock } from '../platform/index.ts';
import { durationText, fit, harmless, pad, sizeText } from './text.ts';
import type { OnWork, WorkProgress } from './use-cases.ts';

/** Shortest time between two redraws, and between two plain lines, in milliseconds. */
const REDRAW_MS = 100;
const PLAIN_MS = 5000;

/** A stream that may be a terminal. */
export interface TextOut {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Progress on `out`; call `end` before other text is written. */
export function startProgress(out: TextOut, clock: Clock): { readonly onWork: OnWork; end(): void } {
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawn = false;
  let last = '';
  const interval = out.isTTY === true ? REDRAW_MS : PLAIN_MS;
  return {
    onWork(progress) {
      const changed = `${progress.subject} ${progress.state}` !== last;
      if (!changed && clock.elapsedMs() - drawnMs < interval) return;
      drawnMs = clock.elapsedMs();
      last = `${progress.subject} ${progress.state}`;
      const line = progressLine(progress, (out.columns ?? 100) - 1);
      out.write(out.isTTY === true ? `\r\u001b[2K${line}` : `${line}\n`);
      drawn = true;
    },
    end() {
      if (drawn && out.isTTY === true) out.write('\r\u001b[2K');
      drawn = false;
    },
  };
}

function progressLine(progress: WorkProgress, columns: number): string {
  const { done, total, unit } = progress;
  const amount = unit === 'bytes' ? `${sizeText(done)} of ${sizeText(total)}` : `${done} of ${total} ${unit}`;
  const rate =
    progress.rate === undefined
      ? ''
      : unit === 'bytes'
        ? `${sizeText(progress.rate)}/s`
        : `${Math.round(progress.rate)}/s`;
  const left = progress.secondsLeft === undefined ? '' : `${durationText(progress.secondsLeft * 1000)} left`;
  const percent = total > 0 ? pad(`${Math.min(100, Math.floor((done / total) * 100))}%`, 4, true) : '';
  const parts = [progress.subject, progress.state, percent, total > 0 ? amount : '', rate, left, progress.detail ?? ''];
  return fit(harmless(parts.filter((each) => each !== '').join('  ')), columns);
}
