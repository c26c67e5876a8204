// How docket starts Node: bin/node24 has the same flags for docket itself.

/**
 * Flags for a process of its own. Types are stripped by WebAssembly, where nothing compiled is kept yet; while V8 compiles that anew it may lose
 * its way in its own list of compiled pages and abort (seen in one of two first starts on an emulated machine, after Runtime_WasmTriggerTierUp).
 * Without that second compiler a first start takes no longer.
 *
 * What is young may take 16 MiB (twice the size named) instead of 128: a card of thousands of small files then costs a third less memory and not
 * a second more, and a heap that is held small is not collected over and over for room that only new things may have (measured).
 */
export const NODE_FLAGS: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  '--liftoff-only',
  '--max-semi-space-size=8',
];
