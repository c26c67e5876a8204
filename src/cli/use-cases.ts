// What the command line can ask for: one plain function per use case, answered by the daemon's socket or in this process.
// Results are plain JSON values, since they cross a socket and are printed with --json; README lists their shapes.
import type {
  CaseView,
  Fetched,
  FindOrder,
  ItemDetail,
  ItemView,
  ScrubbedNow,
  VerifyResult,
} from '../custody/index.ts';
import type { CaseNumber, Instant, ItemKind, Outcome, Receipt } from '../evidence/index.ts';
import type { KeysView, ReplacedKey, ReplaceKeyRequest } from './key-views.ts';

/** How far long work is; one line on a terminal each. */
export interface WorkProgress {
  /** What the line is about: a camera, a check. */
  readonly subject: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'files' | 'entries' | 'objects';
  /** Per second, of unit; absent at first. */
  readonly rate?: number | undefined;
  /** Seconds left; absent when unknown. */
  readonly secondsLeft?: number | undefined;
  /** File or thing in hand. */
  readonly detail?: string | undefined;
}

/** Receives progress. */
export type OnWork = (progress: WorkProgress) => void;

/** `docket dock` and `docket document add`. */
export interface DockRequest {
  readonly path: string;
  readonly camera?: string | undefined;
  readonly case?: string | undefined;
  /** Camera clock minus station clock as read by the officer, in milliseconds. */
  readonly clockOffsetMs?: number | undefined;
  readonly actor: string;
}

/** `docket document add`. */
export interface DocumentRequest {
  readonly files: readonly string[];
  readonly case: string;
  readonly type: string;
  readonly actor: string;
}

/** The receipt as printed: one line per file seen. */
export interface DockResult {
  readonly acquisition: string;
  readonly camera: Receipt['camera'];
  readonly case?: CaseNumber | undefined;
  readonly ended: Receipt['ended'];
  /** True once the receipt is on record; false while it waits in the spool for the vault. */
  readonly onRecord: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly sizeBytes: number;
    readonly outcome: Outcome;
    readonly itemId: string | null;
    readonly sha256: string | null;
    readonly reason: string | null;
    readonly kind: ItemKind;
    readonly keyMark: boolean;
    /** Present on a file that is copied whole and waits in the spool for the vault: it is recorded without the camera. */
    readonly waiting?: true;
  }[];
  readonly gaps: Receipt['gaps'];
  readonly notes: readonly string[];
}

/** A camera in the register. */
export interface CameraView {
  readonly serial: string;
  readonly model: string | null;
  readonly profile: string | null;
  readonly officer: { readonly name: string | null; readonly certificate: string | null };
  readonly unit: string | null;
  readonly registeredAt: Instant;
  readonly removed: boolean;
}

/** `docket verify`. */
export interface VerifyRequest {
  readonly case?: string | undefined;
  readonly item?: string | undefined;
  readonly quick: boolean;
}

/** Where an acquisition is, in one word; `state` says it to people. */
export const DOCK_PHASES = [
  'waiting',
  'listing',
  'copying',
  'storing',
  'examining',
  'finishing',
  'releasing',
  'copied',
  'done',
  'problem',
] as const;

/** A camera in its dock, or files that are taken without one. */
export interface DockView {
  /** Name of the dock: from the configuration, else its USB port, else the name of its folder; null for documents and drops. */
  readonly dock: string | null;
  /** False once the camera is taken away; null where nobody would notice. */
  readonly present: boolean | null;
  readonly camera: string;
  readonly model: string | null;
  readonly officer: string | null;
  readonly state: string;
  readonly phase: (typeof DOCK_PHASES)[number];
  /** Since when it is in this phase. */
  readonly since: Instant;
  /** True once the list of everything on the camera is durable: the officer may leave. */
  readonly receiptStands: boolean;
  /** True as long as the card is yet to be cleared: the camera stays, whatever the phase. */
  readonly toClear: boolean;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Bytes a second, while it is copied. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  /** Why the camera is not taken, or why something stays on it: a code of the failures, and words. */
  readonly problem: { readonly code: string; readonly what: string; readonly next: string } | null;
}

