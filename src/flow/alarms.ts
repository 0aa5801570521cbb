// Looks every minute whether somebody should be called, says so in the log, once when it begins and once when it ends, and by mail to those
// who asked for it. By the counts of this process: each node watches its own share, and all of them the queue, the breaker and the seals.
import { type Finding, judge, type Minutes, sumOf, withTold } from '../core/alarms.ts'
import type { Ms } from '../core/model.ts'
import type { Tell, Told } from '../core/told.ts'
import { alarmMail } from '../mail/alarm.ts'
import type { MailTransport } from '../mail/transport.ts'
import { mintId } from '../secret.ts'
import { Bell } from './bell.ts'
import type { Context } from './context.ts'
import type { Tenants } from './tenants.ts'
import { lookAround, type Vitals } from './vitals.ts'

export interface Alarms {
  /** Hears of all tenants. */
  readonly tell: Tell
  /** Hears of one, besides. */
  tellOf(tenant: string): Tell
  /** Judges now; what the installation was judged by, and which are raised for it or for any tenant. */
  look(): Promise<Vitals & { readonly alarms: ReadonlySet<string> }>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 60_000
const MAIL_EVERY_MS: Ms = 3_600_000

/** What is judged for itself: the installation, by all that happens in it; or a tenant, by what happens there. */
interface Watch {
  readonly mailedAt: Map<string, Ms>
  minutes: Minutes
  raised: ReadonlySet<string>
}

/**
 * Operators get a mail when an alarm is raised, one for each rule and hour at most. It goes right to the mail server and not through
 * the outbox: there a mail belongs to a challenge, and one that says "the queue stands still" must not stand in it. Those of the context
 * hear of the installation, those of a tenant of what happens there; where nothing happened in the last hour nothing is judged.
 */
export function startAlarms(context: Context, transport: MailTransport | null, tenants: Pick<Tenants, 'contextOf'> | null = null): Alarms {
  const { now } = context
  const bell = new Bell()
  const installation: Watch = watch()
  const watches = new Map<string, Watch>()
  let stopped = false
  const began = now()

  const look = async (): Promise<Vitals & { readonly alarms: ReadonlySet<string> }> => {
    const vitals = await lookAround(context)
    await judgeNow(context, installation, vitals)
    const raised = new Set(installation.raised)
    for (const [tenant, its] of watches) {
      const own = await tenants?.contextOf(tenant)
      // It says nothing any more: what was raised of it is over with it.
      if (own == null || (its.raised.size === 0 && isQuiet(its, now()))) watches.delete(tenant)
      else await judgeNow(own, its, await lookAround(own))
      for (const rule of its.raised) raised.add(rule)
    }
    return { ...vitals, alarms: raised }
  }

  const judgeNow = async (own: Context, its: Watch, vitals: Vitals): Promise<void> => {
    const judged = judge(its.raised, { ...vitals, unsealedMs: seenOf(vitals), counts: sumOf(its.minutes, now()) })
    its.raised = judged.now
    for (const finding of judged.raised) own.log.warn('alarm', { ...fieldsOf(finding), detail: finding.rule.todo })
    for (const finding of judged.ended) own.log.event('alarm_ended', fieldsOf(finding))
    void mail(own, its, judged.raised)
  }

  // What waited before this process began, while nobody ran, will be sealed in a minute; of a tenant of many, in a quarter of an hour.
  const seenOf = ({ unsealedMs }: Vitals): Ms => Math.min(unsealedMs, Math.max(0, now() - began))

  const mail = async (own: Context, { mailedAt }: Watch, findings: readonly Finding[]): Promise<void> => {
    if (transport === null) return
    const due = findings.filter(({ rule }) => Math.abs(now() - (mailedAt.get(rule.id) ?? Number.NEGATIVE_INFINITY)) >= MAIL_EVERY_MS)
    for (const { rule } of due) mailedAt.set(rule.id, now())
    for (const finding of due) for (const to of own.operators) await send(own, finding, to)
  }

  const send = async ({ brand, origin, basePath, log }: Context, finding: Finding, to: string): Promise<void> => {
    const message = alarmMail(finding, { to, brand, origin: `${origin}${basePath}`, id: mintId(now()), at: now() })
    const reply = await transport?.send(message).catch((error: unknown) => ({ class: 'unreadable' as const, text: String(error) }))
    if (reply?.class !== 'accepted') log.warn('alarm_mail_not_sent', { rule: finding.rule.id, reply: reply?.text ?? '' })
  }

  const hear = (its: Watch, told: Told): void => {
    its.minutes = withTold(its.minutes, told, now())
  }

  const work = async (): Promise<void> => {
    for (;;) {
      await bell.heard(LOOK_EVERY_MS)
      if (stopped) return
      await look().catch((error: unknown) => context.log.error('alarms_not_judged', error))
    }
  }
  const working = work()
  return {
    tell: (told) => hear(installation, told),
    tellOf: (tenant) => {
      if (tenant === context.tenant) return () => {}
      return (told) => {
        const its = watches.get(tenant) ?? watch()
        watches.set(tenant, its)
        hear(its, told)
      }
    },
    look,
    stop: async () => {
      stopped = true
      bell.ring()
      await working
    },
  }
}

function watch(): Watch {
  return { mailedAt: new Map(), minutes: [], raised: new Set() }
}

/** Nothing was counted in the window. */
function isQuiet({ minutes }: Watch, now: Ms): boolean {
  return Object.values(sumOf(minutes, now)).every((count) => count === 0)
}

function fieldsOf({ rule, value }: Finding): Readonly<Record<string, string | number | null>> {
  return { rule: rule.id, value: value === null ? null : Math.round(value * 1_000) / 1_000, threshold: rule.over }
}
