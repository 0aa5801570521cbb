// Where a run keeps its files: in a folder of its own, which goes with it, whatever a worker that was ended left there. Databases are in
// memory where there is room, since a commit waits for the disk otherwise, and none of them outlives the run.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
/** Far more than a run needs. */
const ROOM = 4 * 2 ** 30

const DATABASES = 'POSTKEY_TEST_DATABASES'
const LASTING = 'POSTKEY_TEST_LASTING'

/** For every worker of the run; the returned function removes it all. */
export function prepareFolders(): () => void {
  const lasting = tmpdir()
  const files = folderOfRun(lasting)
  const databases = hasRoom() ? folderOfRun(MEMORY) : files
  Object.assign(process.env, { [LASTING]: lasting, [DATABASES]: databases, TMPDIR: files })
  return () => {
    process.env['TMPDIR'] = lasting
    for (const folder of [files, databases]) rmSync(folder, { recursive: true, force: true })
  }
}

/** A fresh one, for a database. */
export function databaseFolder(name: string): string {
  return mkdtempSync(join(process.env[DATABASES] ?? tmpdir(), name))
}

/** For what later runs use again. */
export function lastingFolder(): string {
  return process.env[LASTING] ?? tmpdir()
}

function folderOfRun(where: string): string {
  for (const name of readdirSync(where)) {
    const [, pid] = /^postkey-run-(\d+)-/.exec(name) ?? []
    // Of a run that was killed.
    if (pid !== undefined && !isAlive(Number(pid)) && isOurs(join(where, name))) rmSync(join(where, name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(where, `postkey-run-${process.pid}-`))
  // PostgreSQL runs as somebody else, who has to get through to its own.
  chmodSync(folder, 0o711)
  return folder
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize > ROOM
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function isOurs(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.()
}
