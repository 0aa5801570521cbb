// Signing in: ask for a mail, ask for another, present a proof. Everything random is minted here, before the transaction and
// for every address alike; what it means is decided in core/, inside it.
import { maskAddress, readAddress } from '../core/address.ts'
import { readCode } from '../core/code.ts'
import type { Ms, Purpose, Session, User } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import { readReturnTo } from '../core/return-to.ts'
import { toldStart, toldVerify } from '../core/told.ts'
import type { VerifyDecision } from '../core/verify.ts'
import {
  addressKey,
  codeDigests,
  digest,
  ID_SHAPE,
  mintCode,
  mintId,
  mintSecret,
  ordinalOf,
  SECRET_SHAPE,
  SESSION_SHAPE,
  seal,
  sessionKey,
  sessionTokens,
} from '../secret.ts'
import type {
  BucketNames,
  MailSecrets,
  NoticeMail,
  QueuedMail,
  Scope,
  SessionKey,
  StartOutcome,
  VerifyInput,
  VerifyOutcome,
} from '../store/store.ts'
import { type Asker, type Context, recordRefusal, recoveryKeyOf, scopeOf } from './context.ts'
import { askHost, askHostOf } from './own-users.ts'
import { contextFor, contextsOf } from './roll-out.ts'
import { type SealedSecrets, sealContext } from './sealed.ts'

export interface Asked {
  readonly ok: true
  readonly challenge: string
  /** For the browser cookie: its own again, or a new one. */
  readonly browser: string
  readonly methods: readonly ('link' | 'code')[]
  readonly codeLength: number
  readonly expiresAt: Ms
  readonly resendAt: Ms
}

export interface Refused {
  readonly ok: false
  readonly reason: ReasonCode
  readonly retryAfterMs: Ms | null
}

export interface StartRequest {
  readonly email: string
  readonly returnTo?: string | null | undefined
  /** Of the mail; a tag such as "de-AT". One that we have no words in is passed over. */
  readonly locale?: string | undefined
}

const PURPOSE = 'sign_in'

/** Asks for a mail. The answer is the same for every address, known or not. */
export async function start(base: Context, asker: Asker, request: StartRequest): Promise<Asked | Refused> {
  const read = readAddress(request.email)
  if (!read.ok) return refuseEarly(base, asker, 'address_invalid', { why: read.why })
  const returnTo = readReturn(base, request.returnTo)
  if (returnTo === null) return refuseEarly(base, asker, 'return_invalid', {})
  const { address } = read
  const context = contextFor(base, address.email)
  const { tenant, store, keys } = context
  // So what happens in the request that began it is found by its key, and needs no index: docs/decisions/016.
  const challenge = asker.requestId
  const browser = asker.browser ?? mintSecret()
  const browserDigest = digest('browser', tenant, browser)
  const host = await askHost(context, challenge, address.email)
  const { decision, now } = await withHand(context, PURPOSE, challenge, (secrets, leaseMs) =>
    store.start(scopeOf(context, asker.requestId), {
      purpose: PURPOSE,
      challenge,
      email: address.email,
      addressInEvent: addressInEvent(context, address.email),
      browserDigest,
      returnTo,
      locale: request.locale ?? 'en',
      device: asker.device,
      network: asker.network,
      buckets: bucketNames(asker, browserDigest),
      secrets,
      leaseMs,
      host: host?.word,
    }),
  )
  context.tell(toldStart('start', decision))
  context.log.event('sign_in_start', {
    requestId: asker.requestId,
    challenge,
    reason: decision.reason,
    address: addressKey(keys, tenant, address.email),
  })
  if (decision.verdict === 'refuse') return { ok: false, reason: decision.reason, retryAfterMs: decision.retryAfterMs }
  return asked(context.policy, challenge, browser, now)
}

/** Asks for another mail of a challenge; only the browser that asked may. */
export async function resend(context: Context, asker: Asker, challenge: string, purpose: Purpose = PURPOSE): Promise<Asked | Refused> {
  const { store, tenant } = context
  const id = ID_SHAPE.test(challenge) ? challenge : ''
  const browser = asker.browser ?? ''
  const browserDigest = digest('browser', tenant, browser)
  const host = purpose === PURPOSE ? await askHostOf(context, asker.requestId, id) : undefined
  const { decision, policy, now } = await withHand(context, purpose, id, (secrets, leaseMs) =>
    store.resend(scopeOf(context, asker.requestId), {
      purpose,
      challenge: id,
      browserDigest,
      buckets: bucketNames(asker, browserDigest),
      secrets,
      leaseMs,
      addressInEvent: (email) => addressInEvent(context, email),
      host: host?.word,
    }),
  )
  context.tell(toldStart('resend', decision))
  context.log.event(`${purpose}_resend`, { requestId: asker.requestId, challenge: id, reason: decision.reason })
  if (decision.verdict === 'refuse') return { ok: false, reason: decision.reason, retryAfterMs: decision.retryAfterMs }
  return asked(policy, id, browser, now)
}

