// Whether cards are mounted so that nothing on them can do harm, and nothing can change them: for a checklist, not for a decision.
// Never mounts, never looks into a card.
import { stat } from 'node:fs/promises';
import type { MachineRoots } from './identity.ts';
import { fixedParent, lookForCards } from './mount-watch.ts';
import { readMountinfo } from './mounts.ts';

/** What a card should be mounted with. */
const WANTED = ['ro', 'nosuid', 'nodev', 'noexec'] as const;

/** Where cards are looked for, as it is now. */
export interface RootsView {
  /** Folders that the roots begin with and that are not there. */
  readonly missing: readonly string[];
  /** Cards mounted now, each with the options it lacks. */
  readonly cards: readonly { readonly root: string; readonly lacks: readonly string[] }[];
}

/** Looks at the configured roots. Errors are errno errors of reading mountinfo. */
export async function viewRoots(roots: readonly string[], machine: MachineRoots = {}): Promise<RootsView> {
  const missing: string[] = [];
  for (const parent of new Set(roots.map(fixedParent)))
    if (
      !(await stat(parent).then(
        (found) => found.isDirectory(),
        () => false,
      ))
    )
      missing.push(parent);
  const cards = await lookForCards({ ...machine, roots }, new Map());
  const options = optionsByMount(await readMountinfo(machine.procRoot));
  return {
    missing,
    cards: [...cards.values()].map(({ root }) => ({
      root,
      lacks: WANTED.filter((each) => options.get(root)?.has(each) !== true),
    })),
  };
}

/** Options by mount point, of the topmost mount: fields 5 and 6 of a line, see proc_pid_mountinfo(5). */
function optionsByMount(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const line of text.split('\n')) {
    const [, , , , point, options] = line.split(' ');
    if (point === undefined || options === undefined) continue;
    const raw = point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    found.set(Buffer.from(raw, 'latin1').toString('utf8'), new Set(options.split(',')));
  }
  return found;
}
