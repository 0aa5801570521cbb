// What npm would publish: what is on the list and nothing else, with every entry there and told of, and no script that runs where it is
// installed; what a bundler makes of it; and how many packages come with it. Reads dist/, which `npm run build` makes.
// That its types are right, and its size as the README says: test/deep/package.test.ts.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { packageCount } from './package-size.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
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

test('docs/contract.md tells of every entry, and of no other', () => {
  const contract = readFileSync(new URL('../docs/contract.md', import.meta.url), 'utf8')
  const told = [...contract.matchAll(/^\| `postkey(\/[\w./-]+)?` \| /gm)].map(([, path = '']) => `.${path}`)
  expect(told.sort()).toEqual(Object.keys(manifest.exports).sort())
})

test('the README says how many packages come with it', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Readonly<Record<string, { dev?: true; devOptional?: true; peer?: true }>>
  }
  const own = Object.keys(manifest.dependencies).length
  const all = Object.entries(packages).filter(([at, { dev, devOptional, peer }]) => at !== '' && !dev && !devOptional && !peer).length
  expect(packageCount()).toEqual({ own, theirs: all - own, all })
})

describe('a bundler leaves out what is not imported', () => {
  const bridge = ['dist/bridge/hand-over.js', 'dist/http/cookies.js', 'dist/secret.js']
  const all = (entry: string): string => `import * as all from '${entry}'\nconsole.log(all)`
  /** Code, and of what files it consists once it is bundled. */
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [all('postkey/client'), ['dist/client.js']],
    [all('postkey/client/react'), ['dist/client-react.js', 'dist/client.js']],
    [all('postkey/client/element'), ['dist/client-element.js', 'dist/client.js']],
    [all('postkey/webhooks'), ['dist/webhook/signature.js', 'dist/webhook/verify.js']],
    [all('postkey/better-auth'), ['dist/bridge/better-auth.js', ...bridge]],
    [all('postkey/auth-js'), ['dist/bridge/auth-js.js', ...bridge]],
    [`import { reasons } from 'postkey'\nconsole.log(reasons)`, ['dist/core/reason.js', 'dist/index.js']],
    [`import 'postkey'`, []],
    // What is there for its effect stays.
    [`import 'postkey/client/element'`, ['dist/client-element.js', 'dist/client.js']],
  ]
  const tests = ['testing', 'testing/vitest', 'testing/playwright'].map((entry) => `import 'postkey/${entry}'`)

  const bundles = new Map<string, readonly string[]>()
  beforeAll(async () => {
    const codes = [...cases.map(([code]) => code), ...tests]
    const { metafile } = await build({
      entryPoints: codes.map((_, index) => ({ in: `code:${index}`, out: String(index) })),
      outdir: 'nowhere',
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
      external: ['react', '@photostructure/sqlite'],
      absWorkingDir: root,
      plugins: [
        {
          name: 'code',
          setup: ({ onResolve, onLoad }) => {
            onResolve({ filter: /^code:/ }, ({ path }) => ({ path, namespace: 'code' }))
            onLoad({ filter: /./, namespace: 'code' }, ({ path }) => ({ contents: codes[Number(path.slice(5))] ?? '', resolveDir: root }))
          },
        },
      ],
    })
    for (const [file, { inputs }] of Object.entries(metafile.outputs)) {
      const files = Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : []))
      bundles.set(codes[Number.parseInt(basename(file), 10)] ?? '', files.filter((input) => !input.startsWith('code:')).sort())
    }
  })

  test.each(cases)('%s', (code, files) => {
    expect(bundles.get(code)).toEqual([...files].sort())
  })

  test.each(tests)('%s still refuses production', (code) => {
    expect(bundles.get(code)).toContain('dist/testing/production.js')
  })
})
