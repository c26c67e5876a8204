// How long a camera says a file is, and what that is worth: MTP counts in 32 bits, and says the highest number of all that is longer.
// Pure. Such a file is read to its end, and its true length is what came; whatever else is longer or shorter than said has changed.

/** What MTP says of an object of 4 GiB or more. It is also the length of the longest file of FAT32, which then simply is so long. */
export const AT_LEAST_BYTES = 0xffff_ffff;

/** True when the file may be longer than the camera says. */
export function mayBeLonger(saidBytes: number): boolean {
  return saidBytes === AT_LEAST_BYTES;
}

/** True when so many bytes are all of a file that is said to have `saidBytes`. */
export function isWhole(saidBytes: number, gotBytes: number): boolean {
  return gotBytes === saidBytes || (mayBeLonger(saidBytes) && gotBytes > saidBytes);
}

/** True when so many bytes may be the beginning of a file that is said to have `saidBytes`, or all of it. */
export function mayHold(saidBytes: number, partBytes: number): boolean {
  return partBytes <= saidBytes || mayBeLonger(saidBytes);
}
