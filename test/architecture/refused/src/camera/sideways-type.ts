// laws: room-import
/** The spelling lint does not see. */
export type Sideways = import('../vault/index.ts').Vault;
