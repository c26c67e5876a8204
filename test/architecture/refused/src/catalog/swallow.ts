// lint: eslint(no-empty), eslint(no-unused-vars)
/** Swallows. */
export function swallow(act: () => void): void {
  try {
    act();
  } catch (error) {}
}
