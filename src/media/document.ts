// Documents of a case: the words in a PDF, DOCX or plain text file, so that they can be found, and the number of pages.
// Reads no more than fills one record, runs no macro, follows no link, opens no embedded file.
import type { MediaFacts } from '../evidence/index.ts';
import type { Found, Job } from './job.ts';
import { isPdf, isZip } from './marks.ts';
import { decodeText, keepText } from './text.ts';
import { ORIGINAL, runTool, type Tools, versionOf } from './tools.ts';

/** Bytes of a program's text read: four per character of what is kept, and as much again for what is dropped. */
const MAX_TEXT_BYTES = 96 * 1024;
/** Pages of a PDF read for their words. */
const MAX_TEXT_PAGES = 50;
/** Bytes of WordprocessingML read: marks outweigh the words by ten to one, a zip bomb by a million. */
const MAX_XML_BYTES = 8 * 1024 * 1024;
/** Bytes of what pdfinfo or a DOCX say of themselves. */
const MAX_INFO_BYTES = 64 * 1024;

/** What a document holds, from its first bytes and, for PDF and DOCX, from the program that reads it. Throws ToolMissing. */
export async function examineDocument(job: Job, head: Buffer): Promise<Found> {
  if (isPdf(head)) return await examinePdf(job);
  return isZip(head) ? await examineDocx(job) : examineText(job, head);
}

/** What plain text holds. Pure. */
export function examineText(job: Pick<Job, 'extension' | 'textChars'>, head: Buffer): Found {
  const text = decodeText(head);
  if (text === undefined) return notLookedInto(job.extension, 'docket');
  return { readable: true, facts: { container: 'text', ...words(text, job) }, tool: 'docket' };
}

function notLookedInto(extension: string, tool: string): Found {
  const what = extension === '' ? 'this kind of file' : `.${extension} files of this kind`;
  return { readable: false, problem: `docket does not look inside ${what}; it is kept as it is`, tool };
}

function words(text: string, job: Pick<Job, 'textChars'>): MediaFacts {
  const kept = keepText(text, job.textChars);
  return kept === '' ? {} : { text: kept };
}

async function examinePdf(job: Job): Promise<Found> {
  const { pdfinfo, pdftotext } = job.tools;
  const info = await runTool(pdfinfo, ['-enc', 'UTF-8', ORIGINAL], MAX_INFO_BYTES);
  const tool = `pdftotext ${await versionOf(pdftotext, '-v')}`;
  if (info.code !== 0) return { readable: false, problem: pdfProblem(info.stderr), tool };
  const args = ['-q', '-enc', 'UTF-8', '-l', String(MAX_TEXT_PAGES), ORIGINAL, '-'];
  const { stdout } = await runTool(pdftotext, args, MAX_TEXT_BYTES);
  const pages = pagesIn(info.stdout, /^Pages:\s*(\d{1,7})$/m);
  return { readable: true, facts: { container: 'pdf', ...words(decodeText(stdout) ?? '', job), ...pages }, tool };
}

function pdfProblem(stderr: string): string {
  return /password/i.test(stderr)
    ? 'the PDF is locked with a password'
    : 'the PDF is damaged: its pages cannot be found';
}

async function examineDocx(job: Job): Promise<Found> {
  const tool = `unzip ${await versionOf(job.tools.unzip, '-v')}`;
  const xml = await readPart(job.tools, 'word/document.xml', MAX_XML_BYTES);
  if (xml.length === 0 && job.extension === 'docx')
    return { readable: false, problem: 'the DOCX is damaged: its text cannot be unpacked', tool };
  if (xml.length === 0) return notLookedInto(job.extension, tool);
  const pages = pagesIn(await readPart(job.tools, 'docProps/app.xml', MAX_INFO_BYTES), /<Pages>(\d{1,7})<\/Pages>/);
  return { readable: true, facts: { container: 'docx', ...words(wordsOf(xml.toString('utf8')), job), ...pages }, tool };
}

/** The beginning of one part of a zip; empty when there is none or it is damaged. */
async function readPart(tools: Tools, part: string, maxBytes: number): Promise<Buffer> {
  return (await runTool(tools.unzip, ['-p', ORIGINAL, part], maxBytes)).stdout;
}

function pagesIn(said: Buffer, pattern: RegExp): { pages?: number } {
  const pages = Number(pattern.exec(said.toString('utf8'))?.[1] ?? 0);
  return pages > 0 ? { pages } : {};
}

/** What WordprocessingML says: its text runs, a line per paragraph. What was deleted under tracked changes is no text. */
function wordsOf(xml: string): string {
  const pieces: string[] = [];
  for (const [mark, run] of xml.matchAll(/<w:t(?:\s[^<>]*)?>([^<]*)|<w:tab\s*\/>|<w:br\b[^<>]*>|<\/w:p>/g)) {
    if (run !== undefined) pieces.push(unescapeXml(run));
    else pieces.push(mark.startsWith('<w:tab') ? '\t' : '\n');
  }
  return pieces.join('');
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const ENTITY = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi;
const MAX_CODE_POINT = 0x10_ff_ff;

function unescapeXml(text: string): string {
  return text.replaceAll(ENTITY, (whole: string, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point <= MAX_CODE_POINT ? String.fromCodePoint(point) : whole;
  });
}
