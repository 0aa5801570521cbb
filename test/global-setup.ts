// Once for a run: the PostgreSQL that all test files share.
import { startPostgres } from './postgres.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['POSTKEY_TEST_DATABASE_URL'] !== undefined) return undefined
  const server = await startPostgres()
  process.env['POSTKEY_TEST_DATABASE_URL'] = server.url
  return () => server.stop()
}
