// What an operator sees of one person: sessions, what was asked for, and what became of each mail. Found by keys, and never more than a
// page of it; no digest, seal or place comes out of here.
import type { Challenge } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { all, type Operation, type Tx } from './operation.ts'
import { findUserById } from './rows.ts'
import { byColumn } from './search.ts'
import { listSessions } from './session.ts'
import type { MailEvent, PersonView, SeenMail } from './store.ts'

const CHALLENGES_SHOWN = 20

interface MailRow extends Omit<SeenMail, 'hasLink' | 'hasCode' | 'decoy'> {
  readonly hasLink: unknown
  readonly hasCode: unknown
  readonly decoy: 0 | 1
}

interface EventRow extends Omit<MailEvent, 'ordinal' | 'replyText'> {
  readonly facts: string
}

export function* hasUser(tenant: string, id: string): Operation<boolean> {
  return (yield* findUserById(tenant, id)) !== null
}

export function* viewPerson(
  tx: Tx,
  tenant: string,
  policy: Policy,
  person: { readonly email: string; readonly user: string | null },
): Operation<PersonView> {
  const sessions = person.user === null ? [] : yield* listSessions(tx, tenant, policy, person.user)
  const found = yield* byColumn(tenant, { from: '', limit: CHALLENGES_SHOWN - 1 }, 'email', person.email)
  const ids = JSON.stringify(found.map(({ id }) => id))
  const challenges = yield* all<Challenge>(
    'select id, purpose, email, return_to as "returnTo", locale, device, created_at as "createdAt", completed_at as "completedAt", disowned_at as "disownedAt" from challenges where tenant = ? and id {is_listed} order by id desc',
    tenant,
    ids,
  )
  const mails = yield* all<MailRow>(
    'select challenge, ordinal, request_id as "requestId", created_at as "createdAt", link_digest is not null as "hasLink", code_digest is not null as "hasCode", link_expires_at as "linkExpiresAt", code_expires_at as "codeExpiresAt", link_used_at as "linkUsedAt", code_tries as "codeTries", address_tries as "addressTries", decoy, state, tries, due_at as "dueAt", settled_at as "settledAt" from mails where tenant = ? and challenge {is_listed} order by challenge, ordinal',
    tenant,
    ids,
  )
  // The request that queued a mail is the one its hand-overs are written down under.
  const events = yield* all<EventRow>(
    `select request_id as "requestId", at, kind, reason, facts from events where tenant = ? and request_id {is_listed} and kind in ('start', 'resend', 'deliver') order by request_id, id`,
    tenant,
    JSON.stringify(mails.map(({ requestId }) => requestId)),
  )
  return {
    now: tx.now,
    sessions,
    challenges,
    mails: mails.map((row) => ({ ...row, hasLink: Boolean(row.hasLink), hasCode: Boolean(row.hasCode), decoy: row.decoy === 1 })),
    events: events.map(({ facts, ...event }) => ({ ...event, ...toldOf(JSON.parse(facts) as Facts) })),
  }
}

interface Facts {
  readonly ordinal?: number
  readonly replyText?: string
}

function toldOf({ ordinal, replyText }: Facts): Pick<MailEvent, 'ordinal' | 'replyText'> {
  return { ordinal: ordinal ?? null, replyText: replyText ?? '' }
}
