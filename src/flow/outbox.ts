// The outbox worker: leases due mails, opens and renders them, hands them over, settles them. It may be killed between any two
// lines: the lease runs out and the next worker sends the same mail, with the same secrets and the same Message-ID.
import { decideDelivery } from '../core/delivery.ts'
import { isNotice, type Ms, type Purpose } from '../core/model.ts'
import { isDisownable } from '../core/not-me.ts'
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { Message } from '../mail/message.ts'
import { signInMail } from '../mail/sign-in.tsx'
import type { MailTransport, Reply } from '../mail/transport.ts'
import { bounceTag, notMeTag, open, ordinalCharacter } from '../secret.ts'
import { mailExpiresAt, type QueuedMail } from '../store/store.ts'
import { Bell } from './bell.ts'
import { type Context, type Hand, scopeOf } from './context.ts'
import { Pace } from './pace.ts'
import { contextFor } from './roll-out.ts'
import { type SealedSecrets, sealContext } from './sealed.ts'
import type { Tenants } from './tenants.ts'
import { type SettledMail, type Span, within } from './tracing.ts'
import { Turns } from './turns.ts'

export interface Outbox extends Hand {
  /** Resolves when nothing is due and nothing is on its way: for tests and for a graceful stop. */
  idle(): Promise<void>
  /** Takes no further mail, and waits for those on their way. */
  stop(): Promise<void>
}

export interface OutboxOptions {
  /** Mails on their way at once. */
  readonly atOnce?: number
  /** Mails in this process at once: those on their way, and those that were minted here and wait for their turn. */
  readonly inHand?: number
  /** Longer than the slowest hand-over may take, or two workers would send the same mail. */
  readonly leaseMs?: number
  /** Whose mails it sends, besides those of the context: any worker takes any tenant's. */
  readonly tenants?: Pick<Tenants, 'contextOf' | 'isOff'>
}

const LOOK_AGAIN_MS = 15_000
const AFTER_OUTAGE_MS = 1_000
/** A mail is sent twice if the process is killed before it is settled. */
const REST_MS = 1_000

