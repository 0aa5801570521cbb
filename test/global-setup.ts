// Once for a run: the PostgreSQL that all test files share, and what they copy.
import { removeChildren } from './children.ts'
import { prepareFolders } from './folders.ts'
import { dropDatabases, prepareOnce, startPostgres } from './postgres.ts'
import { prepareTemplate } from './sqlite-template.ts'

export default async function setup(): Promise<() => Promise<void>> {
  // Of a run that was killed and had our number.
  removeChildren()
  const removeFolders = prepareFolders()
  const removeTemplate = await prepareTemplate()
  const stop = await postgres()
  return async () => {
    await stop()
    removeTemplate()
    removeChildren()
    removeFolders()
  }
}

async function postgres(): Promise<() => Promise<void>> {
  if (process.env['POSTKEY_TEST_DATABASE_URL'] !== undefined) return dropDatabases
  const remove = await prepareOnce()
  const server = await startPostgres()
  process.env['POSTKEY_TEST_DATABASE_URL'] = server.url
  return async () => {
    await server.stop()
    remove()
  }
}
