/** The path that a `file:` address names; any other text as it is. */
export function pathOfUrl(url: string): string {
  if (!url.startsWith('file:///')) return url;
  // A drive letter stands where the path begins.
  const path = /^file:\/\/\/[a-zA-Z]:/.test(url) ? url.slice(8) : url.slice(7);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The `file:` address of an absolute path; any other text as it is. */
export function urlOfPath(path: string): string {
  const start = path.startsWith('/') ? 'file://' : /^[a-zA-Z]:[\\/]/.test(path) ? 'file:///' : undefined;
  if (start === undefined) return path;
  try {
    return start + encodeURI(path).replace(/[?#]/g, (sign) => (sign === '?' ? '%3F' : '%23'));
  } catch {
    // Half a surrogate pair has no address.
    return path;
  }
}
