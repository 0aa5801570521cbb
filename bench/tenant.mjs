// A further tenant of a database, by the command, as an operator adds one. It stands at the path `/t/<name>`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The database is of this version already. @throws when the command refuses. */
export function addTenant(dist, databaseUrl, name, policy) {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-bench-'))
  try {
    const file = join(folder, 'tenant.json')
    writeFileSync(file, JSON.stringify({ name, prefix: `/t/${name}`, policy }))
    const env = { ...process.env, POSTKEY_URL: 'http://localhost:1', POSTKEY_DATABASE_URL: databaseUrl }
    const command = [`${dist}/cli.js`, 'tenants', 'add', name, '--file', file]
    const { status, stderr } = spawnSync(process.execPath, command, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`tenants add ended with ${status}: ${stderr}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
