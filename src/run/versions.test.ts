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

test('the templates have a version', () => {
  expect(templateVersion).toMatch(/^\S+$/)
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