export function startOutbox(context: Context, transport: MailTransport, options: OutboxOptions = {}): Outbox {
  const { atOnce = 20, inHand = 200, leaseMs = 120_000, tenants = null } = options
  const bell = new Bell()
  const waiting: (() => void)[] = []
  const turns = new Turns()
  const pace = new Pace(Math.min(REST_MS, leaseMs / 4))
  let stopped = false
  /** With the mail server, which takes so many at once; with us, from the lease until it has answered; and then until they are settled. */
  let sending = 0
  let carried = 0
  let answered = 0
  /** The last look took all there was room for, so there may be more. */
  let full = false
  /** Mails wait in the queue that are due: new ones go behind them, or those would wait for as long as new ones come. */
  let behind = false

  const giveBack = (): void => {
    carried--
    if (carried + answered === 0) bell.ring()
  }

  const turn = (tenant: string): Promise<void> | null => {
    if (sending >= atOnce) return turns.wait(tenant)
    sending++
    return null
  }

  const nextTurn = (): void => {
    if (!turns.next()) sending--
  }

  /** By whose rules and in whose name; a tenant that is gone has none, and nothing of it is sent. */
  const whose = async ({ tenant }: QueuedMail): Promise<Whose> => {
    if (tenants === null || tenant === context.tenant) return { its: context, withdrawn: false }
    const its = await tenants.contextOf(tenant)
    return { its: its ?? context, withdrawn: its === null || tenants.isOff(tenant) }
  }

  /** In a place that was reserved. `secrets`: where they are at hand; else they are in the seal. */
  const carry = async (mail: QueuedMail, secrets: SealedSecrets | null): Promise<void> => {
    const leased = performance.now()
    let span: Span<SettledMail> | null = null
    try {
      const wait = turn(mail.tenant)
      if (wait !== null) await wait
      const began = performance.now()
      // So late that the lease may run out on the way, and another worker send it as well: left to whoever comes then.
      if (began > leased + leaseMs / 2) return nextTurn()
      const patienceMs = leased + 0.9 * leaseMs - began
      const rest = pace.rest(mail.decoy)
      span = context.tracing?.mail(mail.requestId) ?? null
      const answer = await within(span, () =>
        whose(mail).then(({ its, withdrawn }) => handOver(its, transport, mail, { secrets, patienceMs, withdrawn })),
      ).finally(nextTurn)
      const handed = { ...answer, tookMs: performance.now() - leased, span }
      if (wasAsked(handed.reply) && !mail.decoy) pace.took(performance.now() - began)
      tellOutage(context, handed.reply)
      // The mail server can take the next one while this one waits to be settled.
      answered++
      void settleAfter(rest, mail, handed)
      if (full) bell.ring()
    } catch (error) {
      context.log.error('mail_not_settled', error, { requestId: mail.requestId, challenge: mail.challenge })
      span?.end({ reason: null })
    } finally {
      giveBack()
    }
  }

  const settleAfter = async (rest: Promise<void> | null, mail: QueuedMail, handed: HandedOver): Promise<void> => {
    let reason: ReasonCode | null = null
    try {
      if (rest !== null) await rest
      reason = await within(handed.span, () => settle(handed.context, mail, handed))
    } catch (error) {
      context.log.error('mail_not_settled', error, { requestId: mail.requestId, challenge: mail.challenge })
    } finally {
      handed.span?.end({ reason })
      answered--
      if (carried + answered === 0) bell.ring()
    }
  }

  /** Takes what is due; how long to rest unless the bell rings. */
  const look = async (): Promise<number> => {
    // Whoever asks during this look may ask about a mail that it did not see yet.
    const asked = waiting.length
    const room = atOnce - sending - turns.length
    const mails = room > 0 ? await context.store.claimMails(room, leaseMs) : []
    full = mails.length >= room
    behind = room > 0 ? full : behind || (await isDue(context))
    for (const mail of mails) {
      carried++
      void carry(mail, null)
    }
    if (carried + answered > 0) return LOOK_AGAIN_MS
    const { now, dueAt } = await context.store.nextMailDue()
    if (dueAt !== null && dueAt <= now) return 0
    for (const resolve of waiting.splice(0, asked)) resolve()
    return dueAt === null ? LOOK_AGAIN_MS : Math.min(LOOK_AGAIN_MS, dueAt - now)
  }

  const work = async (): Promise<void> => {
    while (!stopped) {
      const rest = await look().catch((error: unknown) => {
        context.log.error('outbox_unavailable', error)
        return AFTER_OUTAGE_MS
      })
      await bell.heard(rest)
    }
  }
  const working = work()

  return {
    reserve: () => {
      if (carried >= inHand) behind = true
      if (stopped || behind) return null
      carried++
      return leaseMs
    },
    take: (mail, secrets) => {
      if (mail === null) giveBack()
      // After the answer: what a real mail costs and one for show does not is none of the asker's business.
      else setImmediate(() => void carry(mail, secrets))
    },
    wake: () => bell.ring(),
    idle: () =>
      new Promise((resolve) => {
        // Nobody would ever call back.
        if (stopped) return resolve()
        waiting.push(resolve)
        bell.ring()
      }),
    stop: async () => {
      stopped = true
      bell.ring()
      await working
      while (carried + answered > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

async function isDue(context: Context): Promise<boolean> {
  const { now, dueAt } = await context.store.nextMailDue()
  return dueAt !== null && dueAt <= now
}

/** What could not even be made says nothing of how long a mail takes. */
const wasAsked = (reply: Reply | null): boolean => reply !== null && reply.class !== 'unreadable'

const TELL_AGAIN_MS = 60_000
const told = new WeakMap<Context, number>()

/** A mail server that cannot be used keeps everybody out, and somebody should hear of it: once a minute, not once a mail. */
function tellOutage(context: Context, reply: Reply | null): void {
  if (reply?.class !== 'unreachable') return
  const now = performance.now()
  if (now - (told.get(context) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return
  told.set(context, now)
  context.log.error('mail_server_unusable', new Error(reply.text))
}

interface Whose {
  readonly its: Context
  readonly withdrawn: boolean
}

interface HandedOver {
  readonly context: Context
  readonly withdrawn: boolean
  readonly reply: Reply | null
  readonly bytes: number
  /** Since the mail was leased, its wait for a turn included. */
  readonly tookMs: Ms
  readonly span: Span<SettledMail> | null
}

async function settle(context: Context, mail: QueuedMail, { reply, bytes, tookMs, withdrawn }: HandedOver): Promise<ReasonCode> {
  const scope = { ...scopeOf(contextFor(context, mail.email), mail.requestId), tenant: mail.tenant }
  const decision = await context.store.settleMail(scope, {
    mail,
    reply: reply?.class ?? null,
    replyText: reply?.text ?? '',
    bytes,
    withdrawn,
  })
  context.tell({ kind: 'deliver', reason: decision.reason, ageMs: mail.now - mail.createdAt + tookMs })
  // So that it is known by the time of the click.
  if (decision.reason === 'mail_sent') context.mailboxOf(mail.email)
  context.log.event('mail', {
    requestId: mail.requestId,
    challenge: mail.challenge,
    reason: decision.reason,
    tries: mail.tries + 1,
    reply: reply?.text ?? '',
  })
  return decision.reason
}

interface HandOver {
  readonly secrets: SealedSecrets | null
  /** Nearly the rest of the lease. A transport that never answers would keep its place for ever, and twenty such mails all of them. */
  readonly patienceMs: number
  readonly withdrawn: boolean
}

async function handOver(
  base: Context,
  transport: MailTransport,
  mail: QueuedMail,
  { secrets, patienceMs, withdrawn }: HandOver,
): Promise<Omit<HandedOver, 'tookMs' | 'span'>> {
  const whose = { context: base, withdrawn }
  const context = contextFor(base, mail.email)
  const before = decideDelivery(context.policy, {
    now: mail.now,
    tries: mail.tries,
    expiresAt: mailExpiresAt(mail),
    decoy: mail.decoy,
    reply: null,
    withdrawn,
  })
  if (before.verdict !== 'hand_over') return { ...whose, reply: null, bytes: 0 }
  try {
    const opened = secrets ?? unseal(context, mail)
    if (opened === null) return { ...whose, reply: { class: 'unreadable', text: 'sealed with a key that is gone' }, bytes: 0 }
    const message = write(context, mail, opened)
    const bytes = message.text.length + message.html.length
    // Written like any other, so that a mail for show costs what a real one does.
    const patience = new AbortController()
    if (mail.decoy) return { ...whose, reply: await inTime(pretend(transport, message, patience.signal), patience, patienceMs), bytes: 0 }
    return { ...whose, reply: await inTime(transport.send(message, patience.signal), patience, patienceMs), bytes }
  } catch (error) {
    context.log.error('mail_not_made', error, { requestId: mail.requestId, challenge: mail.challenge })
    return { ...whose, reply: { class: 'unreadable', text: 'the mail could not be made' }, bytes: 0 }
  }
}

async function pretend(transport: MailTransport, message: Message, signal: AbortSignal): Promise<Reply> {
  return transport.pretend === undefined ? { class: 'accepted', text: '' } : await transport.pretend(message, signal)
}

/** A transport that goes on although it was told to end is waited for no longer. */
async function inTime(sending: Promise<Reply>, patience: AbortController, patienceMs: number): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => {
      resolve({ class: 'unknown', text: 'no answer in time' })
      patience.abort()
    }, patienceMs)
  })
  return await Promise.race([sending, late]).finally(() => clearTimeout(timer))
}

function unseal(context: Context, mail: QueuedMail): SealedSecrets | null {
  const text = open(context.keys, sealContext(mail.tenant, mail.challenge), mail.sealed)
  return text === null ? null : (JSON.parse(text) as SealedSecrets)
}

/** Where links of notices lead. */
const AT: Partial<Record<Purpose, string>> = {
  undo_email: paths.undo,
  undo_recovery: paths.undo,
  cancel_recovery: paths.recoverCancel,
  open_recovery: paths.recoverOpen,
}

function write(context: Context, mail: QueuedMail, secrets: SealedSecrets): Message {
  const { brand, policy, origin, basePath } = context
  const id = `${mail.challenge}${ordinalCharacter(mail.ordinal)}`
  const separator = policy.linkSecret === 'fragment' ? '#' : '/'
  const at = AT[mail.purpose] ?? paths.link
  // Of a notice it is all that there is to follow.
  const isOfDevice = mail.purpose === 'new_device'
  const notMe =
    isDisownable(mail.purpose) && !mail.tellsOwner
      ? `${origin}${basePath}${paths.notMe}/${id}${notMeTag(context.keys, mail.tenant, id)}`
      : null
  const link = mail.hasLink && !mail.tellsOwner ? `${origin}${basePath}${at}/${id}${separator}${secrets.link}` : null
  const host = origin.slice(origin.indexOf('://') + 3)
  const parts = signInMail({
    kind: mail.tellsOwner ? 'address_taken' : mail.purpose,
    brand,
    locale: mail.locale,
    to: mail.email,
    link: isOfDevice ? notMe : link,
    notMe: isOfDevice ? null : notMe,
    code: mail.hasCode && !mail.tellsOwner ? secrets.code : null,
    codeOff: !mail.hasCode && policy.methods.includes('code') && at === paths.link && !mail.tellsOwner && !isNotice(mail.purpose),
    linkExpiresAt: mail.linkExpiresAt,
    codeExpiresAt: mail.codeExpiresAt,
    sentAt: mail.createdAt,
    device: mail.device,
    network: isOfDevice ? mail.network : null,
    askedAt: mail.createdAt,
    codeInSubject: policy.codeInSubject,
    host,
  })
  const domain = brand.mailFrom.slice(brand.mailFrom.lastIndexOf('@') + 1)
  return {
    to: mail.email,
    from: { name: brand.name, address: brand.mailFrom },
    ...(context.bounceAddress === null ? {} : { returnPath: tagged(context.bounceAddress, bounceTag(context.keys, mail.tenant, id)) }),
    messageId: `<${id}@${domain}>`,
    date: new Date(mail.createdAt),
    ...parts,
  }
}

/** Says which mail it is that comes back, and that nobody made it up (VERP). */
function tagged(address: string, tag: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, at)}+${tag}${address.slice(at)}`
}
