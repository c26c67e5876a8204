// lint: typescript(no-unsafe-assignment), typescript(no-unsafe-return)
/** What JSON.parse returns is not what one hopes. */
export function readRow(text: string): string {
  const row = JSON.parse(text);
  return row;
}
