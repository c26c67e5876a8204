// What may happen at a station's sockets and drop folders: the values that watching yields.
// Plain data; whoever receives one decides what to do, nothing is done by watching.
import { z } from 'zod';
import type { CameraIdentity, EpochMs } from '../evidence/index.ts';
import type { Refusal } from './refusal.ts';

/** A card became readable at `root`, or a folder that stands for one. */
export interface CameraArrived {
  readonly kind: 'arrived';
  readonly root: string;
  readonly identity: CameraIdentity;
  /** USB port it hangs on, as sysfs names it (`1-2.3`): the same for the same socket of the station. */
  readonly port?: string | undefined;
}

/** It is no longer there. */
export interface CameraDeparted {
  readonly kind: 'departed';
  readonly root: string;
  readonly identity: CameraIdentity;
}

/** The system did not mount a volume, and left a note why; see refusal.ts. */
export interface CameraRefused extends Refusal {
  readonly kind: 'refused';
  /** Path of the note: it names the refusal until that is withdrawn. */
  readonly note: string;
  /** When the note was written. */
  readonly at: EpochMs;
}

/** What was refused, or could not be unlocked, is gone, or is mounted after all. */
export interface RefusalWithdrawn {
  readonly kind: 'withdrawn';
  readonly note: string;
}

/** A camera that shows its card only after an exchange of its profile; see unlock.ts. */
export interface CameraUnlock {
  readonly kind: 'unlock';
  /** 'done': it went away after the exchange, as one does that comes back as mass storage. */
  readonly state: 'begun' | 'done' | 'failed';
  /** Names a failed try until the device is pulled. */
  readonly note: string;
  /** USB port, as sysfs names it. */
  readonly port: string;
  readonly identity: CameraIdentity;
  /** Name of the profile that has the exchange. */
  readonly profile: string;
  readonly reason?: string | undefined;
}

/** What a USB device says of itself when it is plugged in; ids are four lower-case hexadecimal digits. */
export const usbFactsSchema = z.strictObject({
  event: z.enum(['connected', 'disconnected']),
  vendorId: z.string().max(8),
  productId: z.string().max(8),
  serial: z.string().max(1000).optional(),
  model: z.string().max(1000).optional(),
});

/** A USB device came or went: status for people, before or without a card. */
export interface UsbChange extends z.infer<typeof usbFactsSchema> {
  readonly kind: 'usb';
}

/** Files in a drop folder that nobody writes any more. */
export interface DropArrival {
  readonly kind: 'drop';
  /** Name of the folder they lie in below the inbox, as written: a case number, or what should be one; absent for files without a folder. */
  readonly caseText?: string | undefined;
  /** Absolute path of that folder. */
  readonly folder: string;
  /** Absolute paths, in the order of their names; links and the like are among them and are for the receipt to refuse. */
  readonly files: readonly string[];
}

/** Something that keeps this station from noticing; watching goes on as far as it can. */
export interface ArrivalProblem {
  readonly kind: 'problem';
  readonly where: 'usb' | 'mounts' | 'inbox';
  readonly message: string;
}

/** One thing noticed. */
export type Arrival =
  | CameraArrived
  | CameraDeparted
  | CameraRefused
  | RefusalWithdrawn
  | CameraUnlock
  | UsbChange
  | DropArrival
  | ArrivalProblem;
