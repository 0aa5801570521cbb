// Programs that tests run as processes of their own, in one file each: a process that has to find and read hundreds takes twice as long
// to begin. Whoever changes what is in dist/ finds the change in it at the next run.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { threadId } from 'node:worker_threads'

/** Inside the project, since what stays outside of the files is found from there. Worker threads share the process of the run. */
const folder = fileURLToPath(new URL(`../node_modules/.cache/postkey-children-${process.pid}`, import.meta.url))
const made = new Map<string, Promise<string>>()

/** Where to `fork` the program of this name (test/NAME.mjs). */
export function childProgram(name: string): Promise<string> {
  const known = made.get(name)
  if (known !== undefined) return known
  const making = make(name)
  made.set(name, making)
  return making
}

export function removeChildren(): void {
  rmSync(folder, { recursive: true, force: true })
}

async function make(name: string): Promise<string> {
  const path = join(folder, `${name}.mjs`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const own = join(folder, `${name}.${threadId}.mjs`)
  const { build } = await import('esbuild')
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.mjs`, import.meta.url))],
    outfile: own,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    // Drivers bring programs, and are chosen while running.
    external: ['pg', 'pg-native', '@photostructure/sqlite'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [
      {
        name: 'each file knows where it was',
        setup: ({ onLoad }) =>
          onLoad({ filter: /[\\/](dist[\\/].*\.js|test[\\/][\w-]+\.mjs)$/ }, ({ path: file }) =>
            file.includes('node_modules')
              ? undefined
              : {
                  contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href)),
                  loader: 'js',
                },
          ),
      },
    ],
  })
  renameSync(own, path)
  return path
}
