// Prepares the statements of sql.ts on a connection, each once, and says what rows they read.
// Never closes the connection.
import type { Database, Statement } from 'better-sqlite3';
import type { AcquisitionRead, CameraRead, ItemRead, KindRead } from './row.ts';
import { READ, WRITE } from './sql.ts';

/** The rows of the statements in READ, by the columns they name. */
interface ReadRows {
  applied: { schema: number; appliedSize: number };
  item: ItemRead;
  documentText: { text: string | null };
  copiesOfItem: { idx: number; entry: string };
  itemsById: ItemRead;
  itemsOfCase: ItemRead & { capturedMs: number };
  itemsNewest: ItemRead;
  itemOldest: ItemRead;
  itemsMatching: ItemRead;
  unexamined: ItemRead;
  caseFile: { idx: number };
  caseKinds: KindRead & { firstMs: number; lastMs: number };
  caseAcquisitions: { acquisition: string };
  caseAcquisitionCount: { n: number };
  acquisition: AcquisitionRead;
  recentAcquisitions: AcquisitionRead;
  recentRefusals: { idx: number; entry: string };
  cameras: CameraRead;
  camerasOfSerial: CameraRead;
  cameraCount: { n: number };
  caseCount: { n: number };
  acquisitionCount: { n: number };
  tallies: { what: string; n: number };
}

/** READ, prepared. */
export type ReadStatements = { readonly [K in keyof typeof READ]: Statement<unknown[], ReadRows[K]> };

/** WRITE, prepared. */
export type WriteStatements = { readonly [K in keyof typeof WRITE]: Statement<unknown[]> };

/** Prepares what queries read. Throws SqliteError when a table is missing. */
export function prepareRead(database: Database): ReadStatements {
  const statements = Object.entries(READ).map(([name, sql]) => [name, database.prepare(sql)] as const);
  return Object.fromEntries(statements) as ReadStatements; // fromEntries forgets the names it was given
}

/** Prepares what applying writes. Throws SqliteError when a table is missing. */
export function prepareWrite(database: Database): WriteStatements {
  const statements = Object.entries(WRITE).map(([name, sql]) => [name, database.prepare(sql)] as const);
  return Object.fromEntries(statements) as WriteStatements; // fromEntries forgets the names it was given
}
