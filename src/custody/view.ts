// What is on record, as plain values for people and programs: the shapes that --json prints.
// Never interprets: a camera's claim is shown as its claim, with where it came from.
import { join } from 'node:path';
import type { CatalogItem } from '../catalog/index.ts';
import {
  encodeSegment,
  type Instant,
  type ItemKind,
  type MediaFacts,
  parseCaseNumber,
  payloadKey,
  type VaultReceipt,
} from '../evidence/index.ts';
import { exists } from '../platform/index.ts';

/** An item as shown. */
export interface ItemView {
  readonly itemId: string;
  readonly kind: ItemKind;
  readonly case: string | null;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sm3: string | null;
  readonly capturedAt: Instant;
  readonly capturedFrom: 'name' | 'modified';
  readonly recordedAt: Instant;
  readonly camera: string | null;
  readonly officer: string | null;
  readonly documentType: string | null;
  readonly keyMark: boolean;
  readonly acquisition: string;
  readonly ledgerIndex: number;
  readonly retainUntil: string;
  readonly retentionClass: string;
  readonly readable: boolean | null;
  readonly problem: string | null;
  readonly durationMs: number | null;
  readonly media: string | null;
  readonly location: string | null;
  readonly payloadKey: string;
  readonly manifestKey: string;
  readonly pictures: { readonly poster: string | null; readonly contactSheet: string | null };
}

/** `docket item show`: the item, its manifest and the proof that it is on record. */
export interface ItemDetail extends ItemView {
  /** Where its payload lies, one receipt for each vault. */
  readonly copies: readonly VaultReceipt[];
  readonly manifest: unknown;
  /** C2SP tlog-proof text, or null while its entry is not yet published. */
  readonly proof: string | null;
}

/** `docket case show`. */
export interface CaseView {
  readonly case: string;
  readonly items: readonly ItemView[];
  readonly counts: Readonly<Record<string, number>>;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly firstCapturedAt: Instant | null;
  readonly lastCapturedAt: Instant | null;
  /** Absolute path of the case's folder in a directory vault. */
  readonly folder: string | null;
}

/** What showing an item needs besides the catalog. */
export interface ViewPorts {
  /** Folder of derivatives; the pictures of an item lie in a folder of its own. */
  readonly derivedDir: string;
}

/** An item as shown. */
export async function viewItem(ports: ViewPorts, item: CatalogItem): Promise<ItemView> {
  const { entry, index } = item;
  const examined = item.examined?.entry;
  const { camera, time } = entry;
  return {
    itemId: entry.item,
    kind: entry.itemKind,
    case: entry.case ?? null,
    path: entry.path.text,
    sizeBytes: entry.payload.sizeBytes,
    sha256: entry.payload.sha256,
    sm3: entry.payload.sm3 ?? null,
    capturedAt: time.captured,
    capturedFrom: time.capturedFrom,
    recordedAt: entry.at,
    camera: camera.serial ?? null,
    officer: camera.officer?.name ?? null,
    documentType: entry.documentType ?? null,
    keyMark: entry.keyMark,
    acquisition: entry.acquisition,
    ledgerIndex: index,
    retainUntil: entry.retention.until,
    retentionClass: entry.retention.class,
    readable: examined?.readable ?? null,
    problem: examined?.problem ?? null,
    durationMs: examined?.facts?.durationMs ?? null,
    media: examined?.facts === undefined ? null : describeMedia(examined.facts),
    location: examined?.facts?.location ?? null,
    payloadKey: payloadKey(entry.payload.sha256),
    manifestKey: entry.manifest.key,
    pictures: await picturesOf(ports, entry.item),
  };
}

/** Codecs and sizes in a few words: `h264 1920x1080, aac`. */
function describeMedia(facts: MediaFacts): string | null {
  const { video, audio, image, pages } = facts;
  const words = [
    video === undefined ? undefined : `${video.codec} ${video.widthPx}x${video.heightPx}`,
    audio?.codec,
    image === undefined ? undefined : `${image.format} ${image.widthPx}x${image.heightPx}`,
    pages === undefined ? undefined : `${pages} page${pages === 1 ? '' : 's'}`,
  ].filter((each) => each !== undefined);
  return words.length === 0 ? null : words.join(', ');
}

async function picturesOf(ports: ViewPorts, item: string): Promise<ItemView['pictures']> {
  const [poster, contactSheet] = [
    join(ports.derivedDir, item, 'poster.jpg'),
    join(ports.derivedDir, item, 'contact-sheet.jpg'),
  ];
  return {
    poster: (await exists(poster)) ? poster : null,
    contactSheet: (await exists(contactSheet)) ? contactSheet : null,
  };
}

/** Name of a case's folder in a vault. */
export function caseFolderName(caseNumber: string): string {
  return encodeSegment(parseCaseNumber(caseNumber));
}
