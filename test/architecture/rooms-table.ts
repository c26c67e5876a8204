// The table of rooms for people, between two markers in ARCHITECTURE.md.
// Run as a program it writes again what is made from config/rooms.json: that table and config/oxlint.rooms.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Room, type Rooms, readRooms } from './rooms.ts';
import { formatRoomsLint } from './rooms-lint.ts';

const BEGIN = '<!-- rooms:begin -->';
const END = '<!-- rooms:end -->';

/** The Markdown table for these rooms, without a newline at the end. */
export function formatRoomsTable(rooms: Rooms): string {
  const above: string[] = [];
  const lines = ['| room | is | may import | packages |', '| --- | --- | --- | --- |'];
  for (const [name, room] of rooms) {
    lines.push(`| ${name} | ${room.is} | ${formatImports(room, above)} | ${formatList(room.packages)} |`);
    above.push(name);
  }
  return lines.join('\n');
}

/** What stands between the markers, or undefined when they are not both there in order. */
export function readRoomsTable(markdown: string): string | undefined {
  const begin = markdown.indexOf(BEGIN);
  const end = markdown.indexOf(END);
  return begin < 0 || end < begin ? undefined : markdown.slice(begin + BEGIN.length, end).trim();
}

function formatImports(room: Room, above: readonly string[]): string {
  const all = room.mayImport.length > 2 && above.every((name) => room.mayImport.includes(name));
  return all ? 'all above' : room.mayImport.join(', ') || '-';
}

function formatList(packages: readonly string[]): string {
  return packages.map((name) => `\`${name}\``).join(', ') || '-';
}

function writeAll(): void {
  const rooms = readRooms();
  writeFileSync(join(ROOT, 'config/oxlint.rooms.json'), formatRoomsLint(rooms));
  const path = join(ROOT, 'ARCHITECTURE.md');
  if (!existsSync(path)) return;
  const markdown = readFileSync(path, 'utf8');
  const old = readRoomsTable(markdown);
  if (old === undefined) throw new Error(`ARCHITECTURE.md has no ${BEGIN} and ${END}`);
  const head = markdown.slice(0, markdown.indexOf(BEGIN) + BEGIN.length);
  const tail = markdown.slice(markdown.indexOf(END));
  writeFileSync(path, `${head}\n${formatRoomsTable(rooms)}\n${tail}`);
}

if (import.meta.main) writeAll();
