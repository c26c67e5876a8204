// The door of the room media.
export { DEFAULT_MEDIA_LIMITS, type MediaLimits } from './limits.ts';
export { type Examination, type Media, type MediaFile, type MediaOptions, openMedia, type Pictures } from './media.ts';
export { DEFAULT_TOOLS, type Tools } from './tools.ts';
