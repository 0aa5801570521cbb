// Writes the list of languages, one for each file in src/words/languages. Then builds what pages link to: bundles the client script,
// reads stylesheet and icon, and writes them with their hashes as one module, so that the server and the library serve them from
// memory and need no file at run time. Run after any change in src/page, or with a new language.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = new URL('..', import.meta.url).pathname
const page = join(root, 'src/page')
const out = join(page, 'assets.generated.ts')
const SCRIPT_MAX_GZIPPED = 5_000

const sha256 = (text) => createHash('sha256').update(text).digest('hex')

const languages = join(root, 'src/words/languages.generated.ts')
const tags = readdirSync(join(root, 'src/words/languages'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort()
// A tag such as "pt-BR" is no name in TypeScript.
const imports = tags.map((tag, nth) => `import { language as l${nth} } from './languages/${tag}.ts'`)
writeFileSync(
  languages,
  `// Written by scripts/build-assets.mjs; not kept in git.\n${imports.join('\n')}\n\nexport const translations = [${tags.map((_, nth) => `l${nth}`).join(', ')}] as const\n`,
)

const bundle = await build({
  entryPoints: [join(page, 'client/main.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  // What a browser from 2020 on reads; an older one gets the pages without script.
  target: 'es2020',
  charset: 'utf8',
  write: false,
})
const script = bundle.outputFiles[0].text
const gzipped = gzipSync(script).length
if (gzipped > SCRIPT_MAX_GZIPPED) {
  console.error(`build-assets: the client script is ${gzipped} bytes gzipped; at most ${SCRIPT_MAX_GZIPPED} are allowed`)
  process.exit(1)
}

const css = await build({
  entryPoints: [join(page, 'postkey.css')],
  minify: true,
  write: false,
  charset: 'utf8',
  target: ['safari14', 'chrome90', 'firefox90'],
})
const styles = css.outputFiles[0].text.trim()
const icon = readFileSync(join(page, 'mark.svg'), 'utf8').trim()

const constants = {
  script,
  scriptHash: sha256(script).slice(0, 10),
  styles,
  stylesHash: sha256(styles + icon).slice(0, 10),
  icon,
  templateVersion: templateVersion(),
}
const lines = Object.entries(constants).map(([name, value]) => `export const ${name}: string = ${JSON.stringify(value)}`)
writeFileSync(out, `// Written by scripts/build-assets.mjs; not kept in git.\n${lines.join('\n')}\n`)

/** Changes whenever anything a person may see in a page or a mail changes: it stands in every audit event. */
function templateVersion() {
  const hash = createHash('sha256')
  for (const file of ['page', 'mail', 'words'].flatMap((folder) => filesIn(join(root, 'src', folder))).sort()) {
    if (file === out || file === languages || /\.test\.tsx?$/.test(file)) continue
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex').slice(0, 12)
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}
