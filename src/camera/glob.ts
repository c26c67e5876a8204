// Globs of camera profiles: `*` and `?` within a name, `**` for any folders. Case does not count (cards are FAT).
// Matched by our own hand in bounded time: Node's path.matchesGlob takes minutes for `*a*a*a*a*b` on a long name a camera may hold.
// A glob without `/` means a name anywhere on the card; one with `/` counts from the root. A match of a folder covers all in it.

/** Longest glob a profile may hold, in characters. */
export const MAX_GLOB_CHARS = 256;

/** A glob taken apart once. */
export interface Glob {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Takes a glob apart; leading and trailing `/` are ignored. */
export function parseGlob(text: string): Glob {
  const parts = text
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '');
  return { text, parts: parts.length === 1 ? ['**', ...parts] : parts };
}

/** True if the glob matches this path (of `/`-separated names, in lower case) or a folder above it. */
export function covers(glob: Glob, pathParts: readonly string[]): boolean {
  // reach[k]: the first k parts of the glob can end before the current name.
  let reach = [true, ...glob.parts.map(() => false)];
  spreadStars(glob, reach);
  for (const name of pathParts) {
    const next = [
      false,
      ...glob.parts.map((part, k) =>
        part === '**' ? reach[k + 1] === true || reach[k] === true : reach[k] === true && matchName(part, name),
      ),
    ];
    spreadStars(glob, next);
    if (next.at(-1) === true) return true;
    reach = next;
  }
  return false;
}

/** `**` may also stand for no folder at all. */
function spreadStars(glob: Glob, reach: boolean[]): void {
  for (const [k, part] of glob.parts.entries()) if (part === '**' && reach[k] === true) reach[k + 1] = true;
}

/** True if `*` and `?` of the pattern fit the whole name; at most pattern x name steps. Both in lower case. */
export function matchName(pattern: string, name: string): boolean {
  let at = 0;
  let k = 0;
  let star = -1; // where to come back to: the last star, and how far it has eaten
  let eaten = 0;
  while (at < name.length) {
    if (pattern[k] === '*') {
      star = k;
      eaten = at;
      k += 1;
    } else if (k < pattern.length && (pattern[k] === '?' || pattern[k] === name[at])) {
      k += 1;
      at += 1;
    } else if (star >= 0) {
      k = star + 1;
      eaten += 1;
      at = eaten;
    } else return false;
  }
  while (pattern[k] === '*') k += 1;
  return k === pattern.length;
}
