import type { RunReport } from '@whetstone/analyze';

/** Where the built template takes the data. */
const place = '<!-- whetstone:data -->';

/**
 * One HTML file that holds the page, the profile and the report, and loads nothing.
 *
 * @param template `single.html` of the built page
 * @throws Error if the template is not one of ours
 */
export function selfContainedPage(template: string, profile: Uint8Array, report: RunReport): string {
  const at = template.indexOf(place);
  if (at < 0) throw new Error(`The page's template has no place for the data: ${place}`);
  const bytes = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength).toString('base64');
  const data = [
    `<script type="application/json" id="report">${jsonInScript(report)}</script>`,
    `<script type="application/octet-stream" id="profile">${bytes}</script>`,
  ].join('\n');
  return template.slice(0, at) + data + template.slice(at + place.length);
}

/** JSON without a `<`: no text of a program can end the element, or open a comment in it. */
function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
