// A night after a restore: the copy is older than a sign-out and than the use of a link, and neither may be undone by it.
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { copyDatabase } from '../../src/store/backup.ts'
import { openEngine, voidDatabase } from '../../src/store/open.ts'
import { all, one } from '../../src/store/operation.ts'
import { type Kit, type KitOptions, startKit } from '../kit.ts'
import { freshDatabase } from '../postgres.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-restore-'))
  folders.push(folder)
  return folder
}

interface Secrets {
  readonly signedIn: ReturnType<Kit['browser']>
  readonly asked: ReturnType<Kit['browser']>
  readonly challenge: string
}

/** Ada is signed in; Bob has a mail with a link and a code. */
async function before(kit: Kit): Promise<Secrets> {
  const signedIn = kit.browser()
  const first = await signedIn.ask('ada@example.net')
  await kit.settle()
  expect((await signedIn.post('/sign-in/code', { c: first, code: kit.mailbox.newest('ada@example.net').code ?? '' })).status).toBe(303)
  const asked = kit.browser()
  const challenge = await asked.ask('bob@example.net')
  await kit.settle()
  return { signedIn, asked, challenge }
}

/** What nobody may be able to do with what was handed out before; then Bob signs in anew. */
async function nothingIsGoodAnyMore(kit: Kit, old: Kit, { signedIn, asked, challenge }: Secrets): Promise<void> {
  const ada = kit.browser()
  for (const [name, value] of signedIn.cookies) ada.cookies.set(name, value)
  expect(await ada.whoAmI()).toBeNull()
  const bob = kit.browser()
  for (const [name, value] of asked.cookies) bob.cookies.set(name, value)
  const { linkId, secret, code } = old.mailbox.newest('bob@example.net')
  expect((await bob.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } })).reason).toBe('link_expired')
  expect((await bob.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_expired')
  kit.clock.forward(2 * 60_000)
  const again = await bob.ask('bob@example.net')
  await kit.settle()
  expect((await bob.post('/sign-in/code', { c: again, code: kit.mailbox.newest('bob@example.net').code ?? '' })).status).toBe(303)
  expect(await bob.whoAmI()).toBe('bob@example.net')
}

const silent = { warn: () => {}, error: () => {} }

describe('SQLite', () => {
  test('FA-15: a copy made by backup, put in the place of the database, voids what was handed out before', async () => {
    const folder = folderFor()
    const [path, copy] = [join(folder, 'postkey.db'), join(folder, 'copy.db')]
    const events: string[] = []
    const options: KitOptions = { database: `file:${path}`, log: { ...silent, event: (name) => void events.push(name) } }
    const old = await startKit(options)
    const secrets = await before(old)
    const shares: number[] = []
    const { bytes } = await copyDatabase(path, copy, old.clock.at, (share) => void shares.push(share))
    expect(bytes).toBe(statSync(copy).size)
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
    // After the copy: Ada signs out and Bob uses his link. The copy knows of neither.
    await secrets.signedIn.post('/sign-out', {})
    const { linkId, secret } = old.mailbox.newest('bob@example.net')
    expect((await secrets.asked.post(`/l/${linkId}`, { secret })).status).toBe(303)
    await old.close()
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true })
    copyFileSync(copy, path)

    const kit = await startKit(options)
    expect(events.filter((name) => name === 'restored')).toHaveLength(1)
    await nothingIsGoodAnyMore(kit, old, secrets)
    await kit.close()
    const later = await startKit(options)
    // Only once: Bob, who signed in after the restore, is still there.
    expect(events.filter((name) => name === 'restored')).toHaveLength(1)
    await later.close()
  })

  test('a mail that waited in the copy is not sent from it', async () => {
    const folder = folderFor()
    const [path, copy] = [join(folder, 'postkey.db'), join(folder, 'copy.db')]
    const old = await startKit({ database: `file:${path}`, sendsMail: false })
    await old.browser().ask('ada@example.net')
    await copyDatabase(path, copy, old.clock.at, () => {})
    await old.close()
    const kit = await startKit({ database: `file:${copy}` })
    await kit.settle()
    expect(kit.mailbox.messages).toEqual([])
    await kit.close()
    const engine = await openEngine(`file:${copy}`)
    expect(await engine.read(() => all('select state, sealed from mails'))).toEqual([
      expect.objectContaining({ state: 'expired', sealed: null }),
    ])
    await engine.close()
  })

  test('a copy is made while others write, of one moment', async () => {
    const folder = folderFor()
    const [path, copy] = [join(folder, 'postkey.db'), join(folder, 'copy.db')]
    await using kit = await startKit({ database: `file:${path}` })
    let writing = true
    const writer = (async () => {
      for (let i = 0; writing; i++) await kit.browser().ask(`person${i}@example.net`)
    })()
    await new Promise((resolve) => setTimeout(resolve, 200))
    await copyDatabase(path, copy, kit.clock.at, () => {})
    writing = false
    await writer
    const engine = await openEngine(`file:${copy}`)
    const counts = await engine.read(() =>
      one<{ challenges: number; mails: number; events: number }>(
        "select (select count(*) from challenges) as challenges, (select count(*) from mails) as mails, (select count(*) from events where kind = 'start') as events",
      ),
    )
    expect(counts?.challenges).toBeGreaterThan(0)
    expect(counts).toEqual({ challenges: counts?.challenges, mails: counts?.challenges, events: counts?.challenges })
    await engine.close()
  })

  test('what stands at the place of the copy stays, and nothing half-made is left', async () => {
    const folder = folderFor()
    const path = join(folder, 'postkey.db')
    const kit = await startKit({ database: `file:${path}` })
    await kit.close()
    await expect(copyDatabase(path, path, 0, () => {})).rejects.toThrow(/exists — name a file/)
    await expect(copyDatabase(join(folder, 'absent.db'), join(folder, 'b.db'), 0, () => {})).rejects.toThrow(/there is no database/)
    await expect(copyDatabase(path, join(folder, 'absent/b.db'), 0, () => {})).rejects.toThrow(/there is no folder/)
    expect(existsSync(join(folder, 'b.db.part'))).toBe(false)
  })
})

test('FA-15: PostgreSQL: after `postkey restored` nothing that was handed out before is good any more', async () => {
  const database = await freshDatabase()
  const old = await startKit({ database: database.url })
  const secrets = await before(old)
  await old.close()
  expect((await voidDatabase(database.url, { now: old.clock.now })).epoch).toBe(1)
  expect((await voidDatabase(database.url, { now: old.clock.now })).epoch).toBe(2)
  const kit = await startKit({ database: database.url })
  await nothingIsGoodAnyMore(kit, old, secrets)
  await kit.close()
  await database.drop()
})
