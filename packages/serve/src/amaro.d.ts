/** Node's own TypeScript compiler; it brings no types. */
declare module 'amaro' {
  export function transformSync(
    source: string,
    options: {
      readonly mode: 'strip-only' | 'transform';
      readonly filename: string;
      readonly sourceMap?: boolean;
    },
  ): { readonly code: string; readonly map?: string };
}
