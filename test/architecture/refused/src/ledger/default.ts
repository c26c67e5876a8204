// laws: export-default
// lint: import(no-default-export)
/** No name. */
export default 1;
