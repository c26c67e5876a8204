// The version of this software, from its own package.json.
import { readFileSync } from 'node:fs';

/** For example `0.1.0`. */
export function softwareVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string }; // our own file
  return version;
}
