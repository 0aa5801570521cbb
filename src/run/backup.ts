// `postkey backup FILE` and `postkey restored`: a copy of the database, and what has to happen when one is put in its place.
import { resolve } from 'node:path'
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { startProgress } from './progress.ts'

const MB = 1_048_576

export async function backup(request: Request): Promise<ExitCode> {
  const [file] = request.words
  if (file === undefined) {
    request.terminal.err('postkey backup: where to? — name a file, such as: postkey backup postkey-copy.db')
    return 2
  }
  const databaseUrl = databaseOf(request)
  if (databaseUrl === null) return 2
  const { sqlitePath } = await import('../store/open.ts')
  const from = sqlitePath(databaseUrl)
  if (from === null) {
    throw new Error('only SQLite is copied by this command — use pg_dump, and `postkey restored` after pg_restore: see docs/operating.md')
  }
  const { copyDatabase } = await import('../store/backup.ts')
  const to = resolve(request.terminal.folder, file)
  const progress = await startProgress(request, { title: 'Copying', end: 'Copied', of: 100 })
  try {
    const { bytes } = await copyDatabase(from, to, Date.now(), (share) => {
      const percent = Math.floor(share * 100)
      progress.say(percent, `${percent} %`)
    })
    progress.stop()
    if (request.json) request.terminal.out(JSON.stringify({ ok: true, file: to, bytes }))
    else
      request.terminal.out(
        `Copied to ${to} (${(bytes / MB).toFixed(1)} MB). To restore, stop the server, put it in the place of the database and start: links, codes and sessions from before are void then.`,
      )
    return 0
  } finally {
    progress.stop()
  }
}

export async function restored(request: Request): Promise<ExitCode> {
  const databaseUrl = databaseOf(request)
  if (databaseUrl === null) return 2
  const { voidDatabase } = await import('../store/open.ts')
  const { epoch } = await voidDatabase(databaseUrl)
  if (request.json) request.terminal.out(JSON.stringify({ ok: true, epoch }))
  else request.terminal.out(`Epoch ${epoch} begins: every link, code and session from before is void, and queued mails are not sent.`)
  return 0
}

function databaseOf(request: Request): string | null {
  const result = readConfig(sourcesOf(request, 'migrate'))
  if (result.ok) return result.config.databaseUrl
  tellProblems(request, 'migrate', result.problems)
  return null
}
