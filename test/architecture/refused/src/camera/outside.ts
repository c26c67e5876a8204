// laws: room-leave
import rooms from '../../config/rooms.json' with { type: 'json' };

/** Sources stand alone. */
export const outside: unknown = rooms;
