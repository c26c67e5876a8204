// The lint half of the table of rooms: one override per room for config/oxlint.rooms.json.
// It knows only the rooms and packages of the table; laws.ts also refuses what the table has never heard of.
import { type Rooms, vendorPackages } from './rooms.ts';

interface ImportPattern {
  readonly message: string;
  readonly regex?: string;
  readonly group?: readonly string[];
}

/** The text of config/oxlint.rooms.json for this table. */
export function formatRoomsLint(rooms: Rooms): string {
  const overrides = [...rooms.keys()].map((name) => ({
    files: [`src/${name}/**`],
    rules: { 'eslint/no-restricted-imports': ['error', { patterns: patternsOf(name, rooms) }] },
  }));
  return `${JSON.stringify({ overrides }, null, 2)}\n`;
}

function patternsOf(name: string, rooms: Rooms): readonly ImportPattern[] {
  const room = rooms.get(name);
  if (room === undefined) throw new Error(`no room ${name}`);
  const refused = [...rooms.keys()].filter((other) => other !== name && !room.mayImport.includes(other));
  const vendors = vendorPackages(rooms).filter((vendor) => !room.packages.includes(vendor));
  return [
    {
      message: `${name} may not import this room: see config/rooms.json.`,
      regex: String.raw`^(\.\./)+(${refused.join('|')})(/|$)`,
    },
    {
      message: 'A room is entered by its door, index.ts.',
      group: room.mayImport.flatMap((other) => [`../**/${other}/**`, `!../**/${other}/index.ts`]),
    },
    {
      message: `This package is not allowed in ${name}: see config/rooms.json.`,
      regex: `^(${vendors.map((vendor) => vendor.replace('/*', '/[^/]+')).join('|')})(/|$)`,
    },
  ].filter((pattern) => isUseful(pattern));
}

/** A room that may import nothing has no doors to name; one that may import all has no room to refuse. */
function isUseful(pattern: ImportPattern): boolean {
  return pattern.group === undefined ? !pattern.regex?.includes('()') : pattern.group.length > 0;
}
