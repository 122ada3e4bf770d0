import { STATUS_CODES } from 'node:http';

/** How the end of an answer's body is told. */
export type Framing = number | 'chunked' | 'close' | 'none';

const statusLines = new Map<number, string>();

/** Fields of the connection, which only the engine may write. */
export const ownFields = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The head of an answer with its last CR LF CR LF, for both engines.
 *
 * `fields` is name, value, …, all of them checked. `connection` is `''` where nothing needs to be said.
 */
export function answerHead(
  status: number,
  fields: readonly string[],
  framing: Framing,
  connection: '' | 'close' | 'keep-alive',
): string {
  let head = statusLines.get(status) ?? statusLine(status);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (ownFields.has(name)) continue;
    head += `${name}: ${fields[i + 1]!}\r\n`;
  }
  if (typeof framing === 'number') head += `content-length: ${framing}\r\n`;
  else if (framing === 'chunked') head += 'transfer-encoding: chunked\r\n';
  if (connection !== '') head += `connection: ${connection}\r\n`;
  return head + dateLine();
}

/** Whether an answer of this status has no body, whatever was asked. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304 || (status >= 100 && status < 200);
}

function statusLine(status: number): string {
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  statusLines.set(status, line);
  return line;
}

let dateSecond = 0;
let date = '';

/** `Date` changes once a second; here it also ends the head. */
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `date: ${new Date(second * 1000).toUTCString()}\r\n\r\n`;
  }
  return date;
}
