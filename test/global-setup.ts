// Once for a run: the PostgreSQL that all test files share.
import { dropDatabases, prepareOnce, startPostgres } from './postgres.ts'

export default async function setup(): Promise<() => Promise<void>> {
  if (process.env['POSTKEY_TEST_DATABASE_URL'] !== undefined) return dropDatabases
  const remove = await prepareOnce()
  const server = await startPostgres()
  process.env['POSTKEY_TEST_DATABASE_URL'] = server.url
  return async () => {
    await server.stop()
    remove()
  }
}
