import { Headers } from './headers.ts';
import { platform, replaceGlobals } from './platform.ts';
import { Request, isRequest } from './request.ts';
import { Response } from './response.ts';

/** Puts our `Request`, `Response` and `Headers` in the platform's place; `fetch` takes them as well. */
export function installGlobals(): void {
  replaceGlobals({
    Headers,
    Request,
    Response,
    fetch(input: unknown, init?: globalThis.RequestInit): Promise<globalThis.Response> {
      const theirs = platform('fetch');
      if (!isRequest(input)) return theirs(input as string, init);
      const { method, redirect, signal, body } = input;
      const headers = [...input.headers];
      const made = { method, headers, redirect, signal, ...(body ? { body, duplex: 'half' } : {}), ...init };
      return theirs(input.url, made as globalThis.RequestInit);
    },
  });
}