export interface Verified {
  readonly decision: VerifyDecision
  readonly challenge: string
  readonly browser: string
  readonly returnTo: string
  /** Set when signed in or replayed. */
  readonly signedIn: null | { readonly user: User; readonly session: Session; readonly token: string; readonly endedOther: boolean }
}

/** Presents what was typed as the code. */
export function verifyCode(context: Context, asker: Asker, request: TypedCode): Promise<Verified> {
  return verify(context, asker, codeProof(context, PURPOSE, request))
}

/** Presents a link's secret, with the typed address where the browser did not ask. */
export function verifyLink(
  context: Context,
  asker: Asker,
  request: OpenedLink,
  purpose: 'sign_in' | 'invite' = PURPOSE,
): Promise<Verified> {
  return verify(context, asker, linkProof(context, purpose, request))
}

export interface TypedCode {
  readonly challenge: string
  readonly code: string
}

export interface OpenedLink {
  readonly id: string
  readonly secret: string
  readonly email?: string | undefined
}

export function codeProof(context: Context, purpose: Purpose, request: TypedCode): Proofs {
  const challenge = ID_SHAPE.test(request.challenge) ? request.challenge : ''
  const code = readCode(request.code, context.policy.codeLength)
  return {
    purpose,
    proof: 'code',
    challenge,
    ordinal: null,
    linkDigest: null,
    codeDigests: code === null ? null : codeDigests(context.keys, context.tenant, purpose, challenge, code),
    address: null,
    addressTyped: 'absent',
  }
}

export function linkProof(context: Context, purpose: Purpose, request: OpenedLink): Proofs {
  const { challenge, ordinal } = readLinkId(request.id)
  const read = request.email === undefined ? null : readAddress(request.email)
  return {
    purpose,
    proof: 'link',
    challenge,
    ordinal,
    linkDigest: SECRET_SHAPE.test(request.secret) ? linkDigest(context, purpose, challenge, request.secret) : null,
    codeDigests: null,
    address: read?.ok ? read.address.email : null,
    addressTyped: request.email === undefined || request.email.trim() === '' ? 'absent' : 'given',
  }
}

/** A link's id: the challenge's, and one character for which of its mails. */
export function readLinkId(id: string): { challenge: string; ordinal: number } {
  const challenge = id.slice(0, 16)
  const ordinal = id.length === 17 ? ordinalOf(id.charAt(16)) : -1
  return ID_SHAPE.test(challenge) && ordinal >= 0 ? { challenge, ordinal } : { challenge: '', ordinal: -1 }
}

/** What is presented, and for what. A proof of another purpose is found nowhere. */
export type Proofs = Pick<
  VerifyInput,
  'purpose' | 'proof' | 'challenge' | 'ordinal' | 'linkDigest' | 'codeDigests' | 'address' | 'addressTyped'
>

async function verify(context: Context, asker: Asker, proofs: Proofs): Promise<Verified> {
  const host = await askHostOf(context, asker.requestId, proofs.challenge)
  const recovery = recoveryKeyOf(context, asker)
  return await present(context, asker, proofs, (scope, input) =>
    context.store.verify(scope, { ...input, ...(host === undefined ? {} : { host }), ...(recovery === null ? {} : { recovery }) }),
  )
}

/** Whatever it is for: `judge` is the operation of its purpose. */
export async function present(
  context: Context,
  asker: Asker,
  proofs: Proofs,
  judge: (scope: Scope, input: VerifyInput) => Promise<VerifyOutcome>,
): Promise<Verified> {
  const { tenant, keys } = context
  const browser = asker.browser ?? mintSecret()
  const tokens = sessionTokens(keys, tenant, proofs.challenge, browser)
  const sessions = tokens.map((token) => sessionKey(tenant, token))
  const now = context.now()
  const outcome = await judge(scopeOf(context, asker.requestId), {
    browserDigest: digest('browser', tenant, browser),
    sessionId: (sessions[0] as SessionKey).id,
    sessionDigests: sessions.map((session) => session.digest),
    currentSession: asker.session !== null && SESSION_SHAPE.test(asker.session) ? sessionKey(tenant, asker.session) : null,
    device: asker.device,
    network: asker.network,
    newUser: mintId(now),
    displacedEventId: mintId(now),
    ...(wantsNotice(context, proofs) ? { notice: mintNotice(context, now) } : {}),
    // Last: V8 adds each property behind a spread by a slow path, half a microsecond each.
    ...proofs,
  })
  const { decision, user, session } = outcome
  context.dispatches.wake()
  context.tell(toldVerify(outcome.facts, decision, outcome))
  if (outcome.notice) {
    context.tell(toldStart('start', outcome.notice))
    context.hand.wake()
  }
  context.log.event(`${proofs.purpose}_verify`, {
    requestId: asker.requestId,
    challenge: proofs.challenge,
    proof: proofs.proof,
    reason: decision.reason,
  })
  const token = tokens[outcome.sessionIndex]
  return {
    decision,
    challenge: proofs.challenge,
    browser,
    returnTo: readReturn(context, outcome.returnTo) ?? context.defaultReturn,
    signedIn: user && session && token ? { user, session, token, endedOther: decision.consequences?.endOtherSession ?? false } : null,
  }
}

