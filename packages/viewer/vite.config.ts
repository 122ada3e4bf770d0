import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

/**
 * Builds the page twice from one run: `index.html` with its files beside it, for the server, and
 * `single.html`, a template that holds everything and loads nothing.
 */
export default defineConfig({
  // Relative, so that the page works below any path.
  base: './',
  resolve: { conditions: ['@whetstone/source', 'module', 'browser', 'import', 'default'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    // Only text and code: nothing may become a data: address, which the page's policy forbids.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  worker: { format: 'iife' },
  plugins: [singleFile()],
});

/** Puts style, code and worker into one HTML file, with a policy that allows nothing else. */
function singleFile(): Plugin {
  return {
    name: 'single-file',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = Object.values(bundle);
        const page = textOf(files.find(({ fileName }) => fileName === 'index.html'));
        const style = textOf(files.find(({ fileName }) => fileName.endsWith('.css')));
        const worker = textOf(files.find(({ fileName }) => /worker-[^/]*\.js$/.test(fileName)));
        const code = textOf(files.find((file) => file.type === 'chunk' && file.isEntry));
        const body = page.slice(page.indexOf('<body>') + '<body>'.length, page.indexOf('</body>'));
        // In a page that loads nothing, the style and the code are allowed by their hashes alone.
        const policy = [
          "default-src 'none'",
          `script-src '${hash(scriptSafe(code))}'`,
          'worker-src blob:',
          `style-src '${hash(style)}'`,
          'img-src data:',
          "base-uri 'none'",
          "form-action 'none'",
        ].join('; ');
        const single = [
          '<!doctype html>',
          '<html lang="en">',
          '<head>',
          '<meta charset="utf-8">',
          `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
          '<meta name="viewport" content="width=device-width, initial-scale=1">',
          '<meta name="color-scheme" content="light dark">',
          '<meta name="referrer" content="no-referrer">',
          '<title>Whetstone</title>',
          '<link rel="icon" href="data:,">',
          `<style>${style}</style>`,
          '</head>',
          `<body>${body}`,
          '<!-- whetstone:data -->',
          `<script type="text/plain" id="worker">${scriptSafe(worker)}</script>`,
          `<script type="module">${scriptSafe(code)}</script>`,
          '</body>',
          '</html>',
          '',
        ].join('\n');
        this.emitFile({ type: 'asset', fileName: 'single.html', source: single });
      },
    },
  };
}

type Output = Parameters<Exclude<Plugin['generateBundle'], undefined | { handler: unknown }>>[1][string];

function textOf(file: Output | undefined): string {
  if (file === undefined) throw new Error('The build lacks a file that the self-contained page needs.');
  if (file.type === 'chunk') return file.code;
  return typeof file.source === 'string' ? file.source : new TextDecoder().decode(file.source);
}

/** Code in which no text ends the element that holds it: `<\/script` means the same inside a string. */
function scriptSafe(code: string): string {
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
