import { pathToFileURL } from 'node:url';
import type { V8Profile } from './raw.ts';

/** One call frame as V8's own serializer writes it. */
const frames =
  /"callFrame":\{"functionName":"(.*?)","lineNumber":(-?\d+),"columnNumber":(-?\d+),"scriptId":(\d+),"url":"(.*?)"\}/gs;
const isPath = process.platform === 'win32' ? /^[a-z]:[\\/]/i : /^\//;
const urls = new Map<string, string>();

/**
 * JSON with the profile of V8's own serializer as JSON with that of the protocol.
 *
 * The serializer writes names as they are, with quotes and backslashes; the agent has put NUL, which no name of V8
 * has, for the ends of lines. Scripts have numbers there, and files paths where the protocol has URLs.
 */
export function protocolText(text: string): string {
  return text.replace(
    frames,
    (_, name: string, line: string, column: string, script: string, url: string) =>
      `"callFrame":{"functionName":${quoted(name)},"lineNumber":${line},"columnNumber":${column},` +
      `"scriptId":"${script}","url":${quoted(urlOf(url))}}`,
  );
}

/**
 * The profile with whole times: the serializer writes the lowest 32 bits of its microseconds.
 *
 * @param taken When it was taken, within half an hour, by the same clock.
 */
export function withWholeTimes(profile: V8Profile, taken: number): V8Profile {
  const whole = (time: number) => time + Math.round((taken - time) / 2 ** 32) * 2 ** 32;
  return { ...profile, startTime: whole(profile.startTime), endTime: whole(profile.endTime) };
}

function quoted(text: string): string {
  return JSON.stringify(text.replaceAll('\0', '\n'));
}

/** Node's inspector makes URLs of all that looks like a file's path. */
function urlOf(name: string): string {
  if (!isPath.test(name)) return name;
  let url = urls.get(name);
  if (url === undefined) urls.set(name, (url = pathToFileURL(name).href));
  return url;
}
