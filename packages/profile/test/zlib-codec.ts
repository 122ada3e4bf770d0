import type { Codec } from '@whetstone/profile';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Node's deflate, as the command hands it in. */
export const zlibCodec: Codec = {
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, length) => inflateRawSync(bytes, { maxOutputLength: length }),
};

/** Bytes as they are: the same file, readable by eye. */
export const plainCodec: Codec = {
  deflate: (bytes) => bytes,
  inflate: () => {
    throw new Error('Nothing was deflated');
  },
};
