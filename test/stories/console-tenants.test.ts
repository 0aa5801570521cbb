// The tenants in the console: what operators of the installation see and change there, what is written down of it, and that to everybody
// else, operators of a tenant among them, there is nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type Answer, type Browser, type BrowserOptions, decideAgain, type Kit, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const AT = '/console/tenants'
const OPS = 'ops@example.net'
const ACME_OPS = 'ops@acme.example'
const AT_ACME: BrowserOptions = { origin: 'https://auth.acme.example' }
const AT_BETA: BrowserOptions = { base: '/t/beta' }
const settings = (value: unknown): string => JSON.stringify(value, null, 2).replaceAll('\n', '\r\n')

describe.each(sharedDatabases)('tenants in the console on %s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  let operator: Browser
  let operatorId: string
  /** Looks beside the one that serves. */
  let store: Store

  beforeAll(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url, operators: [OPS] })
    await kit.postkey.tenants.add('acme', { name: 'Acme', hosts: ['auth.acme.example'], policy: 'strict', operators: [ACME_OPS] })
    await kit.postkey.tenants.add('beta', { name: 'Beta', prefix: '/t/beta', operators: [ACME_OPS] })
    operator = await signIn(kit, OPS)
    operatorId = ((await operator.api('GET', '/api/session')).json() as { user: { id: string } }).user.id
    store = await openStore(database.url, { now: kit.clock.now })
  })
  afterAll(async () => {
    const findings = store === undefined ? [] : await decideAgain(store)
    await store?.close()
    await kit?.close()
    await database?.drop()
    expect(findings).toEqual([])
  })

  const eventsOf = (tenant: string) => store.readEvents(tenant, { requestId: '', id: '' }, 10_000)
  const rowOf = async (tenant: string) => (await store.readTenants(0, 1_000)).find((row) => row.tenant === tenant)
  const versionIn = (page: Answer): string => /name="version" value="(\d+)"/.exec(page.text)?.[1] ?? ''
  /** What an operator would do about anything. */
  const everyAct = async (browser: Browser, about: string): Promise<Answer[]> => [
    await browser.get(AT),
    await browser.get(`${AT}/${about}`),
    await browser.get(`${AT}/nobody`),
    await browser.post(AT, { tenant: 'made', settings: settings({ name: 'Made', prefix: '/t/made' }) }),
    await browser.post(`${AT}/${about}`, { act: 'set', version: '1', settings: settings({ name: 'Other', prefix: '/t/other' }) }),
    await browser.post(`${AT}/${about}`, { act: 'suspend' }),
    await browser.post(`${AT}/${about}`, { act: 'resume' }),
    await browser.post(`${AT}/${about}`, { act: 'remove', sure: about }),
  ]

  test('all of them, and one of them, with what it has otherwise; every look is written down', async () => {
    const list = await operator.get(AT)
    expect(list.status).toBe(200)
    for (const text of ['>Acme<', 'https://auth.acme.example', '>Beta<', 'https://auth.example.com/t/beta'])
      expect(list.text).toContain(text)
    const page = await operator.get(`${AT}/acme`)
    for (const text of ['auth.acme.example', ACME_OPS, 'as the installation', 'codeLength', '6 in standard', '>Suspend<'])
      expect(page.text).toContain(text)
    expect(page.text).not.toContain('Remove this tenant')
    expect((await operator.get(`${AT}/nobody`)).status).toBe(404)
    const looks = (await eventsOf('default')).filter(({ facts }) => (facts as { page?: string }).page === `${AT}/…`)
    expect(looks.map(({ reason, facts }) => [reason, (facts as { tenant: string }).tenant]).sort()).toEqual([
      ['operator_looked', 'acme'],
      ['operator_looked', 'nobody'],
    ])
    expect((await operator.get('/console')).text).toContain(`href="${AT}"`)
  })

  test('TE-09: operators of a tenant find nothing there, of another or of their own, before anything is looked up or written', async () => {
    for (const [name, at] of [
      ['acme', AT_ACME],
      ['beta', AT_BETA],
    ] as const) {
      const own = await signIn(kit, ACME_OPS, kit.browser(at))
      expect((await own.get('/console')).text).not.toContain(`${AT}"`)
      const before = await Promise.all(['default', 'acme', 'beta'].map(async (tenant) => (await eventsOf(tenant)).length))
      for (const about of ['acme', 'beta', 'default'])
        for (const answer of await everyAct(own, about)) {
          expect([name, about, answer.status]).toEqual([name, about, 404])
          expect(answer.text).toContain('There is no page here')
        }
      const after = await Promise.all(['default', 'acme', 'beta'].map(async (tenant) => (await eventsOf(tenant)).length))
      expect([name, after]).toEqual([name, before])
    }
  })

  test('TE-09: at the installation they are nobody, with the session of their tenant or with one of the installation', async () => {
    const own = await signIn(kit, ACME_OPS, kit.browser(AT_BETA))
    const carried = kit.browser({ cookies: own.cookies })
    for (const answer of await everyAct(carried, 'beta'))
      expect([answer.status, answer.location]).toEqual([303, expect.stringMatching(/^\/sign-in\?/)])
    const stranger = await signIn(kit, ACME_OPS)
    for (const answer of await everyAct(stranger, 'acme')) {
      expect(answer.status).toBe(404)
      expect(answer.text).not.toMatch(/Acme|Beta/)
    }
    expect([(await rowOf('acme'))?.status, (await rowOf('beta'))?.status, await rowOf('made')]).toEqual(['active', 'active', undefined])
  })

  test('from nothing to a tenant that people sign in at, changed, suspended, resumed and removed; each act an event that says who', async () => {
    const made = await operator.post(AT, {
      tenant: 'made',
      settings: settings({ name: 'Made', prefix: '/t/made', policy: 'strict', support: 'a@b.example' }),
    })
    expect([made.status, made.location]).toEqual([303, `${AT}/made?said=tenant_added`])
    const page = await operator.get(made.location)
    expect(page.text).toContain('A tenant was added.')
    await kit.postkey.tenants.set('acme', {})
    await signIn(kit, 'ada@example.net', kit.browser({ base: '/t/made' }))

    const changed = await operator.post(`${AT}/made`, {
      act: 'set',
      version: versionIn(page),
      settings: settings({ name: 'Made <anew>', prefix: '/t/made', operators: ['Ops@Made.Example'] }),
    })
    expect(changed.location).toBe(`${AT}/made?said=tenant_changed`)
    // The whole of them: what is left out is taken back.
    expect((await rowOf('made'))?.settings).toEqual({ name: 'Made <anew>', operators: ['Ops@Made.Example'] })
    expect((await operator.get(changed.location)).text).toContain('Made &lt;anew&gt;')

    const act = async (act: string, sure?: string): Promise<unknown[]> => {
      const answer = await operator.post(`${AT}/made`, { act, ...(sure === undefined ? {} : { sure }) })
      return [answer.status, answer.location, (await rowOf('made'))?.status]
    }
    expect(await act('remove', 'made')).toEqual([409, '', 'active'])
    expect(await act('suspend')).toEqual([303, `${AT}/made?said=tenant_suspended`, 'suspended'])
    expect(await act('suspend')).toEqual([409, '', 'suspended'])
    expect(await act('resume')).toEqual([303, `${AT}/made?said=tenant_resumed`, 'active'])
    await act('suspend')
    for (const unsure of [undefined, '', 'Made', 'acme']) expect(await act('remove', unsure)).toEqual([400, '', 'suspended'])
    expect(await act('remove', 'made')).toEqual([303, `${AT}?said=tenant_removed`, 'removed'])
    expect((await operator.get(`${AT}/made`)).status).toBe(404)

    const its = await eventsOf('made')
    const told = its.filter(({ reason }) => reason.startsWith('tenant_'))
    expect(told.map(({ reason }) => reason).sort()).toEqual([
      'tenant_added',
      'tenant_changed',
      'tenant_removed',
      'tenant_resumed',
      'tenant_suspended',
      'tenant_suspended',
    ])
    for (const { facts } of told) expect(facts).toMatchObject({ by: 'console', operator: operatorId })
    const acts = (await eventsOf('default')).filter(({ reason }) => reason === 'operator_at_tenants').map(({ facts }) => facts)
    expect(acts).toContainEqual(expect.objectContaining({ wants: 'tenants', tenant: 'made', does: 'add', operator: operatorId }))
    expect(acts.filter((facts) => (facts as { does: string }).does === 'remove')).toHaveLength(6)
  })

  test('what stands in the way is told in the form, all of it, and what was typed is still there', async () => {
    const typed = settings({ name: '', hosts: ['https://x'], policy: 'lax' })
    const bad = await operator.post(AT, { tenant: 'Bad Name', settings: typed })
    expect(bad.status).toBe(400)
    for (const text of [
      'is no name for a tenant',
      'name: is empty',
      'hosts.0: https://x is no host name',
      'policy: ',
      'value="Bad Name"',
      '&quot;https://x&quot;',
    ])
      expect(bad.text).toContain(text)
    const taken = await operator.post(AT, { tenant: 'taken', settings: settings({ name: 'Taken', prefix: '/t/beta' }) })
    expect([taken.status, taken.text.includes('is that of the tenant &quot;beta&quot;')]).toEqual([409, true])
    for (const text of ['{', '"acme"', 'null', '']) {
      const answer = await operator.post(AT, { tenant: 'taken', settings: text })
      expect([text, answer.status]).toEqual([text, 400])
    }
    expect(await rowOf('taken')).toBeUndefined()
    const nobody = await operator.post(`${AT}/nobody`, { act: 'suspend' })
    expect(nobody.status).toBe(404)
    for (const form of [{ act: 'become' }, { act: 'set', settings: '{}' }, { act: 'set', settings: '{}', version: 'x' }] as Record<
      string,
      string
    >[])
      expect((await operator.post(`${AT}/acme`, form)).status).toBe(400)
  })

  test('what somebody changed meanwhile is not written over', async () => {
    const version = versionIn(await operator.get(`${AT}/beta`))
    await kit.postkey.tenants.set('beta', { support: 'help@beta.example' })
    const late = await operator.post(`${AT}/beta`, { act: 'set', version, settings: settings({ name: 'Late', prefix: '/t/beta' }) })
    expect([late.status, late.text.includes('meanwhile'), versionIn(late)]).toEqual([409, true, version])
    expect((await rowOf('beta'))?.settings).toMatchObject({ name: 'Beta', support: 'help@beta.example' })
  })

  test('CS-05, CS-07: no other site, and no GET, makes an operator change a tenant', async () => {
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://auth.acme.example', 'sec-fetch-site': 'cross-site' },
      { origin: '', 'sec-fetch-site': '' },
    ])
      expect((await operator.post(`${AT}/acme`, { act: 'suspend' }, headers)).status).toBe(403)
    await operator.get(`${AT}/acme?act=suspend`)
    expect((await rowOf('acme'))?.status).toBe('active')
  })

  test('a proof from more than a quarter of an hour ago is good for a look, and changes nothing', async () => {
    kit.clock.forward(16 * MINUTE)
    expect((await operator.get(`${AT}/acme`)).status).toBe(200)
    for (const [path, form] of [
      [`${AT}/acme`, { act: 'suspend' }],
      [AT, { tenant: 'old', settings: settings({ name: 'Old', prefix: '/t/old' }) }],
    ] as [string, Record<string, string>][]) {
      const answer = await operator.post(path, form)
      expect([answer.status, answer.text.includes(`name="return_to" value="${path}"`)]).toEqual([401, true])
    }
    expect([(await rowOf('acme'))?.status, await rowOf('old')]).toEqual(['active', undefined])
  })
})
