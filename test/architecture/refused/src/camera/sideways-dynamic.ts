// laws: room-import
// lint: eslint(no-restricted-imports)

/** An import in the middle of the work. */
export const later = (): Promise<unknown> => import('../vault/index.ts');
