export * from './recording.ts';
export { recordCall } from './record-call.ts';
export { record } from './record.ts';
export { resolveTarget } from './resolve-target.ts';
export { runtimesFound } from './find-runtime.ts';
export { attach, type AttachOptions } from './node/attach.ts';
export { attachPython } from './python/attach-python.ts';
export { makeTemporaryFolder, removeFolder } from './temporary-folders.ts';
export { pythonIdentity } from './python/python-identity.ts';
