// Builds docs/ as a website into site/dist, and checks it. Run by `npm run docs:site`; the packages it takes live here, with a lock
// file of their own, and are installed when they are first wanted.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const say = (text) => console.error(text)

/** npm writes this list last, so an installation that was cut short has none. */
function isInstalled() {
  const list = 'node_modules/.package-lock.json'
  if (!existsSync(new URL(list, import.meta.url))) return false
  const { packages } = read(list)
  return Object.entries(read('package.json').devDependencies).every(
    ([name, version]) => packages[`node_modules/${name}`]?.version === version,
  )
}

if (!isInstalled()) {
  say('installing the generator: npm ci in site (half a minute, once)')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0 || !isInstalled()) throw new Error('the generator could not be installed: run `npm ci` in site to see why')
}

rmSync(new URL('dist', import.meta.url), { recursive: true, force: true })
say('building the pages')
const { default: Eleventy } = await import('@11ty/eleventy')
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
await new Eleventy('docs', 'site/dist', { configPath: 'site/eleventy.config.mjs', quietMode: true }).write()

say('building the search')
const pagefind = await import('pagefind')
const { index, errors } = await pagefind.createIndex({ forceLanguage: 'en' })
if (index === undefined) throw new Error(errors.join('; '))
await index.addDirectory({ path: 'site/dist' })
const written = await index.writeFiles({ outputPath: 'site/dist/pagefind' })
await pagefind.close()
if (written.errors.length > 0) throw new Error(written.errors.join('; '))

say('checking every link')
const { check } = await import('./check.mjs')
const { passed, faults } = check(fileURLToPath(new URL('dist', import.meta.url)))
for (const fault of faults) say(fault)
if (faults.length === 0) say('built: site/dist, which any web server can serve, at any path')
console.log(`${passed} passed, ${faults.length} failed`)
process.exitCode = faults.length === 0 ? 0 : 1
