// laws: room-import
/** A worker of another room. */
export const worker = (): URL => new URL('../vault/copies.ts', import.meta.url);
