// `postkey users add`, `disable`, `enable`, `end-sessions`, `delete` and `erase`: what the console does to a person, from the command line. The
// request id that is printed finds the event.

import type { UserAct } from '../core/operator.ts'
import { reasons } from '../core/reason.ts'
import { type Acted, actOnUser, createUser } from '../flow/users.ts'
import type { ExitCode, Request } from './command.ts'
import { withWritableStore } from './reading.ts'
import { careOf, whoOf } from './users-care.ts'
import { plainUser } from './users-list.ts'

export const INVALID = {
  address_invalid: 'that is no plain e-mail address — write one such as ada@example.com',
  external_id_invalid: 'that external id cannot be kept — up to 200 letters, digits and . _ | : @ / + = ~ -',
} as const

export async function add(request: Request): Promise<ExitCode> {
  const { terminal, json, flags, words } = request
  return await withWritableStore(
    request,
    'users add',
    async (store, config) => {
      const made = await createUser(await careOf(request, store, config), { email: words[1] ?? '', externalId: flags['externalId'] })
      if (made.user === null) {
        terminal.err(`postkey users add: ${INVALID[made.reason]}`)
        return 2
      }
      const { ok, user, requestId } = made
      const reason = ok ? 'operator_created_user' : made.reason
      if (json) terminal.out(JSON.stringify({ ok, reason, user: plainUser(user), requestId }))
      else if (ok)
        terminal.out(`${user.email} is user ${user.id}. No mail was sent: the first sign-in confirms the address. [${requestId}]`)
      else terminal.err(`postkey users add: ${user.email} is user ${user.id} already; nothing was changed. [${requestId}]`)
      return ok ? 0 : 1
    },
    { mode: 'users' },
  )
}

type Wants = Exclude<UserAct, 'create'>

/** What cannot be taken back is said before it is done. */
const FINAL: Partial<Record<Wants, string>> = {
  delete: 'ends the account for good: whoever comes with the address is somebody new',
  erase: 'ends the account for good and takes the address from all that names it, limits and wrong codes included',
}

export async function act(request: Request, wants: Wants): Promise<ExitCode> {
  const { terminal, switches, words } = request
  const name = words[0] ?? ''
  const who = whoOf(request)
  if (who === null) return 2
  const warning = FINAL[wants]
  if (warning !== undefined && !switches.has('yes')) {
    terminal.err(`postkey users ${name}: this ${warning}. Nothing was done — say --yes if that is what you want`)
    return 2
  }
  return await withWritableStore(
    request,
    `users ${name}`,
    async (store, config) => tell(request, name, await actOnUser(await careOf(request, store, config), wants, who)),
    { mode: 'users' },
  )
}

const DONE: Readonly<Record<string, (who: string, sessions: string) => string>> = {
  'end-sessions': (who, sessions) => `${who}: ${sessions} ended.`,
  disable: (who, sessions) => `${who} is disabled; ${sessions} ended.`,
  enable: (who) => `${who} can sign in.`,
  delete: (who, sessions) => `${who} is deleted; ${sessions} ended. The address is free for somebody new.`,
  erase: (who, sessions) => `${who} is erased; ${sessions} ended.`,
}

function tell({ terminal, json }: Request, name: string, acted: Acted): ExitCode {
  const { ok, reason, requestId } = acted
  if (json) {
    terminal.out(
      JSON.stringify(ok ? { ok, reason, user: acted.user?.id ?? null, sessions: acted.sessions, requestId } : { ok, reason, requestId }),
    )
  } else if (ok) {
    const sessions = acted.sessions === 1 ? 'one session' : `${acted.sessions} sessions`
    terminal.out(`${DONE[name]?.(acted.user === null ? 'Who had this address' : `User ${acted.user.id}`, sessions)} [${requestId}]`)
  } else
    terminal.err(
      `postkey users ${name}: ${reason === 'person_unknown' ? 'nobody is known by that' : reasons[reason].meaning} [${requestId}]`,
    )
  return ok ? 0 : 1
}
