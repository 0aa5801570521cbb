// The notice of a sign-in from a browser that the person has not signed in with before: a mail of its own, in the transaction of the sign-in.
import { decideStart, type StartDecision, type StartFacts } from '../core/start.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows, times } from './limits.ts'
import { type Operation, run, type Tx } from './operation.ts'
import type { ChallengeRow, UserRow } from './rows.ts'
import { queueMail } from './start.ts'
import type { NoticeMail, Scope, VerifyInput } from './store.ts'

const PURPOSE = 'new_device'
const untouched: StartFacts['tats'] = { network: null, networkWide: null, browser: null, tenant: null }

export function* tellOfSignIn(
  tx: Tx,
  given: Scope,
  { device, network, browserDigest }: Pick<VerifyInput, 'device' | 'network' | 'browserDigest'>,
  { notice, challenge, user }: { readonly notice: NoticeMail; readonly challenge: ChallengeRow; readonly user: UserRow },
): Operation<StartDecision> {
  const scope = { ...given, eventId: notice.eventId }
  const { tenant, policy } = scope
  const { email, locale } = challenge
  const windows = readWindows(tx.limits, tenant, mailboxLimit(email))
  const facts: StartFacts = {
    now: tx.now,
    purpose: PURPOSE,
    address: notice.addressInEvent(email),
    tats: untouched,
    knownBrowser: false,
    mails: [],
    failures: [],
    bounces: times(windows.bounces),
    ...(windows.suppressed === undefined ? {} : { suppressed: windows.suppressed }),
    user: { status: user.status },
    resend: null,
  }
  const decision = decideStart(policy, facts)
  yield* run(
    'insert into challenges (tenant, id, purpose, email, browser, return_to, locale, device, network, created_at, about) values (?, ?, ?, ?, ?, null, ?, ?, ?, ?, ?)',
    tenant,
    notice.challenge,
    PURPOSE,
    email,
    browserDigest,
    locale,
    device,
    network,
    tx.now,
    challenge.id,
  )
  const { challenge: id, secrets } = notice
  yield* queueMail(
    tx,
    scope,
    { purpose: PURPOSE, challenge: id, ordinal: 0, email, locale, device, network, secrets, leaseMs: null },
    decision,
  )
  yield* writeEvent(tx, scope, {
    kind: 'start',
    reason: decision.reason,
    facts,
    decision,
    challenge: id,
    user: user.id,
    mails: decision.verdict === 'send' ? 1 : 0,
    bytes: secrets.sealed.length,
  })
  return decision
}
