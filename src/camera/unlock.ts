// The step that makes a camera show its card: what is sent to it, as data of its profile. The keys are explained in FORMAT.md, "Camera profiles".
// Pure: whoever runs the exchange has the device.
import { z } from 'zod';

/** Most steps of one exchange, and most bytes one of them sends or fetches. */
const MAX_STEPS = 32;
const MAX_STEP_BYTES = 4096;
/** Longest pause in one step, in milliseconds. */
const MAX_PAUSE_MS = 5000;

const hex4 = z
  .string()
  .regex(/^[0-9a-f]{4}$/, { error: 'expected four lower-case hexadecimal digits, as lsusb prints them' });
const bytes = z
  .string()
  .max(MAX_STEP_BYTES * 3)
  .transform((text) => text.replaceAll(' ', ''))
  .pipe(z.string().regex(/^(?:[0-9a-fA-F]{2})*$/, { error: 'expected bytes as pairs of hexadecimal digits' }));
const word = z.int().min(0).max(0xffff);
const lengthBytes = z.int().min(1).max(MAX_STEP_BYTES);
/** What an answer must begin with; any will do if absent. */
const expect = bytes.optional();
const endpoint = z.int().min(1).max(15);

const controlSetup = {
  type: z.enum(['standard', 'class', 'vendor']).default('vendor'),
  recipient: z.enum(['device', 'interface', 'endpoint', 'other']).default('device'),
  request: z.int().min(0).max(0xff),
  value: word.default(0),
  index: word.default(0),
};

const stepSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('control-out'), ...controlSetup, data: bytes.default('') }),
  z.strictObject({ do: z.literal('control-in'), ...controlSetup, lengthBytes, expect }),
  z.strictObject({ do: z.literal('bulk-out'), endpoint, data: bytes }),
  z.strictObject({ do: z.literal('bulk-in'), endpoint, lengthBytes, expect }),
  z.strictObject({ do: z.literal('pause'), ms: z.int().min(1).max(MAX_PAUSE_MS) }),
]);

/** The table [unlock] of a profile. */
export const unlockSchema = z.strictObject({
  /** The device as it is plugged in; as mass storage it is another one, or has another interface. */
  device: z.strictObject({ vendorId: hex4, productId: hex4 }),
  /** Interface that is taken from the kernel for the exchange; bulk transfers and some devices need it. */
  interface: z.int().min(0).max(255).optional(),
  steps: z.array(stepSchema).min(1).max(MAX_STEPS),
});

/** How a camera is made to show its card. */
export type Unlock = z.infer<typeof unlockSchema>;
/** One step of the exchange. */
export type UnlockStep = z.infer<typeof stepSchema>;
