// Parts of the tests that a benchmark uses too, made into a file that Node runs; what they take from src comes from the build.
import { mkdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export async function importTestFile(name, dist) {
  const results = new URL('results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  const outfile = fileURLToPath(new URL(`${name}-for-bench.mjs`, results))
  const fromBuild = {
    name: 'from-build',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\.\/src\// }, ({ path }) => ({
        path: pathToFileURL(path.replace(/^\.\.\/src/, dist).replace(/\.tsx?$/, '.js')).href,
        external: true,
      })),
  }
  await build({
    entryPoints: [fileURLToPath(new URL(`../test/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    packages: 'external',
    plugins: [fromBuild],
    logLevel: 'error',
  })
  return await import(pathToFileURL(outfile).href)
}
