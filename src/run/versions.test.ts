import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Policy, readPolicy } from '../core/policy.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from '../versions.ts'

test('the version in the code is the one of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(appVersion).toBe(version)
})

test('the schema version is the number of the newest migration', () => {
  const numbers = readdirSync(new URL('../store/migrations/', import.meta.url)).map((file) => Number.parseInt(file, 10))
  expect(schemaVersion).toBe(Math.max(...numbers))
})

test('the version of the templates is a hash of all that a person may see: pages, mails and words', () => {
  const src = new URL('../', import.meta.url)
  const files = ['mail', 'page', 'words']
    .flatMap((folder) => readdirSync(new URL(folder, src), { recursive: true, encoding: 'utf8' }).map((file) => `src/${folder}/${file}`))
    .filter((file) => /\.\w+$/.test(file) && !/\.test\.tsx?$|\.generated\.ts$/.test(file))
    .sort()
  const hashOf = (change: (file: string, text: Buffer) => Buffer): string => {
    const hash = createHash('sha256')
    for (const file of files)
      hash
        .update(`${file}\0`)
        .update(change(file, readFileSync(new URL(`../${file}`, src))))
        .update('\0')
    return hash.digest('hex').slice(0, 12)
  }
  expect(templateVersion).toBe(hashOf((_, text) => text))
  for (const one of ['src/words/mail-en.ts', 'src/words/languages/ar.ts', 'src/page/postkey.css', 'src/mail/layout.tsx'])
    expect(hashOf((file, text) => (file === one ? Buffer.concat([text, Buffer.from(' ')]) : text))).not.toBe(templateVersion)
})

test('a policy version follows the rules and not the order they were written in', () => {
  const one = policyOf({ linkTtl: '20m', codeTtl: '5m' })
  const same = policyOf({ codeTtl: '5m', linkTtl: '20m' })
  const other = policyOf({ linkTtl: '21m', codeTtl: '5m' })
  expect(policyVersion(one)).toMatch(/^[0-9a-f]{12}$/)
  expect(policyVersion(same)).toBe(policyVersion(one))
  expect(policyVersion(JSON.parse(JSON.stringify(one)) as Policy)).toBe(policyVersion(one))
  expect(policyVersion(Object.fromEntries(Object.entries(one).reverse()) as Policy)).toBe(policyVersion(one))
  expect(policyVersion(other)).not.toBe(policyVersion(one))
  expect(policyVersion({ ...one, session: { ...one.session, idle: one.session.idle + 1 } })).not.toBe(policyVersion(one))
})

function policyOf(input: object): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}