/** `docket status`. */
export interface StatusView {
  readonly station: string;
  readonly daemon: boolean;
  readonly docks: readonly DockView[];
  /** Names that the configuration gives to docks, whether or not a camera is there. */
  readonly dockNames: readonly string[];
  readonly queue: {
    readonly spoolFiles: number;
    readonly spoolBytes: number;
    readonly keptParts: number;
    readonly acquisitionsWaiting: number;
  };
  readonly ledger: { readonly size: number; readonly published: number; readonly root: string };
  readonly catalog: {
    readonly applied: number;
    readonly items: Readonly<Record<string, number>>;
    readonly cases: number;
    readonly cameras: number;
    readonly sizeBytes: number;
  };
  /** As docketd last saw them; `behind` is how many ledger entries name something that was not yet copied there. */
  readonly vaults: readonly {
    readonly name: string;
    readonly kind: 'directory' | 's3';
    readonly where: string;
    readonly awaySince: Instant | null;
    readonly why: string | null;
    readonly behind: number;
  }[];
  /** The rolling check of what is stored; null where nothing is known yet. `next` of `size` ledger entries are read back in this cycle. */
  readonly scrub: {
    readonly enabled: boolean;
    readonly lastCycleAt: Instant | null;
    readonly cycleStartedAt: Instant | null;
    readonly next: number;
    readonly size: number;
    /** In the last complete cycle and the one under way. */
    readonly findings: number;
    readonly overdue: boolean;
    readonly bytesToday: number;
    readonly budgetBytes: number;
  };
  /** `vaultBytes` is null where no vault is a directory: a bucket has no end that can be asked for. */
  readonly free: { readonly spoolBytes: number; readonly vaultBytes: number | null };
  readonly problems: readonly { readonly at: Instant; readonly what: string; readonly next: string }[];
  readonly recent: readonly {
    readonly acquisition: string;
    readonly camera: string;
    readonly finishedAt: Instant;
    readonly recorded: number;
    readonly open: number;
  }[];
}

/** What a running docketd tells again and again to whoever follows it: the part of the status that changes from second to second. */
export type LiveView = Pick<
  StatusView,
  'station' | 'docks' | 'dockNames' | 'queue' | 'ledger' | 'vaults' | 'free' | 'problems'
>;

/** `docket scrub`: what was read back now. */
export interface ScrubView extends ScrubbedNow {
  readonly ok: boolean;
}

