// `postkey recovery`: getting back in by waiting, for somebody who asks for help. It begins, agrees to and stops; no secret is ever shown, and
// the wait is as long as everybody's.
import { reasons } from '../core/reason.ts'
import { iso } from '../core/span.ts'
import { type ActedOnRecovery, actOnRecovery, type RecoveryCare, startRecovery, waitsFor } from '../flow/recovery-operator.ts'
import { untilOf, type WaitLook } from '../flow/recovery-wait.ts'
import { ID_SHAPE, keyring } from '../secret.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { tableOf } from './table.ts'
import { careOf, whoOf } from './users-care.ts'
import { withWriting } from './writing.ts'

const USES = 'postkey recovery list, postkey recovery start WHO NEW_ADDRESS, postkey recovery approve ID, postkey recovery cancel ID'

export async function recovery(request: Request): Promise<ExitCode> {
  const [action = '', ...words] = request.words
  if (action === 'list' && words.length === 0) return await list(request)
  if (action === 'start' && words.length === 2) return await start(request, words[1] ?? '')
  if ((action === 'approve' || action === 'cancel') && words.length === 1) return await act(request, action, words[0] ?? '')
  const what = action === '' ? 'what?' : `"${request.words.join(' ')}" is not understood`
  request.terminal.err(`postkey recovery: ${what} — ${USES}`)
  return 2
}

function writing(request: Request, command: string, work: (care: RecoveryCare) => Promise<ExitCode>): Promise<ExitCode> {
  return withWriting(request, `recovery ${command}`, 'recovery', async (store, config) =>
    work({ ...(await careOf(request, store, config)), keys: keyring(config.secrets) }),
  )
}

async function start(request: Request, email: string): Promise<ExitCode> {
  const who = whoOf(request, 'recovery')
  if (who === null) return 2
  return await writing(request, 'start', async (care) => {
    const acted = await startRecovery(care, who, email)
    if (acted !== null) return tell(request, 'start', acted)
    const what = `"${email}" is no plain e-mail address — write one such as ada@example.com`
    if (request.json) request.terminal.out(JSON.stringify({ ok: false, error: what }))
    request.terminal.err(`postkey recovery start: ${what}`)
    return 2
  })
}

async function act(request: Request, does: 'approve' | 'cancel', id: string): Promise<ExitCode> {
  if (!ID_SHAPE.test(id)) {
    request.terminal.err(`postkey recovery ${does}: "${id}" is no id — copy it from: postkey recovery list`)
    return 2
  }
  return await writing(request, does, async (care) => tell(request, does, await actOnRecovery(care, does, id)))
}

const DONE = {
  start: ({ readyAt, recovery }: ActedOnRecovery) =>
    `Recovery ${recovery} has begun. The known addresses are told, any sign-in stops it, and the new address gets a link at ${minute(readyAt ?? 0)}.`,
  approve: ({ recovery }: ActedOnRecovery) => `Recovery ${recovery}: the command line agrees, as one operator. The wait goes on.`,
  cancel: ({ recovery }: ActedOnRecovery) => `Recovery ${recovery} is stopped.`,
} as const

function tell({ terminal, json }: Request, does: keyof typeof DONE, acted: ActedOnRecovery): ExitCode {
  const { ok, reason, recovery, readyAt, requestId } = acted
  if (json)
    terminal.out(
      JSON.stringify(
        ok ? { ok, reason, recovery, ...(readyAt === null ? {} : { readyAt: iso(readyAt) }), requestId } : { ok, reason, requestId },
      ),
    )
  else if (ok) terminal.out(`${DONE[does](acted)} [${requestId}]`)
  else {
    const why = reason === 'person_unknown' ? 'nobody is known by that, or there is no such recovery' : reasons[reason].meaning
    terminal.err(`postkey recovery ${does}: ${why} [${requestId}]`)
  }
  return ok ? 0 : 1
}

const minute = (at: number): string => `${iso(at).slice(0, 16).replace('T', ' ')} UTC`

async function list(request: Request): Promise<ExitCode> {
  const { terminal, json } = request
  return await withStore(
    request,
    'recovery list',
    async (store, config) => {
      const waits = await waitsFor(await careOfReading(request, store, config))
      if (json) terminal.out(JSON.stringify({ ok: true, recoveries: waits.map(plain) }))
      else if (waits.length === 0) terminal.out('Nobody waits to get back in.')
      else
        terminal.out(
          tableOf([
            ['id', 'account', 'new address', 'begun by', 'agreed', 'is', 'from'],
            ...waits.map((look) => {
              const { id, email, newEmail, operator, approvals } = look.wait
              return [
                id,
                email,
                newEmail ?? '',
                operator ?? 'the person',
                String(approvals.length),
                look.standing.is,
                minute(untilOf(look)),
              ]
            }),
          ]),
        )
      return 0
    },
    { mode: 'recovery' },
  )
}

/** A look leaves no trace: under the policy that decided here last. */
async function careOfReading(
  request: Request,
  store: Parameters<typeof careOf>[1],
  { policy }: Parameters<typeof careOf>[2],
): Promise<Parameters<typeof waitsFor>[0]> {
  const tenant = request.flags['tenant'] ?? 'default'
  const [newest] = await store.listPolicies(tenant, 1)
  return { store, tenant, policy: newest?.policy ?? policy }
}

function plain(look: WaitLook): object {
  const { id, user, email, newEmail, startedBy, operator, approvals, createdAt } = look.wait
  const times = { askedAt: iso(createdAt), readyAt: iso(untilOf(look)) }
  return { id, user, email, newEmail, startedBy, operator, approvals, ...times, standing: look.standing.is }
}
