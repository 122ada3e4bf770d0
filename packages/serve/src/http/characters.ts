/** Bytes that the parser looks for. */
export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;

/** 1 for each byte of a token (RFC 9110, 5.6.2). */
export const isToken = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);

/** 1 for each byte of a field value: HTAB, 0x20 to 0x7E, 0x80 and above. */
export const isValue = tableOf(/[\t\x20-\x7e\x80-\xff]/);

/** 1 for each byte of the name in `Host`; an address in brackets is looked at apart. */
export const isHost = tableOf(/[0-9A-Za-z\-._]/);

/** The value of a hexadecimal digit; 255 for any other byte. */
export const hexadecimal = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? 255 : digit;
});

function tableOf(set: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (set.test(String.fromCharCode(byte)) ? 1 : 0));
}
