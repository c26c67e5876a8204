// The Vault port's contract on a real S3 server, unchanged.
import { describeVault } from '../contract/vault.ts';
import { openFreshVault } from './buckets.ts';

describeVault('s3', async () => ({
  vault: await openFreshVault(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

describeVault('s3 under a prefix', async () => ({
  vault: await openFreshVault({ prefix: '某区/evidence/' }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));
