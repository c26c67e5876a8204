// laws: room-package
import { left } from 'left-pad';

/** A package no room has. */
export const pad: unknown = left;
