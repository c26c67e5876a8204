// lint: typescript(no-non-null-assertion)
/** Surely there. */
export const first = (rows: readonly string[]): string => rows[0]!;
