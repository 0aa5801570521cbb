// How a version goes out, as far as it can be held to what docs/releasing.md says of it before the first one does: what the workflows may
// do and in which order, what stops a release, and the bill of materials.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly needs?: string
  readonly environment?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes': number
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly name: string
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly publishConfig: object
}

const manifest = JSON.parse(read('package.json')) as Manifest
const workflow = (name: string): Workflow => parse(read(`.github/workflows/${name}`)) as Workflow
const runsOf = (job: Job | undefined): string[] => (job?.steps ?? []).flatMap(({ run }) => (run === undefined ? [] : [run]))

describe.each(readdirSync(join(root, '.github/workflows')))('.github/workflows/%s', (file) => {
  const jobs = Object.values(workflow(file).jobs)
  const steps = jobs.flatMap((job) => job.steps)

  test('actions are pinned by the hash of a commit, beside which its version stands', () => {
    const uses = read(`.github/workflows/${file}`).match(/^\s*- uses:.*$/gm) ?? []
    expect(uses).toHaveLength(steps.filter((step) => step.uses !== undefined).length)
    for (const line of uses) expect(line).toMatch(/uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('what runs is there, and nothing that others can write is put into it', () => {
    for (const run of jobs.flatMap(runsOf)) {
      expect(run).not.toContain('${{')
      const [, script] = /^npm run ([\w:]+)/.exec(run) ?? []
      if (script !== undefined) expect(manifest.scripts).toHaveProperty([script])
      const [, program] = /^(?:node )?(\.ci\/run|scripts\/\S+)/.exec(run) ?? []
      if (program !== undefined) expect(existsSync(join(root, program)), program).toBe(true)
    }
  })

  test('no secret, no cache, no credentials left in the checkout, and no job without an end', () => {
    expect(read(`.github/workflows/${file}`)).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|^\s+cache:/m)
    for (const { uses = '', with: given } of steps) {
      if (uses.startsWith('actions/checkout@')) expect(given?.['persist-credentials']).toBe(false)
      if (uses.startsWith('actions/setup-node@')) expect(given?.['package-manager-cache']).toBe(false)
    }
    for (const job of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(90)
  })
})

test('every change is tested as .ci/run does it, and dependencies are looked at each week', () => {
  const { on, permissions, jobs } = workflow('ci.yml')
  expect(Object.keys(on).sort()).toEqual(['pull_request', 'push', 'schedule'])
  expect(permissions).toEqual({ contents: 'read' })
  expect(Object.values(jobs).flatMap(runsOf)).toEqual(['.ci/run', 'npm ci --no-audit --no-fund', 'npm audit', 'npm audit signatures'])
})

describe('a release', () => {
  const { on, permissions, jobs } = workflow('release.yml')

  test('is begun by the tag of a version, and by nothing else', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } })
  })

  test('checks, then publishes, then announces', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['check', undefined],
      ['publish', 'check'],
      ['announce', 'publish'],
    ])
    expect(runsOf(jobs['check'])).toEqual(['node scripts/release.mjs "$GITHUB_REF_NAME"', 'npm audit --omit=dev', '.ci/run'])
    expect(runsOf(jobs['publish'])).toEqual([
      'npm ci --no-audit --no-fund',
      'npm run build --silent',
      'npm publish --provenance --access public',
    ])
    const [notes, bill, create] = runsOf(jobs['announce'])
    expect(notes).toBe('node scripts/release.mjs "$GITHUB_REF_NAME" > "$RUNNER_TEMP/notes.md"')
    expect(bill).toBe('npm run sbom --silent > "$RUNNER_TEMP/postkey.cdx.json"')
    expect(create).toMatch(/^gh release create "\$GITHUB_REF_NAME" --verify-tag .*"\$RUNNER_TEMP\/postkey\.cdx\.json"$/)
  })

  test('has no more rights than each part of it needs', () => {
    expect(permissions).toEqual({})
    expect(Object.entries(jobs).map(([name, job]) => [name, job.permissions])).toEqual([
      ['check', { contents: 'read' }],
      ['publish', { contents: 'read', 'id-token': 'write' }],
      ['announce', { contents: 'write' }],
    ])
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true })
  })

  test('is told of as it is: whom npm has to trust, and every part', () => {
    const page = read('docs/releasing.md')
    expect(page).toContain('| workflow | `release.yml` |')
    expect(page).toContain(`| environment | \`${jobs['publish']?.environment}\` |`)
    for (const name of Object.keys(jobs)) expect(page).toContain(`| \`${name}\` |`)
  })
})

