export { serve } from './serve.ts';
export { ServeError, type ServeErrorCode } from './errors.ts';
export { buildNativeEngine } from './engine/native/build-native-engine.ts';
export { RequestAborted } from './engine/aborted.ts';
export { Headers } from './fetch/headers.ts';
export { Request } from './fetch/request.ts';
export { Response } from './fetch/response.ts';
export type {
  Answer,
  Context,
  Handler,
  Methods,
  Routes,
  ServeOptions,
  Server,
  Stats,
  TlsOptions,
  WebSocketOptions,
} from './options.ts';
export type { Limits } from './limits.ts';
export { files, type FilesOptions } from './files/files.ts';
export { type EventStreamOptions, type ServerSentEvent, eventStream } from './event-stream.ts';
export { type ServeModuleOptions, serveModule } from './serve-module.ts';
