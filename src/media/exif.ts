// A small, careful reader of EXIF: when and where a photo says it was taken, as written. CIPA DC-008.
// Never follows more than three directories and never reads outside the bytes it was given.

/** When and where, raw: `2026:01:31 08:00:00`, with the offset if there is one; `31.230000,121.470000`. */
export interface ExifFacts {
  readonly created?: string;
  readonly location?: string;
}

const DATE_TIME = 0x0132;
const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;
const DATE_TIME_ORIGINAL = 0x9003;
const OFFSET_TIME_ORIGINAL = 0x9011;
const LATITUDE_REF = 1;
const LATITUDE = 2;
const LONGITUDE_REF = 3;
const LONGITUDE = 4;

/** Entries looked at in one directory. */
const MAX_ENTRIES = 512;
/** Bytes of a text value kept. */
const MAX_TEXT_BYTES = 64;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the value or its offset stands. */
  readonly at: number;
}
type Directory = ReadonlyMap<number, Entry>;

/** Reads an EXIF block, with or without its `Exif\0\0` mark; what is missing or broken is left out. */
export function readExif(block: Buffer): ExifFacts {
  const bytes = block.toString('latin1', 0, 4) === 'Exif' ? block.subarray(6) : block;
  const order = bytes.toString('latin1', 0, 2);
  if (bytes.length < 8 || (order !== 'II' && order !== 'MM')) return {};
  const reader = new Tiff(bytes, order === 'II');
  const main = reader.directory(reader.u32(4));
  const exif = reader.directory(reader.number(main.get(EXIF_DIRECTORY)));
  const gps = reader.directory(reader.number(main.get(GPS_DIRECTORY)));
  const created = createdOf(reader, main, exif);
  const location = locationOf(reader, gps);
  return { ...(created === undefined ? {} : { created }), ...(location === undefined ? {} : { location }) };
}

function createdOf(reader: Tiff, main: Directory, exif: Directory): string | undefined {
  const taken = reader.text(exif.get(DATE_TIME_ORIGINAL)) ?? reader.text(main.get(DATE_TIME));
  const offset = reader.text(exif.get(OFFSET_TIME_ORIGINAL));
  return taken === undefined || offset === undefined ? taken : `${taken} ${offset}`;
}

function locationOf(reader: Tiff, gps: Directory): string | undefined {
  const latitude = degreesOf(reader, gps.get(LATITUDE), reader.text(gps.get(LATITUDE_REF)), 'NS', 90);
  const longitude = degreesOf(reader, gps.get(LONGITUDE), reader.text(gps.get(LONGITUDE_REF)), 'EW', 180);
  if (latitude === undefined || longitude === undefined) return undefined;
  return `${latitude.toFixed(6)},${longitude.toFixed(6)}`;
}

function degreesOf(
  reader: Tiff,
  entry: Entry | undefined,
  ref: string | undefined,
  refs: string,
  most: number,
): number | undefined {
  const parts = reader.rationals(entry, 3);
  const side = refs.indexOf((ref ?? '?').slice(0, 1).toUpperCase());
  if (parts === undefined || side < 0) return undefined;
  const degrees = parts.reduce((sum, part, index) => sum + part / 60 ** index, 0);
  return degrees <= most ? (side === 0 ? degrees : -degrees) : undefined; // false for NaN too
}

/** Reads of a TIFF structure; outside the bytes everything is zero. */
class Tiff {
  readonly #bytes: Buffer;
  readonly #little: boolean;

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes;
    this.#little = little;
  }

  u16(at: number): number {
    if (at < 0 || at + 2 > this.#bytes.length) return 0;
    return this.#little ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    if (at < 0 || at + 4 > this.#bytes.length) return 0;
    return this.#little ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  directory(at: number): Directory {
    const entries = new Map<number, Entry>();
    if (at < 8) return entries;
    const count = Math.min(this.u16(at), MAX_ENTRIES);
    for (let start = at + 2; start < at + 2 + count * 12; start += 12)
      entries.set(this.u16(start), { type: this.u16(start + 2), count: this.u32(start + 4), at: start + 8 });
    return entries;
  }

  number(entry: Entry | undefined): number {
    return entry === undefined ? 0 : this.u32(entry.at);
  }

  text(entry: Entry | undefined): string | undefined {
    if (entry?.type !== 2) return undefined;
    const start = entry.count <= 4 ? entry.at : this.u32(entry.at);
    const value = this.#bytes
      .toString('latin1', start, start + Math.min(entry.count, MAX_TEXT_BYTES))
      .split('\0')[0]
      ?.trim();
    return value === undefined || !/^[\x20-\x7e]+$/.test(value) ? undefined : value;
  }

  rationals(entry: Entry | undefined, count: number): readonly number[] | undefined {
    if (entry?.type !== 5 || entry.count !== count) return undefined;
    const start = this.u32(entry.at);
    if (start + count * 8 > this.#bytes.length) return undefined;
    return Array.from({ length: count }, (_, index) => {
      const [over, under] = [this.u32(start + index * 8), this.u32(start + index * 8 + 4)];
      return under === 0 && over === 0 ? 0 : over / under;
    });
  }
}
