// A damaged database file at the start: nothing is served from it, and whoever reads the message knows what to do.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { one } from '../../src/store/operation.ts'
import { signIn, startKit } from '../kit.ts'
import { startServe } from '../server.ts'

const PAGE = 4_096

let folder: string
let path: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-damaged-'))
  path = join(folder, 'postkey.db')
  const kit = await startKit({ database: `file:${path}`, now: Date.now })
  await signIn(kit, 'ada@example.net')
  await kit.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The page where a table or index begins. */
async function rootOf(name: string): Promise<number> {
  const engine = await openEngine(`file:${path}`)
  const row = await engine.read(() => one<{ rootpage: number }>('select rootpage from sqlite_schema where name = ?', name))
  await engine.close()
  return row?.rootpage ?? 0
}

function overwrite(page: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (page - 1) * PAGE)
  closeSync(file)
}

const refusal = /the database is damaged: .+ — nothing is served from it: keep a copy of the file .+ restore a backup/

test.each(['sessions', 'users', 'users_email', 'events', 'limit_changes'])(
  'FA-14: a page of %s that was overwritten: refused',
  async (name) => {
    overwrite(await rootOf(name))
    const damaged = readFileSync(path)
    await expect(startKit({ database: `file:${path}` })).rejects.toThrow(refusal)
    expect(readFileSync(path).equals(damaged)).toBe(true)
  },
)

test.each<[string, (file: Buffer) => Buffer]>([
  ['a header that is gone', (file) => Buffer.concat([Buffer.alloc(PAGE, 0xa5), file.subarray(PAGE)])],
  ['a file that is cut off', (file) => file.subarray(0, file.length - 5 * PAGE)],
  ['a file of something else', () => Buffer.from('these are the notes of somebody. '.repeat(500))],
])('FA-14: %s: refused', async (_, damage) => {
  writeFileSync(path, damage(readFileSync(path)))
  await expect(startKit({ database: `file:${path}` })).rejects.toThrow(refusal)
})

test('FA-14: `postkey serve` ends before it listens, and says why and what to do', async () => {
  overwrite(await rootOf('sessions'))
  const env = { POSTKEY_DATABASE_URL: `file:${path}`, POSTKEY_SMTP_URL: 'smtp://127.0.0.1:1' }
  await expect(startServe(env)).rejects.toThrow(refusal)
})
