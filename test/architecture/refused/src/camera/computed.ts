// laws: import-computed
/** Nobody can say what this imports. */
export const load = (name: string): Promise<unknown> => import(name);
