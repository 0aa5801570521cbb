// A database file of this version that nobody has used, made once for a run: to copy it takes a fraction of bringing up a schema.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../src/store/open.ts'

const TEMPLATE = 'POSTKEY_TEST_TEMPLATE'

/** For every worker of the run; the returned function removes it. */
export async function prepareTemplate(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-template-'))
  const path = join(folder, 'postkey.db')
  await migrate(`file:${path}`)
  process.env[TEMPLATE] = path
  return () => rmSync(folder, { recursive: true, force: true })
}

export function copyTemplate(path: string): void {
  const template = process.env[TEMPLATE]
  if (template === undefined) throw new Error('no database to copy: run the tests through `npm test`')
  copyFileSync(template, path)
}
