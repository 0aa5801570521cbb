// The bill of materials: every package that is installed with Postkey, with version, licence and hash, for programs that look for known
// flaws. CycloneDX, by npm, of a lock file without what only development needs: `npm sbom --omit=dev` also leaves out what both need
// (npm 11), which is hono, pg and nodemailer here. And it takes the name of the folder for that of the package.
//   npm run sbom --silent > postkey.cdx.json
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const read = (file) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
const { devDependencies: _, ...manifest } = read('package.json')
const lock = read('package-lock.json')
const { '': root, ...others } = lock.packages
delete root.devDependencies
const packages = { '': root, ...Object.fromEntries(Object.entries(others).filter(([, { dev }]) => !dev)) }

const work = mkdtempSync(join(tmpdir(), 'postkey-sbom-'))
const cwd = join(work, manifest.name)
try {
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify({ ...lock, packages }))
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library']
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
} finally {
  rmSync(work, { recursive: true, force: true })
}
