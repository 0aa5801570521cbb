// Getting back in by waiting, as the shell of it: what is minted for each step, for every account alike, and the look from time to time that
// tells who may go on. What it means is decided inside the transactions.
import { readAddress } from '../core/address.ts'
import type { Ms, Purpose } from '../core/model.ts'
import { decideWait, type Standing, standingOf, type WaitDecision, waitingOf } from '../core/recovery-wait.ts'
import { toldStart } from '../core/told.ts'
import { addressKey, digest, mintId, mintSecret, recoveryKey, recoveryTokens, SECRET_SHAPE, SESSION_SHAPE, sessionKey } from '../secret.ts'
import type { ChangeMail } from '../store/account-store.ts'
import type { From, Notices, RecoveryAct, WaitPlace, WaitView } from '../store/wait-store.ts'
import { type Asker, type Context, recordRefusal, scopeOf } from './context.ts'
import { contextFor } from './roll-out.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { sharesOf } from './shares.ts'
import {
  type Asked,
  addressInEvent,
  asked,
  bucketNames,
  codeProof,
  linkDigest,
  linkProof,
  mintMail,
  type OpenedLink,
  present,
  type Refused,
  readLinkId,
  resend,
  type TypedCode,
  type Verified,
} from './sign-in.ts'
import type { Known, Tenants } from './tenants.ts'

const PURPOSE = 'begin_recovery'

/** What minting needs: a command has no more. */
type Mint = Pick<Context, 'keys' | 'tenant' | 'policy' | 'now' | 'defaultReturn'>

function mailOf(context: Mint, purpose: Purpose, challenge = mintId(context.now())): ChangeMail {
  return { challenge, eventId: mintId(context.now()), secrets: mintMail(context, purpose, challenge).stored, leaseMs: null }
}

/** `id`: of a recovery that no other mail began. */
function noticesOf(context: Mint, id?: string): Notices {
  return { current: mailOf(context, 'cancel_recovery', id), backup: mailOf(context, 'cancel_recovery') }
}

function fromOf(context: Mint, asker: Asker, browser: string, locale = 'en'): From {
  const browserDigest = digest('browser', context.tenant, browser)
  return {
    browserDigest,
    returnTo: context.defaultReturn,
    locale,
    device: asker.device,
    network: asker.network,
    buckets: bucketNames(asker, browserDigest),
    addressInEvent: (email) => addressInEvent(context, email),
  }
}

export interface WaitRequest {
  /** Of the account. */
  readonly account: string
  readonly email: string
  readonly locale?: string | undefined
}

/** Asks for a mail to the new address. The answer is the same whether there is such an account or not. */
export async function startWait(
  base: Context,
  asker: Asker,
  request: WaitRequest,
): Promise<Asked | (Refused & { readonly of?: 'account' })> {
  const account = readAddress(request.account)
  const fresh = readAddress(request.email)
  if (!account.ok || !fresh.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: account.ok ? (fresh.ok ? '' : fresh.why) : account.why })
    return { ok: false, reason: 'address_invalid', retryAfterMs: null, ...(account.ok ? {} : { of: 'account' as const }) }
  }
  const { email } = account.address
  const context = contextFor(base, fresh.address.email)
  const { store, tenant, keys } = context
  const { requestId } = asker
  const browser = asker.browser ?? mintSecret()
  const { decision, mail, now } = await store.askWait(scopeOf(base, requestId), {
    ...fromOf(context, asker, browser, request.locale),
    email,
    newEmail: fresh.address.email,
    operators: context.operators,
    limit: `recover:${addressKey(keys, tenant, email)}`,
    mail: mailOf(context, PURPOSE, requestId),
  })
  context.hand.wake()
  if (mail !== null) context.tell(toldStart('start', mail.decision))
  const refused = mail?.decision.verdict === 'refuse' ? mail.decision : decision.verdict === 'refuse' ? decision : null
  context.log.event('recovery_start', { requestId, challenge: requestId, reason: refused?.reason ?? decision.reason })
  if (refused !== null) return { ok: false, reason: refused.reason, retryAfterMs: refused.retryAfterMs }
  return asked(context.policy, requestId, browser, now)
}

export function resendWait(context: Context, asker: Asker, challenge: string): Promise<Asked | Refused> {
  return resend(context, asker, challenge, PURPOSE)
}

/** `verdict: 'agreed'`: the new mailbox is proved, and the wait has begun. */
export async function beginWait(
  context: Context,
  asker: Asker,
  request: TypedCode | { readonly link: OpenedLink },
  locale?: string,
): Promise<Verified> {
  const proof = 'link' in request ? linkProof(context, PURPOSE, request.link) : codeProof(context, PURPOSE, request)
  const { returnTo, buckets, addressInEvent, ...from } = fromOf(context, asker, asker.browser ?? '', locale)
  const verified = await present(context, asker, proof, (scope, input) =>
    context.store.beginWait(scope, {
      ...input,
      locale: from.locale,
      returnTo,
      buckets,
      addressInEvent,
      operators: context.operators,
      notices: noticesOf(context),
      waitEventId: mintId(context.now()),
    }),
  )
  context.hand.wake()
  return verified
}

