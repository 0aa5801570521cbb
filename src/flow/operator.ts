// What the console asks for on behalf of an operator. Nothing is shown and nothing done that is not written down first.
import { type Act, decideOperator, erasedAddress, type OperatorDecision } from '../core/operator.ts'
import { readSearch, type SearchKey } from '../core/search.ts'
import { addressKey, digest, ID_SHAPE, mintId, mintSecret, open, SESSION_SHAPE, seal, sessionKey } from '../secret.ts'
import type { KeptPolicy, OperateInput, OperateOutcome, PersonKey, PersonView, QueueView } from '../store/store.ts'
import { type Asker, type Context, recordRefusal, scopeOf } from './context.ts'
import { type Match, search } from './search.ts'
import { getSession } from './session.ts'
import { addressInEvent, bucketNames, withHand } from './sign-in.ts'

export interface Wanted {
  readonly wants: OperateInput['wants']
  /** The pattern of the route. */
  readonly page: string
  readonly person?: PersonKey | null
  readonly challenge?: string | null
  readonly searched?: string
  /** Which webhook is to be sent again. */
  readonly dispatch?: OperateInput['dispatch']
  /** For acts on a recovery. */
  readonly recovery?: OperateInput['recovery']
  /** Which tenant, in the console of the installation. */
  readonly tenant?: OperateInput['tenant']
}

export type Operated = Omit<OperateOutcome, 'now'>

/** Strangers leave no row each: who is not signed in none at all, who is and has no business here as many as any refusal may. */
export async function operate(context: Context, asker: Asker, wanted: Wanted): Promise<Operated> {
  const { store, tenant, operators } = context
  const { live } = await getSession(context, asker.session)
  const listed = live !== null && operators.includes(live.user.email)
  if (live === null || !listed || asker.session === null || !SESSION_SHAPE.test(asker.session)) {
    const facts = {
      now: context.now(),
      wants: wanted.wants,
      session: live && { createdAt: live.session.createdAt, provedAt: live.session.provedAt },
      listed,
      person: null,
    }
    const decision = decideOperator(facts)
    if (live !== null) recordRefusal(context, asker.requestId, 'console', decision.reason, { page: wanted.page })
    return { decision, operator: live?.user ?? null, person: null, start: null, wait: null }
  }
  const { wants, page, person = null, challenge = null, searched = null, dispatch = null, recovery = null, tenant: about = null } = wanted
  const base: Omit<OperateInput, 'resend'> = {
    key: sessionKey(tenant, asker.session),
    operators,
    wants,
    person,
    challenge: challenge !== null && ID_SHAPE.test(challenge) ? challenge : null,
    page,
    searched,
    dispatch,
    recovery,
    tenant: about,
    erased: { user: mintId(context.now()), email: erasedAddress(mintSecret().slice(0, 20)) },
  }
  const scope = scopeOf(context, asker.requestId)
  const outcome =
    wants === 'resend' && base.challenge !== null
      ? await withMail(context, asker, base.challenge, (resend) => store.operate(scope, { ...base, resend }))
      : await store.operate(scope, { ...base, wants, resend: null })
  context.dispatches.wake()
  if (outcome.wait !== null) context.hand.wake()
  context.log.event('console', {
    requestId: asker.requestId,
    reason: outcome.decision.reason,
    session: base.key.id,
    challenge: base.challenge,
  })
  return outcome
}

type Resend = NonNullable<OperateInput['resend']>

/** The mail's secrets are minted here, sealed for the outbox, and seen by nobody before the person opens it. */
async function withMail(
  context: Context,
  asker: Asker,
  challenge: string,
  work: (resend: Resend) => Promise<OperateOutcome>,
): Promise<OperateOutcome> {
  let outcome: OperateOutcome | null = null
  await withHand(context, 'sign_in', challenge, async (secrets, leaseMs) => {
    outcome = await work({
      purpose: 'sign_in',
      challenge,
      browserDigest: '',
      buckets: bucketNames(asker, digest('browser', context.tenant, asker.browser ?? '')),
      secrets,
      leaseMs,
      addressInEvent: (email) => addressInEvent(context, email),
      eventId: mintId(context.now()),
    })
    return outcome.start ?? { mail: null, decision: { mail: null } }
  })
  if (outcome === null) throw new Error('the resend was not decided')
  return outcome
}

