// `postkey users export`: everybody who can sign in, as a file that only its owner reads, or to whatever reads what comes out. Whoever was deleted
// or erased is not in it.
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { iso } from '../core/span.ts'
import { userFormats } from '../core/user-export.ts'
import { fits, type UserFilter } from '../flow/users.ts'
import type { Store } from '../store/store.ts'
import { intoFile } from './audit-export.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { tenantOf, watched } from './record.ts'
import { filterOf } from './users-list.ts'

const COMMAND = 'users export'
const STEP = 1_000

interface Asked {
  readonly format: keyof typeof userFormats
  /** null: what comes out. */
  readonly file: string | null
  readonly filter: UserFilter
}

export async function exportUsers(request: Request): Promise<ExitCode> {
  const asked = readAsked(request)
  if (typeof asked === 'string') {
    request.terminal.err(`postkey ${COMMAND}: ${asked}`)
    return 2
  }
  return asked === null ? 2 : await withStore(request, COMMAND, (store) => exportTo(request, store, asked))
}

/** null: a time was not understood, and the person was told; a text: what else was not. */
function readAsked(request: Request): Asked | string | null {
  const { terminal, flags, json } = request
  const { format = 'csv', out } = flags
  if (format !== 'csv' && format !== 'jsonl') return `--format ${format} is not known — write csv or jsonl`
  const filter = filterOf(request, COMMAND)
  if (filter === null || typeof filter === 'string') return filter
  if (out === '-') return json ? '--out - and --json both want what comes out — take one of them' : { format, file: null, filter }
  const file = resolve(terminal.folder, out ?? `postkey-users-${iso(Date.now()).slice(0, 10)}.${format}`)
  if (existsSync(file)) return `${file} exists — name a file that does not (--out), or move that one away`
  if (!existsSync(dirname(file))) return `there is no folder ${dirname(file)} — make it, or name another (--out)`
  return { format, file, filter }
}

type Put = (text: string) => Promise<unknown>

async function exportTo(request: Request, store: Store, asked: Asked): Promise<ExitCode> {
  const { terminal, json } = request
  const { file } = asked
  const of = await store.countUsers(tenantOf(request))
  const bar = { title: 'Writing', end: 'Written', of }
  const part = `${file}.part`
  try {
    const users = await watched(request, bar, async (onStep) => {
      if (file === null) return await write(async (text) => terminal.out(text.replace(/\n$/, '')), store, tenantOf(request), asked, onStep)
      // Of a run that was killed.
      await rm(part, { force: true })
      return await intoFile(part, (handle) => write((text) => handle.appendFile(text), store, tenantOf(request), asked, onStep))
    })
    if (users === null) {
      terminal.err(`postkey ${COMMAND}: interrupted${file === null ? '' : ', and nothing was kept'}`)
      return 1
    }
    // Never a file under its name that is not whole.
    if (file !== null) await rename(part, file)
    if (json) terminal.out(JSON.stringify({ ok: true, file, users }))
    else if (file !== null) terminal.out(`${users} users in ${file}.`)
    return 0
  } finally {
    if (file !== null) await rm(part, { force: true })
  }
}

/** How many; null: it was ended before. */
async function write(
  put: Put,
  store: Store,
  tenant: string,
  { format, filter }: Asked,
  onStep: (looked: number) => Promise<boolean>,
): Promise<number | null> {
  const { head, line } = userFormats[format]
  let count = 0
  let looked = 0
  if (head !== '') await put(head)
  for (let after = ''; ; ) {
    const users = await store.listUsers(tenant, after, STEP)
    const lines = users.filter((user) => fits(user, filter)).map(line)
    if (lines.length > 0) await put(lines.join(''))
    count += lines.length
    looked += users.length
    after = users.at(-1)?.id ?? after
    if (users.length < STEP) return count
    if (!(await onStep(looked))) return null
  }
}
