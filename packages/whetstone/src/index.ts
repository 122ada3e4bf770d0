export { profile, type ProfileMark } from './profile.ts';
export { measure, type Measured } from './measure.ts';
