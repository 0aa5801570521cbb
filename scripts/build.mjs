// Builds dist/: browser assets, then TypeScript, then the client's bundles, then what is not TypeScript. The new dist replaces the old one in one move, so
// that nothing stale is left in it and a server that starts meanwhile never meets half a build.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildClient } from './build-client.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const next = mkdtempSync(join(root, '.dist-'))

try {
  node(join(root, 'scripts/build-assets.mjs'))
  node(join(dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', next)
  await checkWords()
  await buildClient(next)
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.sql')) cpSync(join(root, 'src', file), join(next, file))
  }
  chmodSync(join(next, 'cli.js'), 0o755)
  chmodSync(next, 0o755)
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  renameSync(next, join(root, 'dist'))
} catch (error) {
  rmSync(next, { recursive: true, force: true })
  // The step has already said on the terminal what is wrong; a stack trace of this file would bury it.
  if (typeof error.status !== 'number') console.error(error)
  process.exitCode = 1
}

/** A language with a text too few, or with a gap that nothing fills, must not be built. */
async function checkWords() {
  const [{ faultsOf }, { languages }] = await Promise.all(
    ['check.js', 'words.js'].map((file) => import(pathToFileURL(join(next, 'words', file)).href)),
  )
  const faults = [...languages.values()].flatMap(({ lang, locale = lang, texts }) =>
    faultsOf(texts, { locale }).map((fault) => `words/languages/${lang}.ts: ${fault}`),
  )
  if (faults.length === 0) return
  console.error(faults.join('\n'))
  throw Object.assign(new Error('words'), { status: 1 })
}

function node(...args) {
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
}
