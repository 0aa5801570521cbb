// What npm would publish: what is on the list and nothing else, with every entry there, and no script that runs where it is installed.
// That its types are right: test/deep/package.test.ts.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

const ALLOWED = [
  /^(?:README\.md|CHANGELOG\.md|LICENSE|package\.json)$/,
  /^dist\/(?!.*\.test\.)[\w/.-]+\.(?:js|d\.ts)$/,
  /^dist\/store\/migrations\/\d{3}-[\w-]+(?:\.(?:sqlite|postgres))?\.sql$/,
  /^docs\/[\w/-]+\.md$/,
  /^docs\/openapi\.json$/,
]

test('it holds what is on the list, every entry among it', () => {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
  // An array, or from npm 12 on by name.
  const [packed] = Object.values(JSON.parse(told) as Record<string, { files: { path: string }[] }>)
  const files = packed?.files.map(({ path }) => path) ?? []
  expect(files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file)))).toEqual([])
  const entries = [...Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))]
  for (const entry of [...entries, ...Object.values(manifest.bin)]) expect(files).toContain(entry.replace(/^\.\//, ''))
})

test('nothing of ours runs where it is installed', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'prepublish', 'dependencies']
  expect(hooks.filter((name) => Object.hasOwn(manifest.scripts, name))).toEqual([])
})
