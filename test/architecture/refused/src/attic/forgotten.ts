// laws: room-unknown
/** A folder the table does not know. */
export const forgotten = 1;
