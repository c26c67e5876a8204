// How docket starts Node: bin/node24 has the same flags for docket itself.

/**
 * Flags for a process of its own. Types are stripped by WebAssembly, where nothing compiled is kept yet; while V8 compiles that anew it may lose
 * its way in its own list of compiled pages and abort (seen in one of two first starts on an emulated machine, after Runtime_WasmTriggerTierUp).
 * Without that second compiler a first start takes no longer.
 */
export const NODE_FLAGS: readonly string[] = ['--disable-warning=ExperimentalWarning', '--liftoff-only'];
