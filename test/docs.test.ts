// The documents say what is so: the table of reasons is the generated one, examples compile, links and commands exist, settings,
// presets, log lines and dependencies are all named, and every case that is cited as evidence has its test.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Policy, readPolicy } from '../src/core/policy.ts'
import { reasons } from '../src/core/reason.ts'
import { cases } from '../src/preflight/run.ts'
import { settings } from '../src/run/settings.ts'
import { duration } from '../src/words/format.ts'
import { wordsFor } from '../src/words/words.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
].sort()
const everything = documents.map(read).join('\n')
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string>; dependencies: Record<string, string> }

function preset(name: string): Policy {
  const result = readPolicy(name)
  if (!result.ok) throw new Error(result.problems.join('; '))
  return result.policy
}

test('docs/reasons.md is what scripts/reasons.mjs prints', async () => {
  const generator = (await import(new URL('../scripts/reasons.mjs', import.meta.url).href)) as { reasonsPage(given: object): string }
  const page = generator.reasonsPage({ reasons, words: wordsFor('en'), policy: preset('standard') })
  expect(read('docs/reasons.md'), 'run: npm run build && node scripts/reasons.mjs').toBe(page)
  for (const code of Object.keys(reasons)) expect(page).toContain(`| \`${code}\` |`)
})

/** Every fenced block in one of these languages. */
function blocks(language: RegExp): { readonly name: string; readonly code: string }[] {
  return documents.flatMap((file) =>
    [...read(file).matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)]
      .filter((match) => language.test(match[1] ?? ''))
      .map((match, index) => ({ name: `${file.replaceAll(/[^\w]/g, '-')}-${index + 1}.ts`, code: match[2] ?? '' })),
  )
}

describe('examples', () => {
  test('every block of TypeScript compiles against the sources', () => {
    const examples = blocks(/^(ts|tsx|typescript)$/)
    expect(examples.length).toBeGreaterThan(0)
    // An example that is wrong on purpose: if it went through, nothing would have been checked.
    const planted = { name: 'planted.ts', code: `import { createPostkey } from 'postkey'\nawait createPostkey({ url: 1 })\n` }
    const { output, faulty } = compile([...examples, planted])
    expect(faulty, output).toEqual(['planted.ts'])
  }, 60_000)

  test('every block of JSON is JSON', () => {
    for (const { name, code } of blocks(/^json$/)) expect(() => JSON.parse(code), name).not.toThrow()
  })
})

