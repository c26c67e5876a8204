// A note of the system about a volume it did not mount: written by systemd/camera-mount, one fact a line. See FORMAT.md, "Admission".
// Never believes more of it than it must: the device chose most of these words.
import { z } from 'zod';
import { type CameraIdentity, Failure } from '../evidence/index.ts';
import { cleanFact, unescapeHex } from './identity.ts';

/** First line of every note. */
const HEADER = 'docket refusal 1';
/** Longest note read, in bytes; ours are a few hundred. */
export const MAX_NOTE_BYTES = 16_384;

const factsSchema = z.object({
  /** 'unknown': nobody admitted the camera. 'keyboard': admitted, and a keyboard too. 'failed': admitted, and its card cannot be mounted. */
  cause: z.enum(['unknown', 'keyboard', 'failed']),
  reason: z.string(),
  /** USB port, as sysfs names it. */
  port: z.string().optional(),
  /** Bus and number of the device on it: the same for all volumes of one device, another one after it was plugged in again. */
  plug: z.string().optional(),
  serial: z.string().optional(),
  model: z.string().optional(),
  maker: z.string().optional(),
  vendor: z.string().optional(),
  product: z.string().optional(),
  uuid: z.string().optional(),
  label: z.string().optional(),
});

/** What a note says. */
export interface Refusal {
  readonly cause: z.infer<typeof factsSchema>['cause'];
  readonly reason: string;
  readonly port?: string | undefined;
  readonly plug?: string | undefined;
  readonly identity: CameraIdentity;
}

/** Parses the text of a note. Throws Failure 'invalid'. */
export function parseRefusal(text: string, where: string): Refusal {
  const [header, ...lines] = text.split('\n');
  const facts = factsSchema.safeParse(Object.fromEntries(lines.flatMap(factOf)));
  if (header !== HEADER || !facts.success) throw new Failure('invalid', `${where} is no note of a refused camera`);
  const { cause, reason, port, plug } = facts.data;
  return {
    cause,
    reason,
    ...(port === undefined ? {} : { port }),
    ...(plug === undefined ? {} : { plug }),
    identity: identityOf(facts.data),
  };
}

function factOf(line: string): [string, string][] {
  const space = line.indexOf(' ');
  const text = space < 0 ? undefined : cleanFact(unescapeHex(line.slice(space + 1)));
  return text === undefined ? [] : [[line.slice(0, space), text]];
}

function identityOf(facts: z.infer<typeof factsSchema>): CameraIdentity {
  const { serial, uuid, label } = facts;
  const model = facts.model ?? facts.maker;
  const volume = uuid === undefined && label === undefined ? undefined : { uuid, label };
  return {
    way: 'usb',
    ...(serial === undefined ? {} : { serial }),
    ...(model === undefined ? {} : { model }),
    ...(facts.vendor === undefined ? {} : { vendorId: facts.vendor.toLowerCase() }),
    ...(facts.product === undefined ? {} : { productId: facts.product.toLowerCase() }),
    ...(volume === undefined ? {} : { volume }),
  };
}
