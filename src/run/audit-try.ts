// `postkey audit try`: every recorded decision once more, under a policy that is not in force. Reads only.
import { type MailboxClass, mailboxClasses } from '../core/mailbox.ts'
import type { Policy } from '../core/policy.ts'
import { type Changes, type Effect, effects, type TrySummary, tryEvents } from '../flow/try.ts'
import type { EventPlace, RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { policyVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { mailboxesByDns, silenceOf } from './mailboxes.ts'
import { withStore } from './reading.ts'
import { beginningOf, placeText, tenantOf, watched } from './record.ts'
import { readPolicySetting } from './setting.ts'
import { settings } from './settings.ts'
import { tableOf } from './table.ts'

const COMMAND = 'audit try'

export async function auditTry(request: Request): Promise<ExitCode> {
  const { terminal, words, flags } = request
  if (words.length > 1) {
    terminal.err(`postkey ${COMMAND}: "${words.slice(1).join(' ')}" is not expected here`)
    return 2
  }
  const given = flags['policy']
  if (given === undefined) {
    terminal.err(`postkey ${COMMAND}: under which policy? — --policy strict, standard, corporate, or the path of a JSON file`)
    return 2
  }
  const after = beginningOf(request, COMMAND)
  if (after === null) return 2
  const read = readPolicySetting(given, terminal.folder)
  const problems = read.ok ? [] : [{ key: '--policy', what: read.what, why: settings.policy.why, remedy: read.remedy }]
  return await withStore(request, COMMAND, (store) => tryFrom(request, store, after, (read as { value: Policy }).value), { problems })
}

async function tryFrom(request: Request, store: Store, after: EventPlace, policy: Policy): Promise<ExitCode> {
  const { terminal, json } = request
  const unreadable: object[] = []
  const mailboxes = mailboxesByDns()
  const tenant = tenantOf(request)
  const of = await store.countEvents(tenant, after)
  const summary = await watched(request, { title: 'Trying', end: 'Tried', of }, (onStep) =>
    tryEvents({
      store,
      tenant,
      after,
      policy,
      mailboxes,
      onStep,
      onUnreadable: (event, why) => {
        if (json) unreadable.push({ ...whereOf(event), why })
        else terminal.err(`${Object.values(whereOf(event)).join('  ')}: not readable: ${why}`)
      },
    }),
  )
  const ok = summary.verdicts.unreadable === 0 && summary.goOnAfter === null
  if (json) terminal.out(JSON.stringify({ ok, ...asJson(tenant, summary, policy), unreadable, limits: LIMITS }))
  else terminal.out(report(summary, policy, silenceOf(mailboxes), { given: request.flags['policy'] ?? '', tenant }))
  return ok ? 0 : 1
}

function whereOf({ requestId, id, at, kind }: RecordedEvent): Readonly<Record<string, string>> {
  return { requestId, event: id, at: new Date(at).toISOString(), kind }
}

function asJson(tenant: string, { looked, goOnAfter, verdicts, changes, byMailbox }: TrySummary, policy: Policy): object {
  return {
    policy: policyVersion(policy),
    looked,
    verdicts,
    goOnAfter: placeText(goOnAfter),
    tenants: { [tenant]: { changes, byMailbox } },
  }
}

/** What such a count can say, and what it cannot. */
const LIMITS = [
  'Each event is decided by itself, with the facts of its time: this is no simulation.',
  'What followed from a first difference is not thought through: a mail that would not have been sent was clicked all the same, and whoever lost one proof may have had the other.',
  'Limits were filled under the rules of their time: how many mails and wrong codes a window held, and how full a bucket was.',
  'Links and codes live from when their mail was queued, as if it had been made under this policy; also those that a restore had voided.',
  'The page of an expired link has nothing to submit: who would have met a live one is counted as an expired landing less, not as a sign-in.',
  'Nobody knows when a person who was told "expired" would have come back, nor what would have come of a code that nobody compared.',
] as const

const LABELS: Readonly<Record<Effect, string>> = {
  signIns: 'sign-ins',
  repeats: 'repeats, same session again',
  mails: 'mails sent',
  mailsWithoutCode: 'mails without a code',
  mailsGivenUp: 'mails given up as too late',
  startsRefused: 'requests for a mail refused',
  codesLocked: 'codes locked',
  expired: 'links and codes submitted too late',
  expiredLandings: 'expired landings, by likely people',
  otherBrowser: 'links refused in another browser',
  notCompared: 'proofs looked at, result unknown',
}

function report(
  { looked, goOnAfter, verdicts, changes, byMailbox }: TrySummary,
  policy: Policy,
  silence: string | null,
  { given, tenant }: { readonly given: string; readonly tenant: string },
): string {
  const { same, detail, different, moot, unreadable, not_replayable: aside } = verdicts
  const counts = [
    `${same} decided alike`,
    `${detail} with other times or words`,
    `${different} with other consequences`,
    ...(moot > 0 ? [`${moot} about mails that would not be there`] : []),
    `${unreadable} not readable`,
    `${aside} not decided by policy and facts`,
  ]
  const lines = [`${looked} events under policy ${policyVersion(policy)} (${given}): ${counts.join(', ')}.`, '']
  const found = mailboxClasses.filter((name) => isChanged(byMailbox[name]))
  if (found.length === 0) lines.push('Nothing that anybody would have noticed.', '')
  else lines.push(`Tenant ${tenant}`, tableOf(rowsOf(changes, byMailbox, found)), '')
  if (silence !== null) lines.push(silence, '')
  lines.push('What this cannot say', ...LIMITS.map((limit) => `  - ${limit}`))
  const goOn = placeText(goOnAfter)
  if (goOn !== null) lines.push('', `Interrupted. To go on: postkey ${COMMAND} --policy ${given} --after ${goOn}`)
  return lines.join('\n')
}

function isChanged(changes: Changes): boolean {
  return effects.some((name) => changes[name].more + changes[name].less > 0)
}

function rowsOf(all: Changes, byMailbox: TrySummary['byMailbox'], found: readonly MailboxClass[]): string[][] {
  const changed = effects.filter((name) => all[name].more + all[name].less > 0)
  const cell = ({ more, less }: { readonly more: number; readonly less: number }): string =>
    [more > 0 ? `+${more}` : '', less > 0 ? `-${less}` : ''].filter(Boolean).join(' ')
  return [
    ['', 'all', ...found],
    ...changed.map((name) => [LABELS[name], cell(all[name]), ...found.map((mailbox) => cell(byMailbox[mailbox][name]))]),
  ]
}
