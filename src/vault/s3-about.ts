// What people see of an object in the store's own tools: user metadata and tags. Headers are ASCII, tags have an alphabet of their own.
// Never the truth: that is the signed manifest.

/** S3 allows 2 KiB of user metadata; what is longer is left out, since it stands in the manifest. */
const MAX_METADATA_BYTES = 1900;
const MAX_TAGS = 10;
const MAX_TAG_CHARS = 256;
/** Allowed in tag values by AWS, without `=`, which marks an encoded byte here. */
const TAG_CHARACTER = /[^\p{L}\p{Z}\p{N}_.:/+\-@]/gu;

/** User metadata: values percent-encoded (RFC 3986). */
export function metadataOf(about: Readonly<Record<string, string>>): Record<string, string> {
  let left = MAX_METADATA_BYTES;
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(about)) {
    const encoded = encodeURIComponent(value);
    left -= name.length + encoded.length;
    if (left < 0) break;
    kept[name] = encoded;
  }
  return kept;
}

/** Tags as the `x-amz-tagging` header: what no tag may hold is written as `=` and two hexadecimal digits a byte. */
export function taggingOf(about: Readonly<Record<string, string>>): string {
  return Object.entries(about)
    .slice(0, MAX_TAGS)
    .map(([name, value]) => [name, tagValue(value)] as const)
    .filter(([, value]) => value.length <= MAX_TAG_CHARS)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

function tagValue(value: string): string {
  return value.replace(TAG_CHARACTER, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