function compile(files: readonly { readonly name: string; readonly code: string }[]): { output: string; faulty: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-docs-'))
  try {
    mkdirSync(join(folder, 'examples'))
    for (const { name, code } of files) writeFileSync(join(folder, 'examples', name), code)
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const compilerOptions = {
      paths: {
        postkey: [join(root, 'src/index.ts')],
        'postkey/server': [join(root, 'src/server.ts')],
        'postkey/webhooks': [join(root, 'src/webhook/verify.ts')],
        'postkey/better-auth': [join(root, 'src/bridge/better-auth.ts')],
        'postkey/auth-js': [join(root, 'src/bridge/auth-js.ts')],
        'postkey/testing': [join(root, 'src/testing/testing.ts')],
        'postkey/testing/vitest': [join(root, 'src/testing/vitest.ts')],
        'postkey/testing/playwright': [join(root, 'src/testing/playwright.ts')],
        'postkey/client': [join(root, 'src/client/client.ts')],
        'postkey/client/react': [join(root, 'src/client/react.ts')],
        'postkey/client/element': [join(root, 'src/client/element.ts')],
      },
      moduleDetection: 'force',
      noUnusedLocals: false,
      noUnusedParameters: false,
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['examples'], exclude: [] }),
    )
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
    const output = stdout + stderr
    // Errors of the sources themselves are for another check.
    return { output, faulty: [...new Set([...output.matchAll(/^(?:.*\/)?examples\/([^(\n]+)\(/gm)].map((match) => match[1] ?? ''))] }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The anchor that GitHub gives a heading. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(documents)('%s: every relative link leads somewhere', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map((match) => match[1] ?? '')
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : relative(root, resolve(root, dirname(file), path))
    if (target.startsWith('..') || !existsSync(join(root, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
  })
  expect(broken).toEqual([])
})

test('every npm script that is named exists', () => {
  const named = [...everything.matchAll(/npm (?:run ([\w:-]+)|(test|start)\b)/g)].map((match) => match[1] ?? match[2] ?? '')
  expect(named).toContain('start')
  expect(named.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([])
})

test('the Nodes that are promised are those that the matrix runs', () => {
  const versions = [...(/^export const NODES = (.*)$/m.exec(read('scripts/nodes.mjs'))?.[1] ?? '').matchAll(/(\d+)\.(\d+)\.\d+/g)]
  const [oldest] = versions
  expect((JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node).toBe(`>=${oldest?.[1]}.${oldest?.[2]}`)
  expect(read('README.md')).toContain(
    `the tests run on ${versions
      .map(([, major]) => major)
      .join(', ')
      .replace(/, (\d+)$/, ' and $1')}`,
  )
})

describe('settings', () => {
  const known = Object.values(settings).flatMap((setting) => ('secret' in setting ? [setting.env, `${setting.env}_FILE`] : [setting.env]))

  test('every setting that is named exists', () => {
    const named = new Set([...everything.matchAll(/\bPOSTKEY_\w+/g)].map(([name]) => name))
    // A server passes over what belongs to our tests, and to preflight.
    expect([...named].filter((name) => !/^POSTKEY_(TEST|PREFLIGHT)_/.test(name) && !known.includes(name))).toEqual([])
  })

  test('every setting there is has its row in the README', () => {
    const rows = Object.values(settings).filter(({ env }) => !read('README.md').includes(`| \`${env}\` |`))
    expect(rows).toEqual([])
  })
})

const windows = (list: Policy['codeFailures']): string => list.map(({ count, per }) => `${count} in ${duration('en', per)}`).join(', ')
const rate = ({ count, per }: Policy['starts']['network']): string => `${count} in ${duration('en', per)}`
const shown: readonly [string, (policy: Policy) => string][] = [
  ['linkTtl', (policy) => duration('en', policy.linkTtl)],
  ['codeTtl', (policy) => duration('en', policy.codeTtl)],
  ['methods', (policy) => policy.methods.join(', ')],
  ['linkSecret', (policy) => policy.linkSecret],
  ['otherBrowser', (policy) => policy.otherBrowser],
  ['codeLength', (policy) => `${policy.codeLength} digits`],
  ['codeTries', (policy) => `${policy.codeTries} per code`],
  ['addressTries', (policy) => `${policy.addressTries} per mail`],
  ['codeFailures', (policy) => windows(policy.codeFailures)],
  ['breaker', (policy) => (policy.breaker === null ? 'none' : rate(policy.breaker))],
  ['resendAfter', (policy) => duration('en', policy.resendAfter)],
  ['mailsPerLinkTtl', (policy) => `${policy.mailsPerLinkTtl}`],
  ['mailsPerAddress', (policy) => windows(policy.mailsPerAddress)],
  ['codeInSubject', (policy) => (policy.codeInSubject ? 'yes' : 'no')],
  ['challengeTtl', (policy) => duration('en', policy.challengeTtl)],
  ['starts.network', (policy) => rate(policy.starts.network)],
  ['starts.networkWide', (policy) => rate(policy.starts.networkWide)],
  ['starts.browser', (policy) => rate(policy.starts.browser)],
  ['starts.tenant', (policy) => rate(policy.starts.tenant)],
  ['signUp', (policy) => policy.signUp],
  ['session.idle', (policy) => duration('en', policy.session.idle)],
  ['session.absolute', (policy) => duration('en', policy.session.absolute)],
  ['session.most', (policy) => `${policy.session.most} per person`],
  ['recentProof', (policy) => duration('en', policy.recentProof)],
  ['changeEmail.confirm', (policy) => policy.changeEmail.confirm],
  ['changeEmail.undo', (policy) => duration('en', policy.changeEmail.undo)],
  ['changeEmail.asks', (policy) => rate(policy.changeEmail.asks)],
  ['invitationTtl', (policy) => duration('en', policy.invitationTtl)],
  ['quietAfterNotMe', (policy) => (policy.quietAfterNotMe === null ? 'never' : duration('en', policy.quietAfterNotMe))],
  ['dormantAfter', (policy) => (policy.dormantAfter === null ? 'never' : duration('en', policy.dormantAfter))],
  ['newDeviceNotice', (policy) => (policy.newDeviceNotice ? 'yes' : 'no')],
  ['recovery.codes', (policy) => String(policy.recovery.codes)],
  ['recovery.tries', (policy) => rate(policy.recovery.tries)],
  ['recovery.backup', (policy) => (policy.recovery.backup ? 'yes' : 'no')],
  ['recovery.mailTtl', (policy) => duration('en', policy.recovery.mailTtl)],
  ['recovery.wait', (policy) => (policy.recovery.wait === null ? 'off' : duration('en', policy.recovery.wait))],
  ['recovery.approvals', (policy) => String(policy.recovery.approvals)],
  ['recovery.sessionTtl', (policy) => duration('en', policy.recovery.sessionTtl)],
  ['replayWindow', (policy) => duration('en', policy.replayWindow)],
  ['autoSubmitDelay', (policy) => duration('en', policy.autoSubmitDelay)],
  ['mailUsefulFor', (policy) => duration('en', policy.mailUsefulFor)],
  ['keep.challenges', (policy) => duration('en', policy.keep.challenges)],
  ['keep.sessions', (policy) => duration('en', policy.keep.sessions)],
  ['keep.events', (policy) => duration('en', policy.keep.events)],
  ['keep.limits', (policy) => duration('en', policy.keep.limits)],
  ['addressInEvents', (policy) => policy.addressInEvents],
]

/** What may stand in a setting, as the policy itself says it of a value that may not. */
function boundsOf(name: string): string {
  const [group = '', key] = name.split('.')
  const given = (value: unknown): object => ({ [group]: key === undefined ? value : { [key]: value } })
  const problem = (value: unknown): string => {
    const result = readPolicy(given(value))
    return result.ok ? '' : result.problems.join('; ')
  }
  const refused = (...values: unknown[]): boolean => values.every((value) => problem(value) !== '')
  const value = name.split('.').reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], preset('standard'))
  const window = { count: 1, per: '1h' }
  if (typeof value === 'boolean') return refused('yes', null) ? 'yes, no' : ''
  if (typeof value === 'string') return [...problem('?').matchAll(/"(\w+)"/g)].map((match) => match[1]).join(', ')
  // Off as it comes: a duration, or a rate.
  const between = /between (\w+) and (\w+)/.exec(problem(-1)) ?? []
  if (value === null && between.length > 0) return `${between[1]} to ${between[2]}, or null`
  if (typeof value === 'number') {
    const least = between[1] ?? />=(\d+)/.exec(problem(-1))?.[1]
    return `${least} to ${between[2] ?? /<=(\d+)/.exec(problem(1e15))?.[1]}`
  }
  if (Array.isArray(value) && typeof value[0] === 'string')
    return `${[...problem(['?']).matchAll(/"(\w+)"/g)].map((match) => match[1]).join(', ')}, or both`
  if (Array.isArray(value))
    return refused([], Array(6).fill(window)) && problem(Array(5).fill(window)) === '' ? '1 to 5 windows' : 'other windows'
  expect(refused({ count: 0, per: '1h' }, { count: 1e9 + 1, per: '1h' }, { count: 1, per: '999ms' }, { count: 1, per: '366d' })).toBe(true)
  return problem(null) === '' ? 'a rate, or null' : 'a rate'
}

describe('docs/policy.md', () => {
  const presets = ['strict', 'standard', 'corporate'].map(preset)
  const page = read('docs/policy.md')

  test.each(shown)('%s has the numbers and the bounds of the policy', (name, show) => {
    expect(page).toContain(`| \`${name}\` | ${presets.map(show).join(' | ')} | ${boundsOf(name)} |`)
  })

  test('it leaves no setting out, and says of each why it is as it is', () => {
    const groups = new Set(shown.map(([name]) => name.split('.')[0]))
    expect(Object.keys(preset('standard')).filter((key) => !groups.has(key))).toEqual([])
    const prose = page.split(/^## Links and codes$/m)[1] ?? ''
    const silent = shown
      .map(([name]) => name)
      .filter((name) => !prose.includes(`**\`${name}\`**`) && !prose.includes(`**\`${name.split('.')[0]}\`**`))
    expect(silent).toEqual([])
  })

  test('the tour of it in the README has its numbers', () => {
    const { linkTtl, codeTtl, codeLength, codeTries, codeFailures, session } = preset('standard')
    const say = (ms: number): string => duration('en', ms)
    const readme = read('README.md')
    expect(readme).toContain(`| a link works for | ${say(linkTtl)}, `)
    expect(readme).toContain(`| a code works for | ${say(codeTtl)}, \`codeTtl\`; it has ${codeLength} digits and ${codeTries} tries |`)
    expect(readme).toContain(`| wrong codes per address | ${windows(codeFailures)}, `)
    expect(readme).toContain(`| a session lives for | ${say(session.absolute)}, ${say(session.idle)} of them unused |`)
  })
})

test('what docs/why-get-changes-nothing.md says was measured stands in the table of it', () => {
  const rows = read('docs/why-get-changes-nothing.md').match(/^\| [A-Z]{2}-\d+ \|.*$/gm) ?? []
  expect(rows.length).toBeGreaterThan(5)
  expect(rows.filter((row) => !read('docs/preflight-peers.md').includes(row))).toEqual([])
})

test('docs/preflight.md lists every case, and it and the README say how many there are', () => {
  const page = read('docs/preflight.md')
  expect(page).toContain(`There are ${cases.length}.`)
  expect(read('README.md')).toContain(`would, in ${cases.length} cases: [preflight]`)
  expect(read('CHANGELOG.md')).toContain(`from outside, in ${cases.length} cases:`)
  const rows = [...new Set(cases.map(({ area }) => area))].map(
    (area) =>
      `| ${area} | ${cases
        .filter((one) => one.area === area)
        .map(({ id }) => id)
        .join(' ')} |`,
  )
  expect(rows.filter((row) => !page.includes(row))).toEqual([])
})

test('the README says of every run-time dependency, and of no other, what it does', () => {
  const section =
    read('README.md')
      .split(/^## Run-time dependencies$/m)[1]
      ?.split(/^## /m)[0] ?? ''
  const listed = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])
  expect(listed).toEqual(Object.keys(manifest.dependencies).sort())
})

test('docs/operating.md names every line that the server logs', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.test\./.test(file),
  )
  const text = sources.map((file) => read(join('src', file))).join('\n')
  const logged = [...text.matchAll(/\blog\.(?:event|warn|error)\('(\w+)'/g)].map((match) => match[1] ?? '')
  expect(logged.length).toBeGreaterThan(10)
  expect([...new Set(logged)].filter((name) => !read('docs/operating.md').includes(`\`${name}\``))).toEqual([])
})

test('every case that is cited as evidence has a test that bears its name', () => {
  const own = fileURLToPath(import.meta.url)
  const tests = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(root, folder, file))
      .filter((file) => file.endsWith('.test.ts') && file !== own),
  )
  // In a string: a title, or the name of a row that becomes one. A comment proves nothing.
  const titles = tests.flatMap((file) => readFileSync(file, 'utf8').match(/^(?!\s*\/\/).*['"`].*\b[A-Z]{2}-\d{2}\b.*$/gm) ?? []).join('\n')
  const cited = new Set([...everything.matchAll(/\b(?:SC|TK|RC|RL|EN|CS|RD|HH|IN|UN|FA|SE|AU|TE)-\d{2}\b/g)].map(([id]) => id))
  expect(cited.size).toBeGreaterThan(20)
  expect([...cited].filter((id) => !titles.includes(id))).toEqual([])
})
