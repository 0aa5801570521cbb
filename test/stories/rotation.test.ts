// The secret is replaced while people sign in: what was minted before goes on, until the old secret is taken away. The file is
// changed by the command itself, and read as a starting server reads it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { readSecretFile } from '../../src/run/secret-file.ts'
import { readSecrets } from '../../src/run/setting.ts'
import { askAndOpen, type Browser, type Kit, type KitOptions, signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxNe'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-rotation-'))
  file = join(folder, 'secret')
  writeFileSync(file, SECRET, { mode: 0o600 })
})
afterEach(() => rmSync(folder, { recursive: true }))

async function rotate(step = ''): Promise<void> {
  const silent = { out: () => {}, err: () => {} }
  const code = await main(['keys', 'rotate', '--secret-file', file, step].filter(Boolean), {
    env: {},
    folder,
    interactive: false,
    ...silent,
  })
  expect(code).toBe(0)
}

function secrets(): readonly string[] {
  const held = readSecretFile(file)
  const read = readSecrets(held.ok ? held.text : '')
  if (!read.ok) throw new Error(read.what)
  return read.value
}

/** A server with what the file holds now. */
const start = (database: string, options: KitOptions = {}): Promise<Kit> => startKit({ ...options, database, secret: secrets() })

/** The same browser, at another server. */
function at(kit: Kit, before: Browser): Browser {
  const browser = kit.browser()
  for (const [name, value] of before.cookies) browser.cookies.set(name, value)
  return browser
}

test.each(sharedDatabases)(
  'on %s: codes, links, sessions and queued mails from before the rotation are good after it',
  async (_, fresh) => {
    const database = await fresh()
    const old = await start(database.url, { reply: ({ to }) => ({ class: to.startsWith('queued') ? 'temporary' : 'accepted', text: '' }) })
    const session = await signIn(old, 'session@example.net')
    const byCode = await askAndOpen(old, 'code@example.net')
    const byLink = await askAndOpen(old, 'link@example.net')
    const waiting = old.browser()
    const challenge = await waiting.ask('queued@example.net')
    await old.settle()
    await old.close()

    await rotate()
    const kit = await start(database.url)
    expect(await at(kit, session).whoAmI()).toBe('session@example.net')
    const code = at(kit, byCode.browser)
    expect((await code.post('/sign-in/code', { c: byCode.challenge, code: byCode.code ?? '' })).status).toBe(303)
    const link = at(kit, byLink.browser)
    expect((await link.post(`/l/${byLink.linkId}`, { secret: byLink.secret })).status).toBe(303)
    kit.clock.forward(10_000)
    await kit.settle()
    const queued = at(kit, waiting)
    expect((await queued.post('/sign-in/code', { c: challenge, code: kit.mailbox.newest('queued@example.net').code ?? '' })).status).toBe(
      303,
    )
    // Twice: the session that was derived is found, whichever secret made it.
    expect((await code.post('/sign-in/code', { c: byCode.challenge, code: byCode.code ?? '' })).status).toBe(303)
    expect([await code.whoAmI(), await link.whoAmI(), await queued.whoAmI()]).toEqual(
      ['code', 'link', 'queued'].map((name) => `${name}@example.net`),
    )
    await kit.close()
    await database.drop()
  },
)

test.each(sharedDatabases)(
  'on %s: when the old secret is taken away, its codes are refused, links and sessions live on',
  async (_, fresh) => {
    const database = await fresh()
    const old = await start(database.url)
    const session = await signIn(old, 'session@example.net')
    const byCode = await askAndOpen(old, 'code@example.net')
    const byLink = await askAndOpen(old, 'link@example.net')
    await old.close()
    await rotate()
    await rotate('--drop-old')
    const kit = await start(database.url)
    expect(await at(kit, session).whoAmI()).toBe('session@example.net')
    const refused = await at(kit, byCode.browser).post('/sign-in/code', { c: byCode.challenge, code: byCode.code ?? '' })
    expect(refused.status).toBe(422)
    const link = at(kit, byLink.browser)
    expect((await link.post(`/l/${byLink.linkId}`, { secret: byLink.secret })).status).toBe(303)
    expect(await link.whoAmI()).toBe('link@example.net')
    // A new mail is all that is needed.
    expect(await (await signIn(kit, 'code@example.net')).whoAmI()).toBe('code@example.net')
    await kit.close()
    await database.drop()
  },
)

test.each(sharedDatabases)(
  'FA-26: on %s: announced first, at each step of the way servers from before and after take each other’s codes and mails',
  async (_, fresh) => {
    const database = await fresh()
    let before = await start(database.url)
    for (const step of ['--announce', '--switch', '--drop-old']) {
      await rotate(step)
      const after = await start(database.url)
      for (const [here, there] of [
        [before, after],
        [after, before],
      ] as const) {
        const asked = await askAndOpenAt([here, there], `${step}-${here === before ? 'old' : 'new'}@example.net`)
        const elsewhere = at(there, asked.browser)
        expect((await elsewhere.post('/sign-in/code', { c: asked.challenge, code: asked.code })).status).toBe(303)
        expect(await at(here, elsewhere).whoAmI()).toContain(step)
      }
      await before.close()
      before = after
    }
    await before.close()
    await database.drop()
  },
)

/** Asked at the first; the mail may leave from either. */
async function askAndOpenAt(
  [here, there]: readonly [Kit, Kit],
  email: string,
): Promise<{ browser: Browser; challenge: string; code: string }> {
  const browser = here.browser()
  const challenge = await browser.ask(email)
  await here.settle()
  await there.settle()
  const kit = [here, there].find(({ mailbox }) => mailbox.all(email).length > 0) ?? here
  return { browser, challenge, code: kit.mailbox.newest(email).code ?? '' }
}
