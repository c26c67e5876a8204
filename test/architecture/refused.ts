// The files under refused/: a small house in which most files are bad, each naming what must be found in it.
// `// laws: a, b` is for laws.ts and `// lint: a, b` for oxlint; the files are read, never run.
import { join } from 'node:path';

/** The root of the bad house; its sources are under `src/`. */
export const REFUSED = join(import.meta.dirname, 'refused');

/** What a file says must be found in it, sorted. */
export function expectedIn(text: string, by: 'laws' | 'lint'): readonly string[] {
  const marked = new RegExp(String.raw`// ${by}: (.+)`).exec(text)?.[1];
  return marked?.split(', ').toSorted() ?? [];
}
