// laws: room-import
// lint: eslint(no-restricted-imports)
export { copies } from '../vault/index.ts';