/** What a page says of one: to the browser that asked, or to who has the link. */
export interface WaitLook {
  readonly now: Ms
  readonly wait: WaitView
  readonly standing: Standing
}

function lookOf(context: Context, now: Ms, wait: WaitView): WaitLook {
  return { now, wait, standing: standingOf(contextFor(context, wait.email).policy, waitingOf(wait), now) }
}

/** null: the challenge is of none. */
export async function viewWait(context: Context, challenge: string): Promise<WaitLook | null> {
  const found = await context.store.viewWait(context.tenant, challenge)
  return found && lookOf(context, found.now, found.wait)
}

/** Under way for an account, for a banner in its sessions. The next to end first. */
export async function waitsOf(context: Context, user: string): Promise<readonly WaitLook[]> {
  const looks = (await context.store.waitsOf(context.tenant, user)).map((wait) => lookOf(context, context.now(), wait))
  return looks.filter(({ standing }) => standing.is !== 'expired').sort((one, other) => untilOf(one) - untilOf(other))
}

/** From when on somebody can go on. */
export const untilOf = ({ wait, standing, now }: WaitLook): Ms => (standing.is === 'waiting' ? standing.until : (wait.readyAt ?? now))

/** All that is under way for the account of this session. */
export async function cancelInSession(context: Context, asker: Asker): Promise<WaitDecision | null> {
  if (asker.session === null || !SESSION_SHAPE.test(asker.session)) return null
  const { decision } = await context.store.cancelWait(scopeOf(context, asker.requestId), {
    by: 'session',
    key: sessionKey(context.tenant, asker.session),
  })
  tellEnd(context, asker, decision)
  return decision
}

export async function cancelByLink(
  context: Context,
  asker: Asker,
  request: { readonly id: string; readonly secret: string },
): Promise<WaitDecision> {
  const { challenge, ordinal } = readLinkId(request.id)
  const { decision } = await context.store.cancelWait(scopeOf(context, asker.requestId), {
    by: 'link',
    challenge,
    ordinal,
    linkDigest: SECRET_SHAPE.test(request.secret) ? linkDigest(context, 'cancel_recovery', challenge, request.secret) : null,
  })
  tellEnd(context, asker, decision)
  return decision
}

function tellEnd({ dispatches, log }: Context, { requestId }: Asker, { reason }: WaitDecision): void {
  dispatches.wake()
  log.event('recovery_cancel', { requestId, reason })
}

export interface NoticeLanding {
  readonly now: Ms
  /** What a POST with the right secret would be told. */
  readonly decision: Pick<WaitDecision, 'verdict' | 'reason' | 'at'>
  readonly look: WaitLook | null
}

/** A look at the link of a notice: who has no more than its id is told of no address. */
export async function viewNotice(context: Context, linkId: string, purpose: 'cancel_recovery' | 'open_recovery'): Promise<NoticeLanding> {
  const { store, tenant } = context
  const { challenge, ordinal } = readLinkId(linkId)
  const found = challenge === '' ? null : await store.findChallenge(tenant, challenge, null)
  const isOurs = found?.challenge.purpose === purpose && found.mails.some((mail) => mail.ordinal === ordinal)
  const look = isOurs ? await viewWait(context, challenge) : null
  const now = found?.now ?? context.now()
  const waiting = look && waitingOf(look.wait)
  const { policy } = look === null ? context : contextFor(context, look.wait.email)
  const decision =
    purpose === 'cancel_recovery'
      ? decideWait(policy, { does: 'cancel', now, by: 'link', waiting, linkMatches: true })
      : decideWait(policy, {
          does: 'open',
          now,
          waiting,
          account: { status: 'active', listed: false, same: look?.wait.account?.email === look?.wait.email },
          linkMatches: true,
          address: 'absent',
          mail: found?.mails.find((mail) => mail.ordinal === ordinal) ?? null,
        })
  return { now, decision, look }
}

export interface Opened {
  readonly decision: WaitDecision
  /** The session that began, for its cookie; null: none did. */
  readonly limited: { readonly token: string; readonly livesMs: Ms; readonly browser: string } | null
}

/** After the wait, by its link and the address that the account had. */
export async function openWait(
  context: Context,
  asker: Asker,
  request: { readonly id: string; readonly secret: string; readonly email: string },
): Promise<Opened> {
  const { challenge, ordinal } = readLinkId(request.id)
  const read = readAddress(request.email)
  const browser = asker.browser ?? mintSecret()
  const { tenant, keys } = context
  // Derived, as any: the same browser gets the same token for the same recovery.
  const id = (await context.store.viewWait(tenant, challenge))?.wait.id ?? asker.requestId
  const [token = ''] = recoveryTokens(keys, tenant, id, browser)
  const { decision, now, until } = await context.store.openWait(scopeOf(context, asker.requestId), {
    challenge,
    ordinal,
    linkDigest: SECRET_SHAPE.test(request.secret) ? linkDigest(context, 'open_recovery', challenge, request.secret) : null,
    address: read.ok ? read.address.email : null,
    addressTyped: request.email.trim() === '' ? 'absent' : 'given',
    operators: context.operators,
    tokenDigest: recoveryKey(tenant, token).digest,
  })
  context.log.event('recovery_open', { requestId: asker.requestId, challenge, reason: decision.reason })
  return { decision, limited: until === null ? null : { token, livesMs: until - now, browser } }
}

