// laws: room-import
// lint: eslint(no-restricted-imports)
import { card } from '../camera/index.ts';

/** A lower room reaches up. */
export const up = card;
