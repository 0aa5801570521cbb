// A database file of this version that nobody has used, made once for a run: to copy it takes a fraction of bringing up a schema.
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../src/store/open.ts'
import { databaseFolder } from './folders.ts'

const TEMPLATE = 'POSTKEY_TEST_TEMPLATE'

/** For every worker of the run; the returned function removes it. */
export async function prepareTemplate(): Promise<() => void> {
  const folder = databaseFolder('postkey-template-')
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
