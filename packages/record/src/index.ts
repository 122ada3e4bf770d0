export * from './recording.ts';
export { recordCall } from './record-call.ts';