describe('what stops a release', async () => {
  type Given = { tag: string; home?: string | undefined; manifest: object; lock: object; changelog: string }
  const { release } = (await import(new URL('../scripts/release.mjs', import.meta.url).href)) as {
    release(given: Given): { problems: string[]; notes: string }
  }
  const home = 'https://github.com/example/postkey'
  const good: Given = {
    tag: 'v1.2.3',
    home,
    manifest: { version: '1.2.3', repository: { type: 'git', url: `git+${home}.git` } },
    lock: { version: '1.2.3' },
    changelog:
      '# Changelog\n\n## 1.2.3 - 2027-01-31\n\n- See [this](docs/a.md), [that](https://example.com/).\n\n## 1.2.2 - 2027-01-01\n\n- Old.\n',
  }

  test('nothing, where all is as it should be; then it says what is new', () => {
    expect(release(good)).toEqual({ problems: [], notes: `- See [this](${home}/blob/v1.2.3/docs/a.md), [that](https://example.com/).` })
    expect(release({ ...good, home: undefined }).problems).toEqual([])
  })

  const wrong: readonly [string, Partial<Given>, string][] = [
    ['a tag of another version', { tag: 'v1.2.4' }, 'the tag is v1.2.4, and package.json has 1.2.3'],
    ['a tag without its v', { tag: '1.2.3' }, 'the tag is 1.2.3, and'],
    ['another version in the lock file', { lock: { version: '1.2.2' } }, 'package-lock.json has 1.2.2'],
    ['no repository', { manifest: { version: '1.2.3' } }, '"repository" has to be'],
    ['another repository', { home: 'https://github.com/fork/postkey' }, 'git+https://github.com/fork/postkey.git'],
    ['no part of the changelog', { changelog: '## 1.2.30 - 2027-01-31\n\n- x\n' }, 'has no part "## 1.2.3 - DATE"'],
    ['a part without its day', { changelog: '## 1.2.3 - unreleased\n\n- x\n' }, 'needs the day of the release'],
    ['an empty part', { changelog: '## 1.2.3 - 2027-01-31\n\n## 1.2.2 - 2027-01-01\n\n- x\n' }, 'says nothing of 1.2.3'],
  ]

  test.each(wrong)('%s', (_, change, told) => {
    const { problems } = release({ ...good, ...change })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(told)
  })

  test('a version that is none', () => {
    const { problems } = release({ ...good, tag: 'v1.2.3-rc.1', manifest: { ...good.manifest, version: '1.2.3-rc.1' } })
    expect(problems[0]).toContain('1.2.3-rc.1 is not a version like 1.2.3')
  })
})

describe('the bill of materials', () => {
  let bill: {
    readonly metadata: { readonly component: { readonly name: string; readonly purl: string } }
    readonly components: readonly { readonly purl: string; readonly hashes?: readonly object[]; readonly licenses?: readonly object[] }[]
    readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
  }
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/sbom.mjs')], { maxBuffer: 8_388_608 })
    bill = JSON.parse(stdout) as typeof bill
  })
  const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

  test('is valid CycloneDX 1.5', () => {
    const schemas = join(dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema')
    const schema = (name: string): object => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object
    const schemasAt = Object.fromEntries(
      ['spdx', 'jsf-0.82'].map((name) => [`http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`, schema(name)]),
    )
    const ajv = new Ajv({ strict: false, schemas: schemasAt, formats: { 'iri-reference': true, 'idn-email': true } })
    addFormats.default(ajv)
    const validate = ajv.compile(schema('bom-1.5'))
    const faults = (what: object): string => (validate(what) ? '' : ajv.errorsText(validate.errors))
    expect(faults(bill)).toBe('')
    expect(faults({ ...bill, components: [{ type: 'library' }] })).toContain("must have required property 'name'")
  })

  test('names this version, and every run-time dependency with theirs, and none of development', () => {
    expect(bill.metadata.component).toMatchObject({ name: 'postkey', purl: purl('postkey', manifest.version) })
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Readonly<Record<string, { version: string; dev?: true; peer?: true }>>
    }
    const installed = Object.entries(packages).filter(([at, { dev, peer }]) => at !== '' && !dev && !peer)
    const expected = installed.map(([at, { version }]) => purl(at.replace(/^.*node_modules\//, ''), version))
    expect(bill.components.map((component) => component.purl).sort()).toEqual(expected.sort())
    for (const [name, version] of Object.entries(manifest.dependencies)) expect(expected).toContain(purl(name, version))
    const own = bill.dependencies.find(({ ref }) => ref === `postkey@${manifest.version}`)
    expect(own?.dependsOn.length).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies).length)
  })

  test('says of each its hash and its licence', () => {
    expect(bill.components.filter(({ hashes = [], licenses = [] }) => hashes.length === 0 || licenses.length === 0)).toEqual([])
  })
})
