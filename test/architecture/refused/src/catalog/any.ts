// lint: typescript(no-explicit-any)
/** Anything at all. */
export const isThing = (value: any): boolean => value === 1;
