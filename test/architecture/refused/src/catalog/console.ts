// lint: eslint(no-console)
/** Talks past the log. */
export const talk = (): void => console.log('here');
