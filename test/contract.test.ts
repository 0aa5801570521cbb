// The contract: what is published is what the routes do, and a change of it is seen in review.
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { paths } from '../src/core/paths.ts'
import { type ReasonCode, reasons } from '../src/core/reason.ts'
import { openapi, operations } from '../src/http/contract.ts'
import { appVersion } from '../src/versions.ts'
import { breachOf } from './contract.ts'
import { Browser, ORIGIN, startKit } from './kit.ts'

const COOKIES = { browser: '__Host-postkey-browser', session: '__Host-postkey-session' }

test('it is OpenAPI 3.1', async () => {
  const document = openapi({ url: ORIGIN, version: '1.2.3' }, COOKIES)
  const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>)
  expect([valid, errors]).toEqual([true, undefined])
})

test('docs/openapi.json is what this version publishes: whoever changes it shows that in review', () => {
  const published = JSON.parse(readFileSync(new URL('../docs/openapi.json', import.meta.url), 'utf8')) as object
  expect(published, 'run: npm run build && node scripts/openapi.mjs').toEqual(
    JSON.parse(JSON.stringify(openapi({ url: 'https://auth.example.com', version: appVersion }, COOKIES))),
  )
})

test('a server publishes its own, with its address and the names of its cookies', async () => {
  await using kit = await startKit({ basePath: '/auth' })
  const answer = await kit.browser().get('/auth/openapi.json')
  const { servers, components } = answer.json() as {
    servers: { url: string }[]
    components: { securitySchemes: Record<string, { name?: string }> }
  }
  expect([answer.status, answer.headers.get('content-type'), servers]).toEqual([200, 'application/json', [{ url: `${ORIGIN}/auth` }]])
  expect(components.securitySchemes['session']?.name).toBe('__Host-postkey-session')
})

test('every route of the API stands in it', () => {
  const routes = Object.values(paths).filter((path) => path.startsWith('/api/'))
  const written = Object.keys(operations).filter((path) => path.startsWith('/api/') && !path.includes('{') && !path.endsWith('/find'))
  expect(written.sort()).toEqual([...routes].sort())
})

test('the type of every problem leads to the page that says what it means', async () => {
  await using kit = await startKit()
  const page = (await kit.browser().get('/reasons')).text
  const codes = new Set(Object.values(operations).flatMap((methods) => Object.values(methods).flatMap(({ reasons: own }) => own)))
  for (const code of codes) expect(page).toContain(`id="${reasons[code as ReasonCode].face}"`)
  const { type } = (await kit.browser().api('POST', '/api/sign-in', { email: 'nobody' })).json() as { type: string }
  expect(type).toBe(`${ORIGIN}/reasons#address_invalid`)
})

describe('an answer that is not in it is found', () => {
  const json = 'application/json'
  const time = '2026-11-26T09:00:00.000Z'
  const id = '0123456789abcdef'
  const asked = { challenge: id, methods: ['link'], codeLength: 6, expiresAt: time, resendAt: time, requestId: id }
  const problem = { type: 'x', title: 'x', status: 422, detail: 'x', nextStep: 'x', reason: 'address_invalid', requestId: id }

  test.each([
    ['POST', '/api/sign-in', 202, json, asked, null],
    ['POST', '/auth/api/sign-in', 202, json, asked, null],
    ['POST', '/api/sign-in', 202, json, { ...asked, secret: 'x' }, /additional properties/],
    ['POST', '/api/sign-in', 202, json, { ...asked, methods: ['pigeon'] }, /allowed values/],
    ['POST', '/api/sign-in', 202, json, { ...asked, expiresAt: 'soon' }, /date-time/],
    ['POST', '/api/sign-in', 200, json, asked, /does not know/],
    ['POST', '/api/sign-in', 202, 'text/html', asked, /the contract says application\/json/],
    ['POST', '/api/sign-in', 422, 'application/problem+json', problem, null],
    ['POST', '/api/sign-in', 422, 'application/problem+json', { ...problem, reason: 'code_wrong' }, /allowed values/],
    ['POST', '/api/sign-in', 422, json, problem, /the contract says application\/problem\+json/],
    ['GET', '/api/sign-in', 200, json, {}, /is in no contract/],
    ['GET', '/api/people', 200, json, {}, /is in no contract/],
    ['DELETE', '/api/session', 204, null, {}, /should have none/],
  ])('%s %s %i %s %j', (method, path, status, type, body, wrong) => {
    const breach = breachOf(method, path, { status, type, text: JSON.stringify(body) })
    if (wrong === null) expect(breach).toBeNull()
    else expect(breach).toMatch(wrong)
  })

  test('a story that gets one ends there', async () => {
    const handler = async (): Promise<Response> => Response.json({ user: 'ada' })
    await expect(new Browser({ handler }, ORIGIN).api('GET', '/api/session')).rejects.toThrow(/the contract is broken: GET \/api\/session/)
  })
})
