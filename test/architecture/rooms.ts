// The table of rooms as data: config/rooms.json, parsed once, with what the laws ask of it.
// Never decides anything by itself: the lint rules, the architecture tests and ARCHITECTURE.md all read it from here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..');

const roomSchema = z.strictObject({
  is: z.string().min(1),
  mayImport: z.array(z.string()).readonly(),
  packages: z.array(z.string()).readonly(),
});
const tableSchema = z.strictObject({ rooms: z.record(z.string(), roomSchema) });

/** One room: what it is, which rooms it may import, which vendor packages live in it. */
export type Room = z.infer<typeof roomSchema>;

/** The rooms by name, in the order of the table: a room imports only rooms above it. */
export type Rooms = ReadonlyMap<string, Room>;

/** Reads config/rooms.json; throws when it is not of its shape. */
export function readRooms(): Rooms {
  const table = tableSchema.parse(JSON.parse(readFileSync(join(ROOT, 'config/rooms.json'), 'utf8')));
  return new Map(Object.entries(table.rooms));
}

/** Every vendor package any room may use, sorted. */
export function vendorPackages(rooms: Rooms): readonly string[] {
  return [...new Set([...rooms.values()].flatMap((room) => room.packages))].toSorted();
}

/** Whether `entry` of the table (`sharp`, or `@scope/*` for a whole scope) covers this package name. */
export function coversPackage(entry: string, packageName: string): boolean {
  return entry.endsWith('/*') ? packageName.startsWith(entry.slice(0, -1)) : entry === packageName;
}
