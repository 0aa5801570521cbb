// What the documents say of the examples is cut out of them, every example is told of, and each has in its lock file what Postkey needs
// today. That they work: test/deep/examples.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { examples, keepsUsers } from './example.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const [, ...sections] = read('docs/frameworks.md').split(/^## /m)
const LINES_MAX = 10

test('every example is told of in its README, and in docs/frameworks.md', () => {
  expect(examples.length).toBeGreaterThan(5)
  for (const example of examples) {
    expect(read('examples/README.md')).toContain(`| [${example}](${example}/`)
    expect(read('docs/frameworks.md') + read('docs/own-users.md')).toContain(`(../examples/${example}/`)
  }
  expect(read('README.md')).toContain('(docs/frameworks.md)')
})

describe('docs/frameworks.md', () => {
  test.each(sections.map((text) => [text.split('\n', 1)[0] ?? '', text]))(
    '%s: what is to paste is in the example, and short',
    (_, text) => {
      const [, example = ''] = /\(\.\.\/examples\/([\w-]+)\//.exec(text) ?? []
      const sources = sourcesOf(example).map(read)
      const blocks = blocksOf(text)
      expect(blocks.length).toBeGreaterThan(0)
      for (const block of blocks) expect(sources.filter((source) => source.includes(block))).not.toEqual([])
      expect(blocks.flatMap((block) => block.split('\n')).filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(LINES_MAX)
    },
  )

  test('so is what comes before all of them', () => {
    const [before = ''] = read('docs/frameworks.md').split(/^## /m)
    expect(blocksOf(before).map((block) => read('examples/node/postkey.js').includes(block))).toEqual([true])
  })
})

test('what docs/own-users.md says of ORMs is in the example of each', () => {
  const blocks = blocksOf(read('docs/own-users.md'))
  expect(blocks).toHaveLength(1)
  for (const example of examples.filter(keepsUsers)) expect(read(`examples/${example}/postkey.js`)).toContain(blocks[0])
})

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
}

/** Of what is in the repository: not what was built or installed. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, 'examples', folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(node_modules|build|dist|\..*)$/.test(entry.name) ? [] : sourcesOf(path)
    return /\.(m?js|jsx|astro|vue|svelte)$/.test(entry.name) ? [join('examples', path)] : []
  })
}

describe.each(examples)('examples/%s', (example) => {
  interface Locked {
    readonly packages: Readonly<Record<string, { readonly dependencies?: object; readonly resolved?: string }>>
  }
  const manifest = JSON.parse(read(`examples/${example}/package.json`)) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly devDependencies?: Readonly<Record<string, string>>
  }

  test('its lock file knows what Postkey needs', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object }
    const { packages } = JSON.parse(read(`examples/${example}/package-lock.json`)) as Locked
    const renew = `run: (cd examples/${example} && npm install --package-lock-only)`
    expect(packages['node_modules/postkey']?.dependencies, renew).toEqual(dependencies)
  })

  test('it takes Postkey from this repository, and everything else in one version', () => {
    const { postkey, ...others } = { ...manifest.devDependencies, ...manifest.dependencies }
    expect(postkey).toBe('file:../..')
    for (const [name, version] of Object.entries(others)) expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+$/)
  })

  test('its settings come from the environment, and a missing one is an error', () => {
    const wiring = sourcesOf(example)
      .map(read)
      .filter((source) => source.includes('createPostkey({'))
    expect(wiring).toHaveLength(1)
    for (const name of ['URL', 'SECRET', 'DATABASE_URL', 'MAIL_FROM', 'SMTP_URL']) expect(wiring[0]).toContain(`setting('POSTKEY_${name}')`)
    expect(wiring[0]).toContain('is not set')
  })
})
