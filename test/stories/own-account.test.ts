// What people see of themselves, take along, and delete.
import { describe, expect, test } from 'vitest'
import { askForChange, stepUp, typeChange } from '../account.ts'
import { temporaryDatabase } from '../database.ts'
import { brokenRows } from '../examine.ts'
import { askAndOpen, DAY, MINUTE, ORIGIN, signIn, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'
const NEW = 'ada@new.example'
const SESSION = '__Host-postkey-session'

test('SE-07: the account page shows recent sign-ins, from where and by what; a renewed session is none', async () => {
  await using kit = await startKit()
  const ada = await signIn(kit, ADA, kit.browser({ address: '198.51.100.7' }))
  const { linkId, secret, browser } = await askAndOpen(kit, ADA, { browser: kit.browser({ address: '192.0.2.9' }) })
  await browser.post(`/l/${linkId}`, { secret })
  await browser.post('/sign-out', {})
  kit.clock.forward(DAY)
  const { challenge, code } = await stepUp(kit, ada, ADA)
  await ada.post('/account/confirm/code', { c: challenge, code: code ?? '' })
  const { text } = await ada.get('/account')
  const [, signIns = ''] = text.split('Recent sign-ins')
  expect(signIns).toMatch(/by link · <bdi dir="ltr">192\.0\.2\.0\/24/)
  expect(signIns).toMatch(/by code · <bdi dir="ltr">198\.51\.100\.0\/24/)
  expect(signIns.match(/by (?:link|code) ·/g)).toHaveLength(2)
  for (const path of ['/account/address', '/account/data.json', '/account/delete']) expect(text).toContain(`href="${path}"`)
})

describe('the own data', () => {
  test('is a file with all that rows say of the person, and nothing that opens anything', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const ada = await signIn(kit, ADA)
    await signIn(kit, 'bob@example.net')
    const began = new Date(kit.clock.at).toISOString()
    kit.clock.forward(MINUTE)
    const { toNew } = await askForChange(kit, ada, ADA, NEW)
    await typeChange(ada, toNew, 'change_email')
    kit.clock.forward(MINUTE)
    const mailed = await askAndOpen(kit, NEW)
    const answer = await ada.get('/account/data.json')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition')]).toEqual([
      200,
      'application/json',
      'attachment; filename="my-data.json"',
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json()).toMatchObject({
      at: new Date(kit.clock.at).toISOString(),
      user: { email: NEW, signInCount: 1, createdAt: began },
      sessions: [{ live: true }, { live: false }],
      addressChanges: [{ oldEmail: ADA, newEmail: NEW, undoneAt: null }],
      mails: [
        { purpose: 'change_email', state: 'sent' },
        { purpose: 'sign_in', state: 'sent', usedAt: null },
      ],
    })
    expect(answer.text).not.toContain('bob@example.net')
    const secrets = database
      .rows('select link_digest, code_digest, digest, browser, browsers from mails, sessions, challenges, users')
      .flatMap((row) => Object.values(row))
      .filter((value) => typeof value === 'string' && value.length > 2)
    for (const secret of [...new Set(secrets), mailed.secret, mailed.code, ada.cookies.get(SESSION)])
      expect(answer.text).not.toContain(secret)
  })

  test('is for whoever is signed in', async () => {
    await using kit = await startKit()
    expect((await kit.browser().get('/account/data.json')).location).toContain('/sign-in?return_to=')
  })
})

describe('RV-12: deleting the account', () => {
  test('wants a recent proof, a page that says what goes, and a POST that says yes', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    kit.clock.forward(15 * MINUTE)
    for (const answer of [await ada.get('/account/delete'), await ada.post('/account/delete', { sure: 'yes' })])
      expect(answer.location).toBe(`${ORIGIN}/account/confirm?return_to=${encodeURIComponent(`${ORIGIN}/account/delete`)}`)
    const { challenge, code } = await stepUp(kit, ada, ADA, '/account/delete')
    await ada.post('/account/confirm/code', { c: challenge, code: code ?? '' })
    expect((await ada.get('/account/delete')).text).toContain('Delete my account for good')
    expect((await ada.post('/account/delete', {})).status).toBe(400)
    expect(await ada.whoAmI()).toBe(ADA)
    const answer = await ada.post('/account/delete', { sure: 'yes' })
    expect([answer.status, answer.location, ada.cookies.has(SESSION)]).toEqual([303, '/account/deleted', false])
    expect((await ada.get('/account/deleted')).text).toContain('Your account is deleted')
  })

  test('ends every session and voids every mail; the same address begins anew, and budgets go on counting', async () => {
    await using database = await temporaryDatabase()
    const kit = await startKit({ database: database.url })
    const phone = await signIn(kit, ADA)
    const id = ((await phone.api('GET', '/api/session')).json() as { user: { id: string } }).user.id
    for (let round = 0; round < 2; round++) {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      for (let guess = 0; guess < 5; guess++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, guess) })
      kit.clock.forward(15 * MINUTE)
    }
    const ada = kit.browser()
    const link = await askAndOpen(kit, ADA, { browser: ada })
    await ada.post(`/l/${link.linkId}`, { secret: link.secret })
    const pending = await askAndOpen(kit, ADA)
    const { toNew, undo } = await askForChange(kit, ada, ADA, NEW)
    await ada.post('/account/delete', { sure: 'yes' })

    expect(await phone.whoAmI()).toBeNull()
    expect((await pending.browser.post(`/l/${pending.linkId}`, { secret: pending.secret })).status).toBe(410)
    expect((await kit.browser().post(undo.path, { secret: undo.secret })).status).toBe(404)
    await typeChange(ada, toNew, 'change_email')
    expect(await ada.whoAmI()).toBeNull()
    const rest = ['users', 'challenges', 'address_changes', 'sessions', 'events'].map((table) =>
      JSON.stringify(database.rows(`select * from ${table}`)),
    )
    for (const text of rest) for (const address of [ADA, NEW]) expect(text).not.toContain(address)

    kit.clock.forward(15 * MINUTE)
    const again = await askAndOpen(kit, ADA)
    expect(again.code).toBeNull()
    await again.browser.post(`/l/${again.linkId}`, { secret: again.secret })
    const session = (await again.browser.api('GET', '/api/session')).json() as { user: { id: string; signInCount: number } }
    expect([session.user.id === id, session.user.signInCount]).toEqual([false, 1])
    const { at } = kit.clock
    await kit.close()
    expect(await brokenRows(database.url, at)).toEqual([])
  })

  test('also what the person was called before, and an operator stays', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, operators: ['ops@example.net'] })
    await kit.postkey.users.create({ email: ADA, externalId: 'of-the-host' })
    const ada = await signIn(kit, ADA)
    const { toNew } = await askForChange(kit, ada, ADA, NEW)
    await typeChange(ada, toNew, 'change_email')
    await ada.post('/account/delete', { sure: 'yes' })
    for (const table of ['users', 'challenges', 'address_changes', 'limits', 'limit_changes'])
      expect([table, JSON.stringify(database.rows(`select * from ${table}`)).includes(ADA) && table !== 'limit_changes']).toEqual([
        table,
        false,
      ])
    expect(database.rows('select id from users where external_id is not null')).toEqual([])
    // Nobody has it any more, and nobody can take anything back: so it is free.
    expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
    const operator = await signIn(kit, 'ops@example.net')
    expect((await operator.post('/account/delete', { sure: 'yes' })).status).toBe(403)
    expect(await operator.whoAmI()).toBe('ops@example.net')
  })
})
