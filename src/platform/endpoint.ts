// Where requests to a store go in clear: what every device on the way may read.
// Asks nobody: it goes by the text of the address.

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** True for http to another machine; undefined is AWS, which is https. */
export function goesInClear(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && !LOOPBACK.test(hostname);
}
