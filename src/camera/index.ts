// The door of the room camera.
export type {
  Arrival,
  ArrivalProblem,
  CameraArrived,
  CameraDeparted,
  CameraRefused,
  CameraUnlock,
  DropArrival,
  UsbChange,
} from './arrival.ts';
export { type ArrivalOptions, type ArrivalWatch, watchArrivals } from './arrivals.ts';
export {
  type Card,
  type CardLimits,
  DEFAULT_CARD_LIMITS,
  type FolderCard,
  type OpenSource,
  type SourceStat,
} from './card.ts';
export { clearFile, type SeenFile } from './clear.ts';
export { type FileCardOptions, openFileCard } from './file-card.ts';
export { type OpenCardOptions, openCard } from './folder-card.ts';
export { DEFAULT_GAP_RULE, findGaps, type GapRule, type Segment } from './gaps.ts';
export { identifyDevice, identifyMount, type MachineRoots } from './identity.ts';
export { kindOf } from './kinds.ts';
export { type RootsView, viewRoots } from './mount-safety.ts';
export { type Mount, readMounts } from './mounts.ts';
export { type Profile, TAKE_EVERYTHING } from './profile.ts';
export { chooseProfile, loadProfiles, PROFILE_SAMPLE_FILES, type ProfileChoice } from './profiles.ts';
export { lookForRefusals } from './refusal-watch.ts';
export { openSimulatedCard, type SimulatedCardOptions, type SimulatedFile } from './simulated-card.ts';
export type { SimulatedContent } from './simulated-content.ts';
export { type Fault, withFaults } from './simulated-faults.ts';
export { bytesOfSourcePath } from './source-path.ts';
