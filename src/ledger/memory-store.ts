// A tile store in memory: small, true to the port, and strict about write-once. For tests and for trying things out.
// Never keeps the buffers it is handed; what is read back is a copy.
import { Failure } from '../evidence/index.ts';
import { parseHandoverPath } from './handover.ts';
import type { TileStore } from './store.ts';
import { CHECKPOINT_PATH, parseTilePath, TILE_WIDTH } from './tile.ts';

/** TileStore over a Map; `objects` may be looked at, and damaged, by tests. */
export class MemoryTileStore implements TileStore {
  readonly objects = new Map<string, Buffer>();
  /** Paths read so far, in order: lets a test count reads. */
  readonly reads: string[] = [];

  async read(path: string): Promise<Buffer | undefined> {
    this.reads.push(path);
    const bytes = this.objects.get(path);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  async putFull(path: string, bytes: Buffer): Promise<void> {
    if (parseTilePath(path)?.width !== TILE_WIDTH && parseHandoverPath(path) === undefined)
      throw new Failure('invalid', `${path} is not the path of a full tile or a handover`);
    this.#put(path, bytes);
  }

  async putPartial(path: string, bytes: Buffer): Promise<void> {
    const name = parseTilePath(path);
    if (name === undefined || name.width === TILE_WIDTH)
      throw new Failure('invalid', `${path} is not the path of a partial tile`);
    this.#put(path, bytes);
  }

  #put(path: string, bytes: Buffer): void {
    const old = this.objects.get(path);
    if (old !== undefined && !old.equals(bytes)) throw new Failure('vault-conflict', `other bytes stand at ${path}`);
    this.objects.set(path, Buffer.from(bytes));
  }

  async readCheckpoint(): Promise<string | undefined> {
    return this.objects.get(CHECKPOINT_PATH)?.toString('utf8');
  }

  async replaceCheckpoint(text: string): Promise<void> {
    this.objects.set(CHECKPOINT_PATH, Buffer.from(text, 'utf8'));
  }

  async *list(): AsyncIterable<string> {
    yield* [...this.objects.keys()].sort();
  }
}
