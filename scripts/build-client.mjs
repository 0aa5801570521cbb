// Bundles what runs in other people's pages: the client, and apart from it the React hook and the web component, which share it. Each is
// one file, so that a page without a bundler can load it as it is.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = fileURLToPath(new URL('../src/client', import.meta.url))
const doors = { client: 'client.ts', 'client-react': 'react.ts', 'client-element': 'element.ts' }

/** One copy for all three: two would not hear each other's changes. */
const sharedClient = {
  name: 'shared-client',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/client\.ts$/ }, ({ kind }) => (kind === 'entry-point' ? undefined : { path: './client.js', external: true })),
}

/** @param {string} dist where the compiler has left the types */
export async function buildClient(dist) {
  await build({
    entryPoints: Object.entries(doors).map(([out, file]) => ({ in: join(source, file), out })),
    outdir: dist,
    bundle: true,
    minify: true,
    format: 'esm',
    // What a browser from 2020 on reads, as for the script of the pages.
    target: 'es2020',
    charset: 'utf8',
    external: ['react'],
    plugins: [sharedClient],
  })
  // The compiler's modules of the same sources would be a second copy; its types stay.
  for (const file of readdirSync(join(dist, 'client'))) if (file.endsWith('.js')) rmSync(join(dist, 'client', file))
}
