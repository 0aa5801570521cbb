// Users by JSON: a program with a key of the tenant makes, invites, finds and ends them; for everybody else there is nothing there. Every answer is
// held against the contract by the kit.
import { describe, expect, test } from 'vitest'
import { makeKey } from '../../src/flow/admin.ts'
import { openStore } from '../../src/store/open.ts'
import { type Answer, type Kit, signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const AT = '/api/admin/users'
const ADA = 'ada@example.net'

type Ask = (method: string, path?: string, body?: unknown) => Promise<Answer>

describe.each(sharedDatabases)('the API for users, %s', (_, fresh) => {
  async function story(
    tell: (kit: Kit, holder: (tenant: string, scope: 'read' | 'write', base?: string) => Promise<Ask>) => Promise<void>,
  ) {
    const database = await fresh()
    try {
      await using kit = await startKit({ database: database.url, policy: { signUp: 'invited' } })
      const store = await openStore(database.url, {})
      for (const name of ['acme', 'beta']) await kit.postkey.tenants.add(name, { name, prefix: `/t/${name}` })
      await tell(kit, async (tenant, scope, base = tenant === 'default' ? '' : `/t/${tenant}`) => {
        const { text } = await makeKey(store, { tenant, scope, now: Date.now() })
        return (method, path = '', body) =>
          kit.browser({ base }).api(method, `${AT}${path}`, body, { authorization: `Bearer ${text}`, origin: '', 'sec-fetch-site': '' })
      })
      await store.close()
    } finally {
      await database.drop()
    }
  }

  test('made, invited, found, disabled, enabled, ended and erased', async () => {
    await story(async (kit, holder) => {
      const ask = await holder('default', 'write')
      const made = await ask('POST', '', { email: ADA, externalId: '4711', invite: true, locale: 'de' })
      expect([made.status, made.json()]).toMatchObject([
        201,
        { user: { email: ADA, externalId: '4711', confirmedAt: null }, invitation: {} },
      ])
      await kit.settle()
      const { linkId, secret, message } = kit.mailbox.newest(ADA)
      expect(message.subject).toContain('eingeladen')
      const person = kit.browser()
      expect((await person.post(`/l/${linkId}`, { secret, email: ADA, for: 'invite' })).status).toBe(303)
      const { user } = (await ask('POST', '/find', { externalId: '4711' })).json() as { user: { id: string; signInCount: number } }
      expect(user).toMatchObject({ signInCount: 1, email: ADA })
      expect((await ask('POST', '/find', { email: 'Ada@Example.net' })).json()).toMatchObject({ user: { id: user.id } })
      expect((await ask('POST', `/${user.id}/invite`, {})).json()).toMatchObject({ reason: 'user_confirmed', user: { id: user.id } })
      expect((await ask('POST', '', { email: ADA })).json()).toMatchObject({ reason: 'user_exists', user: { id: user.id } })
      expect((await ask('POST', `/${user.id}/disable`)).json()).toMatchObject({ sessions: 1, reason: 'operator_disabled_user' })
      expect(await person.whoAmI()).toBeNull()
      expect((await ask('POST', `/${user.id}/enable`)).status).toBe(200)
      expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
      expect((await ask('POST', `/${user.id}/end-sessions`)).json()).toMatchObject({ sessions: 1 })
      // Ids begin with their time.
      kit.clock.forward(1_000)
      const bob = (await ask('POST', '', { email: 'bob@example.net' })).json() as { user: { id: string } }
      expect((await ask('POST', `/${bob.user.id}/invite`, { returnTo: 'https://elsewhere.example/' })).status).toBe(400)
      expect((await ask('POST', `/${bob.user.id}/invite`, {})).status).toBe(202)
      const pages = (await ask('GET', '?limit=1')).json() as { users: { id: string }[]; next: string }
      const rest = (await ask('GET', `?after=${pages.next}`)).json() as { users: { id: string }[]; next: null }
      expect([...pages.users, ...rest.users].map(({ id }) => id)).toEqual([user.id, bob.user.id])
      expect((await ask('DELETE', `/${user.id}`)).status).toBe(200)
      expect((await ask('DELETE', `/${bob.user.id}/erase`)).status).toBe(200)
      for (const id of [user.id, bob.user.id]) expect((await ask('GET', `/${id}`)).status).toBe(404)
    })
  })

  test('what cannot be is a problem or a refusal, and nothing is made', async () => {
    await story(async (kit, holder) => {
      const ask = await holder('default', 'write')
      for (const [body, status, reason] of [
        [{ email: 'ada' }, 422, 'address_invalid'],
        [{ email: ADA, externalId: 'a b' }, 400, 'body_malformed'],
        [{ email: ADA, admin: true }, 400, 'body_malformed'],
        [[], 400, 'body_malformed'],
      ] as const) {
        const answer = await ask('POST', '', body)
        expect([answer.status, answer.reason]).toEqual([status, reason])
      }
      for (const [method, path] of [
        ['POST', '/AAAAAAAAAAAAAAAA/disable'],
        ['DELETE', '/AAAAAAAAAAAAAAAA'],
        ['GET', '/nobody'],
      ] as const)
        expect((await ask(method, path)).reason).toBe('person_unknown')
      expect((await ask('POST', '/AAAAAAAAAAAAAAAA/promote')).reason).toBe('route_unknown')
      expect((await kit.postkey.users.list()).users).toEqual([])
    })
  })

  test('TE-09: a key reaches the users of its tenant, one that reads changes none, and without one there is nothing', async () => {
    await story(async (kit, holder) => {
      const acme = await holder('acme', 'write')
      const { user } = (await acme('POST', '', { email: ADA })).json() as { user: { id: string } }
      const over = await holder('default', 'write', '/t/acme')
      const others: readonly (readonly [string, Ask])[] = [
        ['beta at acme', await holder('beta', 'write', '/t/acme')],
        ['acme at default', await holder('acme', 'write', '')],
        [
          'nobody',
          (method, path = '', body) =>
            kit
              .browser({ base: '/t/acme' })
              .api(method, `${AT}${path}`, body, { authorization: 'Bearer x', origin: '', 'sec-fetch-site': '' }),
        ],
      ]
      const wishes = [
        ['GET', ''],
        ['GET', `/${user.id}`],
        ['POST', '/find', { email: ADA }],
        ['POST', '', { email: 'bob@example.net' }],
        ['POST', `/${user.id}/disable`],
        ['POST', `/${user.id}/invite`, {}],
        ['DELETE', `/${user.id}`],
        ['DELETE', `/${user.id}/erase`],
      ] as const
      for (const [name, ask] of others)
        for (const wish of wishes)
          expect([name, ...wish.slice(0, 2), (await ask(wish[0], wish[1], wish[2])).status]).toEqual([name, ...wish.slice(0, 2), 404])
      const reads = await holder('acme', 'read')
      for (const [at, wish] of wishes.entries())
        expect([at, (await reads(wish[0], wish[1], wish[2])).status]).toEqual([at, at < 3 ? 200 : 404])
      expect(await kit.postkey.usersOf('acme').find({ email: ADA })).toMatchObject({ status: 'active' })
      expect((await over('GET', `/${user.id}`)).status).toBe(200)
      const { text } = await over('GET')
      expect(text).toContain(ADA)
    })
  })
})