/** As whoever may act is judged. */
export const WANTS = { start: 'start_recovery', approve: 'approve_recovery', cancel: 'cancel_recovery' } as const

export type WantedAct = { readonly does: 'start'; readonly email: string } | { readonly does: 'approve' | 'cancel'; readonly id: string }

/** What an operator wants done, with all that it may need; null: what was given as the new address is none. */
export function recoveryAct(context: Mint, asker: Asker, wanted: WantedAct): RecoveryAct | null {
  const eventId = mintId(context.now())
  if (wanted.does !== 'start') return { ...wanted, eventId }
  const read = readAddress(wanted.email)
  if (!read.ok) return null
  const from = fromOf(context, asker, '')
  return {
    does: 'start',
    ...from,
    id: asker.requestId,
    newEmail: read.address.email,
    notices: noticesOf(context, asker.requestId),
    eventId,
  }
}

/** So many are looked at in one go. */
const PAGE = 100

/** All that are not over, the next to be ready first; at most so many. */
export async function listWaits(
  context: Pick<Context, 'store' | 'tenant' | 'policy' | 'rollOut'>,
  limit = 500,
): Promise<readonly WaitLook[]> {
  const looks: WaitLook[] = []
  for await (const { now, wait } of eachWait(context)) {
    const { policy } = contextFor(context as Context, wait.email)
    looks.push({ now, wait, standing: standingOf(policy, waitingOf(wait), now) })
    if (looks.length >= limit) break
  }
  return looks.filter(({ wait }) => wait.user !== '')
}

async function* eachWait({ store, tenant }: Pick<Context, 'store' | 'tenant'>): AsyncGenerator<{ now: Ms; wait: WaitView }> {
  for (let after: WaitPlace = { readyAt: 0, id: '' }; ; ) {
    const { now, waits } = await store.listWaits(tenant, after, PAGE)
    for (const wait of waits) yield { now, wait }
    const last = waits.at(-1)
    if (last === undefined || waits.length < PAGE) return
    after = { readyAt: last.readyAt ?? 0, id: last.id }
  }
}

const LOOK_AGAIN_MS: Ms = 60_000
/** A wait takes days: of very many tenants each has its turn within the hour. */
const SHARING = { least: 100, rounds: 60 }
const BETWEEN_TENANTS_MS = 5

/** In the background of every process that sends mail: who may go on is told. Of many processes one does it. */
export function startAnnouncing(context: Context, tenants: Pick<Tenants, 'known' | 'contextOf'>, lookAgainMs: Ms = LOOK_AGAIN_MS): Rounds {
  const turns = sharesOf(() => tenants.known().filter(({ removed }) => !removed), SHARING)
  return startRounds(lookAgainMs, async (rest) => {
    for (const one of turns()) {
      if (one.tenant !== context.tenant && !(await rest(BETWEEN_TENANTS_MS))) return
      await announceFor(tenants, one).catch((error: unknown) => context.log.error('announcing_failed', error, { tenant: one.tenant }))
    }
  })
}

/** For all tenants, at once. */
export async function announceAll(tenants: Pick<Tenants, 'known' | 'contextOf'>): Promise<void> {
  for (const one of tenants.known()) if (!one.removed) await announceFor(tenants, one)
}

async function announceFor(tenants: Pick<Tenants, 'contextOf'>, { tenant }: Known): Promise<void> {
  const base = await tenants.contextOf(tenant)
  if (base === null) return
  for await (const { now, wait } of eachWait(base)) {
    const context = contextFor(base, wait.email)
    const { is } = standingOf(context.policy, waitingOf(wait), now)
    const moved = wait.account === null || wait.account.email !== wait.email
    const due = (is === 'ready' && wait.readyChallenge === null) || is === 'expired' || (is !== 'waiting' && moved)
    if (due) await announce(context, wait)
  }
}

async function announce(context: Context, wait: WaitView): Promise<void> {
  const requestId = mintId(context.now())
  const nowhere: Asker = { requestId, browser: null, session: null, recovery: null, device: wait.device, network: '', networkWide: '' }
  const { decision } = await context.store.announceWait(scopeOf(context, requestId), {
    ...fromOf(context, nowhere, ''),
    id: wait.id,
    operators: context.operators,
    mail: mailOf(context, 'open_recovery'),
  })
  context.hand.wake()
  context.dispatches.wake()
  if (decision.verdict !== 'idle') context.log.event('recovery_ready', { requestId, challenge: wait.id, reason: decision.reason })
}
