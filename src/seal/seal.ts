// Seals an item: the signature over its canonical manifest. Pure but for the key inside the Signer; writes nothing.
// Never looks at the bytes again: their digests were taken in the pass that wrote them.
import { createHash } from 'node:crypto';
import {
  encodeSealed,
  keyLabel,
  type Manifest,
  manifestBytes,
  parseSha256,
  type SealedItem,
  type Signer,
} from '../evidence/index.ts';

/** The sealed item whose bytes lie at `spoolPath`; the caller makes the sealed file durable. */
export function sealItem(manifest: Manifest, spoolPath: string, signer: Signer): SealedItem {
  const value = signer.sign(manifestBytes(manifest)).toString('base64');
  const sealed = encodeSealed(manifest, [{ key: keyLabel(signer), value }]);
  const sealedSha256 = parseSha256(createHash('sha256').update(sealed).digest('hex'));
  return { stage: 'sealed', item: manifest.item, manifest, sealed, sealedSha256, spoolPath };
}
