const secretNames: readonly [RegExp, string][] = [
  [/^\.env(?:\..+)?$/, 'it may hold secrets'],
  [/^\.(?:npmrc|yarnrc|yarnrc\.yml|pypirc|netrc|pgpass|git-credentials|htpasswd)$/, 'it may hold secrets'],
  [/^(?:\.ssh|\.aws|\.gnupg|\.kube|\.docker)$/, 'it may hold secrets'],
  [/^id_(?:rsa|dsa|ecdsa|ed25519)$/, 'it is a private key'],
  [/\.(?:p12|pfx|jks|keystore|ppk)$/i, 'it may hold private keys'],
  [/^(?:\.git|\.hg|\.svn)$/, 'it is the history, not the program'],
  [/^\.DS_Store$/, 'no program needs it'],
  [/\.wpk$/, 'it is a pack itself'],
  [/^__pycache__$/, 'it is made anew'],
];

/**
 * Why a file stays out of every pack, or `undefined` if it may go in.
 *
 * @param path in the image; folders are asked about before what is in them
 * @param content what stands in a small file, asked for where the name alone does not tell
 */
export function reasonToLeaveOut(path: string, content: () => string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found = secretNames.find(([pattern]) => pattern.test(name));
  if (found) return found[1];
  // Certificates are .pem files too, and programs need them: what stands in it decides.
  if (/\.(?:pem|key|crt|cer|asc|txt)$|\/[^./]+$/i.test(path) && isPrivateKey(content()))
    return 'it holds a private key';
  return undefined;
}

function isPrivateKey(text: string): boolean {
  return /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/m.test(text);
}
