// A good file.
/** The head. */
export interface Head {
  readonly size: number;
}