/** An S3 vault named on a command line. */
export interface VaultAddress {
  /** `s3://BUCKET` or `s3://BUCKET/PREFIX`. */
  readonly vault: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly mode?: 'compliance' | 'governance' | undefined;
  readonly credentialsFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** One vault of `docket vault check`: one line for each thing that was tried. */
export interface VaultCheckView {
  readonly name: string;
  readonly kind: 'directory' | 's3';
  readonly where: string;
  readonly checks: readonly {
    readonly check: string;
    readonly state: 'ok' | 'warn' | 'fail';
    readonly what: string;
    readonly next?: string;
  }[];
}

/** `docket vault check`. */
export interface VaultsCheck {
  readonly ok: boolean;
  readonly vaults: readonly VaultCheckView[];
}

/** `docket vault init`: one bucket; `made` is false when it stood already and was right. */
export interface BucketView {
  readonly name: string;
  readonly where: string;
  readonly bucket: string;
  readonly made: boolean;
}

/** `docket init`. */
export interface InitOrder {
  readonly directory: string;
  readonly actor: string;
  /** Name of the station; by default made from the host's. */
  readonly name?: string | undefined;
  /** By default a directory vault in the station's folder. */
  readonly vault?: VaultAddress | undefined;
}

/** The station that was made. */
export interface NewStation {
  readonly station: string;
  readonly folder: string;
  readonly config: string;
  readonly keyLine: string;
  /** What somebody should know of its vault. */
  readonly warnings: readonly string[];
}

/** `docket backup`. */
export interface BackupView {
  readonly folder: string;
  readonly at: Instant;
  readonly files: readonly string[];
  readonly ledgerSize: number;
  /** What the configuration names and the backup does not hold. */
  readonly notIncluded: readonly string[];
  readonly warnings: readonly string[];
}

/** `docket restore`. */
export interface RestoreView {
  readonly station: string;
  readonly folder: string;
  readonly config: string;
  readonly files: readonly string[];
  readonly ledgerSize: number;
  /** Files and folders that the configuration names and that are not there. */
  readonly missing: readonly string[];
  readonly vault: {
    /** `ahead`: it has more entries than the head; `away`: it could not be asked; `contradicts`: another history, or damaged; else as the ledger says. */
    readonly standing: 'ahead' | 'current' | 'behind' | 'missing' | 'new' | 'away' | 'contradicts';
    /** Entries that its checkpoint vouches for; null where none was read. */
    readonly size: number | null;
    readonly why: string | null;
  };
  /** The user to whom root has given the station, since its folder is his; null where it belongs to whoever restored it. */
  readonly owner: string | null;
}

/** One line of a checklist. `next` stands with every line that is not ok. */
export interface CheckLine {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly next?: string;
}

/** `docket doctor`. */
export interface DoctorView {
  readonly ok: boolean;
  readonly checks: readonly CheckLine[];
}

/** Everything a person can ask of a station. Failures as in the exit-code table. Whoever opens it closes it. */
export interface UseCases extends AsyncDisposable {
  status(): Promise<StatusView>;
  /** Hears a running docketd until it ends or `signal` aborts, then returns. False when none listens. */
  follow(onView: (view: LiveView) => void, signal: AbortSignal): Promise<boolean>;
  dock(request: DockRequest, onWork: OnWork, signal: AbortSignal): Promise<DockResult>;
  addDocuments(request: DocumentRequest, onWork: OnWork, signal: AbortSignal): Promise<DockResult>;
  addCamera(request: {
    serial: string;
    model?: string | undefined;
    profile?: string | undefined;
    officer?: string | undefined;
    certificate?: string | undefined;
    unit?: string | undefined;
    actor: string;
  }): Promise<CameraView>;
  removeCamera(request: { serial: string; actor: string }): Promise<CameraView>;
  listCameras(): Promise<readonly CameraView[]>;
  showCase(caseNumber: string): Promise<CaseView>;
  find(request: FindOrder): Promise<{ readonly items: readonly ItemView[]; readonly more: boolean }>;
  showItem(item: string): Promise<ItemDetail>;
  fetchItem(request: { item: string; out: string }, onWork: OnWork, signal: AbortSignal): Promise<Fetched>;
  verify(request: VerifyRequest, onWork: OnWork, signal: AbortSignal): Promise<VerifyResult>;
  /** `budgetGib`: how much to read at most, in GiB; by default a day's budget. */
  scrub(request: { budgetGib?: number | undefined }, onWork: OnWork, signal: AbortSignal): Promise<ScrubView>;
  rebuild(
    request: { fromVault: boolean; actor: string },
    onWork: OnWork,
    signal: AbortSignal,
  ): Promise<{
    readonly ledgerSize: number;
    readonly catalogApplied: number;
    readonly adopted: number;
    readonly setAside: readonly string[];
  }>;
  backup(outDir: string): Promise<BackupView>;
  /** Changes the level of a running docketd. Failure 'daemon-unreachable' when none runs. */
  setLogLevel(level: string): Promise<{ readonly before: string; readonly level: string }>;
  showKeys(): Promise<KeysView>;
  /** Replaces the station's key; never while docketd runs. */
  replaceKey(request: ReplaceKeyRequest, onWork: OnWork, signal: AbortSignal): Promise<ReplacedKey>;
}

/** `docket verify --public-key`. */
export interface OutsideRequest {
  /** The first key line of the station, or a file that begins with it. */
  readonly publicKey: string;
  /** Here `vault` may be a folder too. */
  readonly vault: VaultAddress;
  readonly quick: boolean;
}

/** Vaults a command is about: those of a configuration, or one that has no station yet. */
export type VaultsOf = { readonly config: string } | { readonly address: VaultAddress };

/** Whose rights are asked for, on which vault. */
export interface PolicyRequest {
  readonly principal: string | undefined;
  /** Name of the vault, where there are several. */
  readonly name: string | undefined;
  /** Name of the station, where there is none yet. */
  readonly station: string | undefined;
}

/** What is asked of vaults without a station. */
export interface VaultDoors {
  check(of: VaultsOf, signal: AbortSignal): Promise<VaultsCheck>;
  /** Makes the buckets that are not there yet. */
  init(of: VaultsOf, signal: AbortSignal): Promise<readonly BucketView[]>;
  /** An IAM policy document. */
  policy(of: VaultsOf, request: PolicyRequest): Promise<object>;
}

/** How the command line reaches a station; opened only by commands that need one. */
export interface Doors {
  open(config: string): Promise<UseCases>;
  init(order: InitOrder): Promise<NewStation>;
  restore(order: { readonly backup: string; readonly to: string }): Promise<RestoreView>;
  /** Verifies a vault without a station. */
  verifyOutside(request: OutsideRequest, onWork: OnWork, signal: AbortSignal): Promise<VerifyResult>;
  /** Looks at an installation; what is wrong is in the answer, also when no station can be opened. */
  doctor(config: string, signal: AbortSignal): Promise<DoctorView>;
  readonly vaults: VaultDoors;
  checkConfig(
    config: string,
  ): Promise<{ readonly file: string; readonly station: string; readonly warnings: readonly string[] }>;
}
