// Looks inside footage, photos, sound and documents, and makes pictures of them. What it says is what a file claims; what it
// makes are derivatives: they may be deleted at any time and made again. An original is only ever opened for reading, by a child
// that can write no file, reach no network, and is killed when it takes too long; one child at a time.
// Never throws for what a file is: a hostile, broken or endless file is a fact about the file.
import type { FileHandle } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { errnoOf, Failure, type ItemId, type ItemKind, MAX_EXTRACT_CHARS, type MediaFacts } from '../evidence/index.ts';
import { type Clock, ensureDirectory, makeGate, replaceFile } from '../platform/index.ts';
import { CHILD_NODE, type Errand, EXAMINER, type Outcome, openOriginal, send } from './child.ts';
import { glance, readHead } from './glance.ts';
import type { Drawn, Job } from './job.ts';
import { DEFAULT_MEDIA_LIMITS, type MediaLimits } from './limits.ts';
import { keepLine } from './text.ts';
import { DEFAULT_TOOLS, type Tools } from './tools.ts';
import { warmChildren } from './warm.ts';

/** Characters of a name on a contact sheet. */
const MAX_TITLE_CHARS = 200;

/** What looking into an item found. `readable`: a player or reader will show it whole, as far as docket can tell. */
export interface Examination {
  readonly readable: boolean;
  /** What the file claims of itself; also there when only a part of it can be read. */
  readonly facts?: MediaFacts | undefined;
  /** What is wrong, one sentence of at most 300 characters. */
  readonly problem?: string | undefined;
  /** Program and version that looked: `ffprobe 5.1.9`. */
  readonly tool: string;
}

/** Pictures made, as absolute paths of JPEGs; each absent when it could not be, or when there is none to make. */
export interface Pictures {
  readonly poster?: string;
  readonly contactSheet?: string;
  readonly problem?: string;
}

/** What media needs. */
export interface MediaOptions {
  /** Folder of pictures, one folder for each item in it; made when needed. */
  readonly derivedDir: string;
  readonly clock: Clock;
  /** Those left out are DEFAULT_MEDIA_LIMITS. */
  readonly limits: Partial<MediaLimits>;
  /** Those left out are DEFAULT_TOOLS. */
  readonly tools?: Partial<Tools>;
}

/** A file to look into. `name` is what people call it: its extension goes into sentences, and it is written on the sheet. */
export interface MediaFile {
  readonly path: string;
  readonly kind: ItemKind;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/** Looks inside and draws. Calls may overlap; they are done one after the other. Whoever opens it closes it. */
export interface Media extends AsyncDisposable {
  /**
   * Within `examineMs`; undefined for kinds there is nothing to look for (sidecar, other). Throws Failure 'media-tool-missing'
   * (look again once it is installed) or 'cancelled'.
   */
  examine(file: MediaFile): Promise<Examination | undefined>;
  /**
   * `<derivedDir>/<item>/poster.jpg` (640 px at most) and, of footage, `contact-sheet.jpg` (twelve frames at most), within
   * `picturesMs` plus `graceMs`; each replaces an older one, whole or not at all, and is durable. Throws Failure
   * 'media-tool-missing' or 'cancelled'.
   */
  makePictures(item: MediaFile & { readonly item: ItemId; readonly facts?: MediaFacts | undefined }): Promise<Pictures>;
  /** Ends a look under way (it throws 'cancelled'). Idempotent. */
  close(): Promise<void>;
}

/** Opens the room; starts and makes nothing until something is asked. */
export function openMedia(options: MediaOptions): Media {
  return new ExaminedMedia(options);
}

const JPEG_MARK = Buffer.from([0xff, 0xd8, 0xff]);
const NO_ANSWER = 'what looked inside gave no usable answer';

class ExaminedMedia implements Media {
  readonly #derivedDir: string;
  readonly #clock: Clock;
  readonly #limits: MediaLimits;
  readonly #tools: Tools;
  readonly #turns = makeGate(1);
  readonly #closing = new AbortController();
  /** Filled beside the first look; the first ones go without. */
  #warming: Promise<void> | undefined;
  #warmth: Readonly<Record<string, string>> = {};

  constructor({ derivedDir, clock, limits, tools }: MediaOptions) {
    this.#derivedDir = derivedDir;
    this.#clock = clock;
    this.#limits = { ...DEFAULT_MEDIA_LIMITS, ...limits };
    this.#tools = { ...DEFAULT_TOOLS, ...tools };
  }

  async examine(file: MediaFile): Promise<Examination | undefined> {
    if (file.kind === 'sidecar' || file.kind === 'other') return undefined;
    const outcome = await this.#look('examine', file);
    if ('problem' in outcome) return { readable: false, problem: outcome.problem, tool: 'docket' };
    if ('found' in outcome.answer) return outcome.answer.found;
    return { readable: false, problem: NO_ANSWER, tool: 'docket' };
  }