/** Whose policy it is will be known when it is judged. */
function wantsNotice(context: Context, { purpose }: Proofs): boolean {
  return purpose === PURPOSE && contextsOf(context).some(({ policy }) => policy.newDeviceNotice)
}

function mintNotice(context: Context, now: Ms): NoticeMail {
  const challenge = mintId(now)
  const { stored } = mintMail(context, 'new_device', challenge)
  return { challenge, eventId: mintId(now), secrets: stored, addressInEvent: (email) => addressInEvent(context, email) }
}

export function linkDigest(context: Pick<Context, 'tenant'>, purpose: Purpose, challenge: string, secret: string): string {
  return digest('link', context.tenant, purpose, challenge, secret)
}

/** As far as the outbox has to know what was decided. */
type Queued = Pick<StartOutcome, 'mail'> & { readonly decision: Pick<StartOutcome['decision'], 'mail'> }

/** The secrets of a mail: in clear for the hand that sends it, and as they are stored. */
export function mintMail(
  context: Pick<Context, 'keys' | 'tenant' | 'policy'>,
  purpose: Purpose,
  challenge: string,
): { readonly secrets: SealedSecrets; readonly stored: MailSecrets } {
  const { keys, tenant, policy } = context
  const secrets: SealedSecrets = { link: mintSecret(), code: mintCode(policy.codeLength) }
  const stored: MailSecrets = {
    linkDigest: linkDigest(context, purpose, challenge, secrets.link),
    codeDigest: codeDigests(keys, tenant, purpose, challenge, secrets.code)[0] as string,
    sealed: seal(keys, sealContext(tenant, challenge), JSON.stringify(secrets)),
  }
  return { secrets, stored }
}

/** Mints a mail's secrets, has them queued, and hands them to this process's outbox where it has a place. */
export async function withHand<O extends Queued>(
  context: Pick<Context, 'keys' | 'tenant' | 'policy' | 'hand'>,
  purpose: Purpose,
  challenge: string,
  queue: (secrets: MailSecrets, leaseMs: Ms | null) => Promise<O>,
): Promise<O> {
  const { hand } = context
  const { secrets, stored } = mintMail(context, purpose, challenge)
  const leaseMs = hand.reserve()
  let mail: QueuedMail | null = null
  try {
    const outcome = await queue(stored, leaseMs)
    mail = outcome.mail
    if (leaseMs === null && outcome.decision.mail !== null) hand.wake()
    return outcome
  } finally {
    if (leaseMs !== null) hand.take(mail, secrets)
  }
}

export function asked(policy: Policy, challenge: string, browser: string, now: Ms): Asked {
  const lives = policy.methods.map((method) => (method === 'link' ? policy.linkTtl : policy.codeTtl))
  return {
    ok: true,
    challenge,
    browser,
    methods: policy.methods,
    codeLength: policy.codeLength,
    expiresAt: now + Math.max(...lives),
    resendAt: now + policy.resendAfter,
  }
}

/** A browser without a cookie has a bucket too, shared by all such of its network: deleting cookies buys nothing. */
export function bucketNames(asker: Asker, browserDigest: string): BucketNames {
  return {
    network: `net:${asker.network}`,
    networkWide: `wide:${asker.networkWide}`,
    browser: asker.browser === null ? `none:${asker.network}` : `browser:${browserDigest}`,
    tenant: 'tenant',
  }
}

export function addressInEvent(context: Pick<Context, 'policy' | 'keys' | 'tenant'>, email: string): string {
  return context.policy.addressInEvents === 'masked' ? maskAddress(email) : addressKey(context.keys, context.tenant, email)
}

export function readReturn(
  context: Pick<Context, 'origin' | 'returnBelow' | 'returnOrigins' | 'defaultReturn'>,
  given: string | null | undefined,
): string | null {
  const { origin, returnBelow, returnOrigins, defaultReturn } = context
  // Most sign-ins ask for nothing else, and the URL parser is dear.
  if (!given || given === defaultReturn) return defaultReturn
  const result = readReturnTo(given, { base: origin, below: returnBelow, origins: returnOrigins, fallback: defaultReturn })
  return result.ok ? result.returnTo : null
}

function refuseEarly(context: Context, asker: Asker, reason: ReasonCode, facts: object): Refused {
  recordRefusal(context, asker.requestId, 'start', reason, facts)
  return { ok: false, reason, retryAfterMs: null }
}
