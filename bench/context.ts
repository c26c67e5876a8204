// What every measurement is handed.

/** Where and how often to measure. */
export interface Context {
  /** An empty folder on a real disk, removed at the end; several measurements share what is in it. */
  readonly folder: string;
  /** Rounds of a comparison. */
  readonly rounds: number;
  /** Says what is being done. */
  readonly say: (text: string) => void;
}