  async makePictures(order: Parameters<Media['makePictures']>[0]): Promise<Pictures> {
    if (!mayHavePicture(order.kind, order.facts)) return {};
    const outcome = await this.#look('pictures', order);
    if ('problem' in outcome) return outcome;
    if ('drawn' in outcome.answer) return await this.#keep(order.item, outcome.answer.drawn);
    return { problem: NO_ANSWER };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turns.run(() => Promise.resolve()); // the look under way has ended
    await this.#warming;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #look(task: Job['task'], file: MediaFile): Promise<Outcome> {
    const signal = AbortSignal.any([this.#closing.signal, ...(file.signal === undefined ? [] : [file.signal])]);
    try {
      return await this.#turns.run(() => this.#lookNow(task, file, signal), signal);
    } catch (cause) {
      if (signal.aborted) throw new Failure('cancelled', 'the look inside a file was cancelled', { cause });
      throw cause;
    }
  }

  async #lookNow(task: Job['task'], { path, kind, name }: MediaFile, signal: AbortSignal): Promise<Outcome> {
    const original = await openOriginal(path).catch((error: unknown) => errnoOf(error) ?? 'unknown error');
    if (typeof original === 'string') return { problem: `it cannot be opened (${original})` };
    await using open: FileHandle = original;
    const facts = await open.stat();
    if (!facts.isFile()) return { problem: 'it is not a regular file' };
    if (facts.size === 0) return { problem: 'it is empty' };
    const job: Job = {
      task,
      kind,
      extension: extensionOf(name),
      title: keepLine(basename(name), MAX_TITLE_CHARS),
      sizeBytes: facts.size,
      textChars: MAX_EXTRACT_CHARS,
      photoPixels: this.#limits.photoPixels,
      tools: this.#tools,
    };
    const seen = task === 'examine' ? glance(job, await readHead(open)) : undefined;
    if (seen !== undefined) return { answer: { found: seen } };
    this.#warming ??= warmChildren(CHILD_NODE, EXAMINER, this.#closing.signal).then((warmth) => {
      this.#warmth = warmth;
    });
    const outcome = await send({
      job,
      original: open,
      limits: this.#limits,
      clock: this.#clock,
      signal,
      warmth: this.#warmth,
      ...this.#times(task),
    });
    if ('answer' in outcome && 'missing' in outcome.answer) throw toolMissing(outcome.answer.missing);
    return outcome;
  }

  #times(task: Job['task']): Pick<Errand, 'askMs' | 'killMs'> {
    const { examineMs, picturesMs, graceMs } = this.#limits;
    return task === 'examine' ? { killMs: examineMs } : { askMs: picturesMs, killMs: picturesMs + graceMs };
  }

  /** Writes the pictures a child drew. A full disk is a problem, not a failure: they can be made again. */
  async #keep(item: ItemId, { poster, contactSheet, problem }: Drawn): Promise<Pictures> {
    const folder = join(this.#derivedDir, item);
    try {
      return {
        ...(await keepPicture(folder, 'poster', poster)),
        ...(await keepPicture(folder, 'contactSheet', contactSheet)),
        ...(problem === undefined ? {} : { problem }),
      };
    } catch (error) {
      return { problem: `the pictures cannot be written (${errnoOf(error) ?? 'unknown error'})` };
    }
  }
}

const FILE_NAMES = { poster: 'poster.jpg', contactSheet: 'contact-sheet.jpg' } as const;

/** Writes one picture; nothing for none, and nothing that is no JPEG: the child read a hostile file. */
async function keepPicture(folder: string, name: keyof typeof FILE_NAMES, base64 = ''): Promise<Pictures> {
  const bytes = Buffer.from(base64, 'base64');
  if (!bytes.subarray(0, JPEG_MARK.length).equals(JPEG_MARK)) return {};
  const path = join(folder, FILE_NAMES[name]);
  await ensureDirectory(folder);
  await replaceFile(path, bytes);
  return { [name]: path };
}

function mayHavePicture(kind: ItemKind, facts: MediaFacts | undefined): boolean {
  if (kind === 'footage') return facts === undefined || facts.video !== undefined;
  return kind === 'photo' || facts?.image !== undefined;
}

function toolMissing(tool: string): Failure {
  return new Failure('media-tool-missing', `${tool}, which looks inside files, is not installed`, { facts: { tool } });
}

/** `mp4` of `BC_1.MP4`; empty for none or one that is not plain. */
function extensionOf(name: string): string {
  const extension = extname(name).slice(1).toLowerCase();
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : '';
}
