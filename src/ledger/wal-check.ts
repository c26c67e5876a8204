// Looks for committed transactions that SQLite would drop without a word: recovery ends at the first damaged frame of a write-ahead log.
// Every commit is fsynced before the next is written, so a crash can leave at most one commit beyond that point; two mean damage.
// Format: sqlite.org/fileformat2.html, "The Write-Ahead Log". Reads only; call it while nobody writes.
import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf, Failure } from '../evidence/index.ts';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_BIG_ENDIAN = 0x37_7f_06_83;
const MAGIC_LITTLE_ENDIAN = 0x37_7f_06_82;
const MAX_PAGE_BYTES = 65_536;

/** Throws Failure 'ledger-corrupt' when the log of `head` holds commits behind a damaged place, or 'disk-failed' when it cannot be read. */
export async function checkLog(head: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(`${head}-wal`, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw new Failure('disk-failed', `the log of the ledger head ${head} cannot be read`, { cause: error });
  }
  try {
    await checkFrames(file, head);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('disk-failed', `the log of the ledger head ${head} cannot be read`, { cause: error });
  } finally {
    await file.close();
  }
}

async function checkFrames(file: FileHandle, head: string): Promise<void> {
  const header = await readAt(file, 0, HEADER_BYTES);
  if (header === undefined || header.every((byte) => byte === 0)) return; // never written: nothing was committed through it
  const damaged = (): Failure =>
    new Failure('ledger-corrupt', `the log of the ledger head ${head} is damaged: commits stand behind the damage`);
  const magic = header.readUInt32BE(0);
  const pageBytes = header.readUInt32BE(8);
  const sum = new Checksum(magic === MAGIC_BIG_ENDIAN);
  sum.add(header.subarray(0, 24));
  const sound =
    (magic === MAGIC_BIG_ENDIAN || magic === MAGIC_LITTLE_ENDIAN) &&
    pageBytes >= 512 &&
    pageBytes <= MAX_PAGE_BYTES &&
    sum.equals(header, 24);
  if (!sound) throw damaged(); // 32 bytes in one sector are written whole or not at all
  let intact = true;
  let lost = 0;
  for (let at = HEADER_BYTES; ; at += FRAME_HEADER_BYTES + pageBytes) {
    const frame = await readAt(file, at, FRAME_HEADER_BYTES + pageBytes);
    if (frame === undefined) return;
    const ours = frame.subarray(8, 16).equals(header.subarray(16, 24)); // salts: frames of earlier use of the file have others
    if (intact) {
      sum.add(frame.subarray(0, 8));
      sum.add(frame.subarray(FRAME_HEADER_BYTES));
      intact = ours && sum.equals(frame, 16);
    }
    if (!intact && ours && frame.readUInt32BE(4) !== 0) lost += 1;
    if (lost > 1) throw damaged();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return bytesRead === length ? buffer : undefined;
}

/** The log's own running checksum: two 32-bit sums over pairs of words. */
class Checksum {
  readonly #bigEndian: boolean;
  #a = 0;
  #b = 0;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 8) {
      this.#a = (this.#a + this.#word(bytes, at) + this.#b) >>> 0;
      this.#b = (this.#b + this.#word(bytes, at + 4) + this.#a) >>> 0;
    }
  }

  /** Stored sums are big-endian always. */
  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#a && bytes.readUInt32BE(at + 4) === this.#b;
  }

  #word(bytes: Buffer, at: number): number {
    return this.#bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
}