/** What came of an act, for the operator: of a resend what was decided of the mail, which is stricter than who may ask. */
export function saidOf(act: Act, { decision, start, wait }: Operated): OperatorDecision['reason'] {
  if (wait !== null) return wait.verdict === 'refuse' ? wait.reason : decision.reason
  if (act !== 'resend' || decision.verdict !== 'admit') return decision.reason
  return start === null ? 'challenge_unknown' : start.decision.reason === 'mail_queued' ? 'operator_resent' : start.decision.reason
}

export interface Searched {
  /** What to look for; null: what was typed is nothing of the kind. */
  readonly keys: readonly SearchKey[] | null
  /** Whom it may mean: an address, or the id of a user; null: nobody in particular. */
  readonly person: PersonKey | null
  /** As it may stand in an event: an address masked, and what cannot be read, perhaps a secret, as a hash. */
  readonly searched: string
  /** The same for the address of a page; null: an address, which has no business there. */
  readonly name: string | null
}

export function readSearched(context: Context, typed: string, networkOf: (address: string) => string | null): Searched {
  const read = readSearch(typed, networkOf)
  if (!read.ok) return { keys: null, person: null, searched: addressKey(context.keys, context.tenant, typed.trim()), name: null }
  const { keys } = read
  const address = keys.find((key) => key.by === 'address')
  if (address !== undefined) return { keys, person: { email: address.email }, searched: addressInEvent(context, address.email), name: null }
  const [key] = keys
  const name = key?.by === 'id' ? key.id : key?.by === 'challenge' ? key.challenge : key?.by === 'network' ? key.network : ''
  return { keys, person: key?.by === 'id' ? { user: key.id } : null, searched: name, name }
}

/** Ids of users look like those of challenges and requests. */
export async function isUser(context: Context, person: PersonKey): Promise<boolean> {
  return 'user' in person && (await context.store.hasUser(context.tenant, person.user))
}

const FOUND_MAX = 20

/** The newest that fit, with what happened in each. */
export async function findStories(
  context: Context,
  keys: readonly SearchKey[],
): Promise<{ readonly matches: readonly Match[]; readonly more: boolean }> {
  const { store, tenant } = context
  return await search({ store, tenant, keys, since: 0, limit: FOUND_MAX })
}

/** How a path names a person: by id; an address, which has no business in an access log, sealed. */
export function nameOf(context: Context, person: { readonly email: string; readonly user: { readonly id: string } | null }): string {
  return person.user?.id ?? seal(context.keys, sealOf(context), person.email)
}

export function readName(context: Context, name: string): PersonKey {
  if (ID_SHAPE.test(name)) return { user: name }
  const email = /^[\w-]{38,600}$/.test(name) ? open(context.keys, sealOf(context), name) : null
  return email === null ? { user: '' } : { email }
}

const sealOf = (context: Context): string => `console\0${context.tenant}`

export function viewPerson(context: Context, { email, user }: NonNullable<OperateOutcome['person']>): Promise<PersonView> {
  return context.store.viewPerson(context.tenant, context.policy, { email, user: user?.id ?? null })
}

export function viewQueue(context: Context): Promise<QueueView> {
  return context.store.viewQueue(context.tenant)
}

export function listPolicies(context: Context): Promise<readonly KeptPolicy[]> {
  return context.store.listPolicies(context.tenant, 50)
}

/** At the start: an operator signs in like anybody, also where nobody may sign up. */
export async function makeOperators(context: Context): Promise<void> {
  if (context.operators.length === 0) return
  const mint = (): string => mintId(context.now())
  const operators = context.operators.map((email) => ({ id: mint(), email, eventId: mint() }))
  await context.store.makeOperators(scopeOf(context, mint()), operators)
}
