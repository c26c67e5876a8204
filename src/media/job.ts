// What the station asks of the child that looks, and what it may answer. The child reads hostile files, so its answer is
// as little trusted as the file: parsed here, bounded, and never acted upon beyond these shapes.
import {
  decodeJson,
  Failure,
  type ItemKind,
  type MediaFacts,
  mediaFactsSchema,
  parseShape,
} from '../evidence/index.ts';
import type { Tools } from './tools.ts';

/** One look: at facts, or at pictures. The original itself is the child's standard input. */
export interface Job {
  readonly task: 'examine' | 'pictures';
  readonly kind: ItemKind;
  /** Extension of the original's name, lower case, for sentences only; empty if none. */
  readonly extension: string;
  /** One line to write on the contact sheet. */
  readonly title: string;
  readonly sizeBytes: number;
  readonly textChars: number;
  readonly photoPixels: number;
  readonly tools: Tools;
}

/** What was found inside. */
export interface Found {
  readonly readable: boolean;
  readonly facts?: MediaFacts;
  /** One sentence. */
  readonly problem?: string;
  /** Name and version of what looked. */
  readonly tool: string;
}

/** JPEG pictures in base64, each absent when it could not be made or there is none to make. */
export interface Drawn {
  readonly poster?: string;
  readonly contactSheet?: string;
  readonly problem?: string;
}

/** What the child writes to its standard output, once. */
export type Answer =
  | { readonly found: Found }
  | { readonly drawn: Drawn }
  /** A program that is not installed. */
  | { readonly missing: string };

/** Bytes of an answer: two pictures in base64. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Characters of a problem sentence. */
export const MAX_PROBLEM_CHARS = 300;
const MAX_TOOL_CHARS = 100;

/** Parses the child's answer; throws Failure 'invalid'. */
export function parseAnswer(bytes: Buffer): Answer {
  const what = 'the answer of the child that looks inside files';
  const answer = objectOf(decodeJson(bytes, what), what);
  if (typeof answer['missing'] === 'string') return { missing: answer['missing'].slice(0, MAX_TOOL_CHARS) };
  if (answer['drawn'] !== undefined) return { drawn: parseDrawn(objectOf(answer['drawn'], what)) };
  return { found: parseFound(objectOf(answer['found'], what), what) };
}

function parseFound(found: Readonly<Record<string, unknown>>, what: string): Found {
  const { readable, facts, tool } = found;
  if (typeof readable !== 'boolean' || typeof tool !== 'string')
    throw new Failure('invalid', `${what} lacks a verdict`);
  return {
    readable,
    ...(facts === undefined ? {} : { facts: parseShape(mediaFactsSchema, facts, what) }),
    ...problemOf(found),
    tool: tool.slice(0, MAX_TOOL_CHARS),
  };
}

function parseDrawn(drawn: Readonly<Record<string, unknown>>): Drawn {
  const { poster, contactSheet } = drawn;
  return {
    ...(typeof poster === 'string' ? { poster } : {}),
    ...(typeof contactSheet === 'string' ? { contactSheet } : {}),
    ...problemOf(drawn),
  };
}

function problemOf({ problem }: Readonly<Record<string, unknown>>): { problem?: string } {
  return typeof problem === 'string' ? { problem: problem.slice(0, MAX_PROBLEM_CHARS).toWellFormed() } : {};
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>; // members stay unknown
  throw new Failure('invalid', `${what} is not in a form docket knows`);
}
