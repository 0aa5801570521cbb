// RV-01: somebody is there before the owner of the mailbox. Whichever way an account was made for an address that nobody had proved, the first
// proof is the owner's, and what was there before it is gone.
import { describe, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { askForChange, typeChange } from '../account.ts'
import { postkey } from '../cli.ts'
import { brokenRows } from '../examine.ts'
import { askAndOpen, type Browser, type Kit, signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'
const EVE = 'eve@evil.example'

async function query<R>(url: string, sql: string): Promise<readonly R[]> {
  const engine = await openEngine(url)
  try {
    return await engine.write({ locks: { tenant: '', keys: [], limits: [] }, run: () => all<R>(sql) })
  } finally {
    await engine.close()
  }
}

interface Scene {
  readonly kit: Kit
  readonly url: string
}

/** Every way in which an account comes to be before anybody has proved its mailbox. */
const ways: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  library: ({ kit }) => kit.postkey.users.create({ email: ADA, externalId: 'of-the-squatter' }),
  import: ({ url }) =>
    postkey(['users', 'import', '-', '--format', 'csv', '--database-url', url], {
      // What another system says of the mailbox is not believed, in whatever words.
      input: `email,external_id,confirmed_at,email_verified,confirmed\n${ADA},1,2020-01-01T00:00:00Z,true,1\n`,
    }),
  'command line': ({ url }) => postkey(['users', 'add', ADA, '--database-url', url]),
  'list of operators': async ({ url }) => (await startKit({ database: url, operators: [ADA], now: Date.now })).close(),
}

/**
 * None of them gives anybody a session or makes a browser known. So that there is something to end, somebody gets in all the same, by a way that
 * is yet to be built, and the mark of the proof is taken back.
 */
async function squat({ kit, url }: Scene): Promise<Browser> {
  const squatter = await signIn(kit, ADA)
  await query(url, `update users set confirmed_at = null where email = '${ADA}' returning id`)
  expect(await squatter.whoAmI()).toBe(ADA)
  return squatter
}

const user = (url: string) =>
  query<{ id: string; confirmed: number | null; browsers: string }>(
    url,
    `select id, confirmed_at as confirmed, browsers from users where email = '${ADA}'`,
  )

describe.each(sharedDatabases)('%s', (_, fresh) => {
  describe.each(Object.entries(ways))('made by the %s', (_name, make) => {
    async function story(tell: (scene: Scene) => Promise<void>): Promise<void> {
      const database = await fresh()
      try {
        await postkey(['migrate', '--database-url', database.url])
        await using kit = await startKit({ database: database.url, now: Date.now, policy: { signUp: 'invited' } })
        const scene = { kit, url: database.url }
        await make(scene)
        await tell(scene)
        expect(await brokenRows(database.url)).toEqual([])
      } finally {
        await database.drop()
      }
    }

    test('RV-01: nobody is confirmed or known before the first proof; one mail confirms, and the user is the one that was made', async () => {
      await story(async ({ kit, url }) => {
        const [before] = await user(url)
        expect(before).toMatchObject({ confirmed: null, browsers: '[]' })
        const { browser, linkId, secret } = await askAndOpen(kit, ADA)
        expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
        expect(kit.mailbox.all(ADA)).toHaveLength(1)
        expect(await user(url)).toMatchObject([{ id: before?.id, confirmed: expect.any(Number) as number }])
      })
    })

    test('RV-01: who was in before the first proof is out, by code and by link in either browser, and known no more', async () => {
      for (const way of ['code', 'link', 'other browser'] as const) {
        await story(async (scene) => {
          const squatter = await squat(scene)
          const { kit } = scene
          const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
          const owner = way === 'other browser' ? kit.browser() : browser
          if (way === 'code') await owner.post('/sign-in/code', { c: challenge, code: code ?? '' })
          else await owner.post(`/l/${linkId}`, way === 'link' ? { secret } : { secret, email: ADA })
          expect([way, await squatter.whoAmI(), await owner.whoAmI()]).toEqual([way, null, ADA])
          expect(JSON.parse((await user(scene.url))[0]?.browsers ?? '')).toHaveLength(1)
        })
      }
    })

    test('RV-01: what was asked for before the first proof ends with it: no other address, not even in the browser that asked', async () => {
      await story(async (scene) => {
        const { kit } = scene
        const squatter = await squat(scene)
        const { toNew } = await askForChange(kit, squatter, ADA, EVE)
        // At a machine that the squatter has prepared.
        await signIn(kit, ADA, squatter)
        expect((await typeChange(squatter, toNew, 'change_email')).status).toBe(410)
        expect(await squatter.whoAmI()).toBe(ADA)
      })
    })

    test('RV-01: that is once: a later proof leaves the sessions of the owner alone', async () => {
      await story(async ({ kit }) => {
        const laptop = await signIn(kit, ADA)
        const phone = await signIn(kit, ADA)
        expect([await laptop.whoAmI(), await phone.whoAmI()]).toEqual([ADA, ADA])
      })
    })
  })
})
