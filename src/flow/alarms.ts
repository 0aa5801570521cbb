// Looks every minute whether somebody should be called, says so in the log, once when it begins and once when it ends, and by mail to those
// who asked for it. By the counts of this process: each node watches its own share, and all of them the queue, the breaker and the seals.
import { type Finding, judge, type Minutes, sumOf, withTold } from '../core/alarms.ts'
import type { Ms } from '../core/model.ts'
import type { Tell } from '../core/told.ts'
import { alarmMail } from '../mail/alarm.ts'
import type { MailTransport } from '../mail/transport.ts'
import { mintId } from '../secret.ts'
import { Bell } from './bell.ts'
import type { Context } from './context.ts'
import { lookAround, type Vitals } from './vitals.ts'

export interface Alarms {
  readonly tell: Tell
  /** Judges now; what it was judged by, and which are raised. */
  look(): Promise<Vitals & { readonly alarms: ReadonlySet<string> }>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 60_000
const MAIL_EVERY_MS: Ms = 3_600_000

/**
 * @param operators get a mail when an alarm is raised, one for each rule and hour at most. It goes right to the mail server and not through
 * the outbox: there a mail belongs to a challenge, and one that says "the queue stands still" must not stand in it.
 */
export function startAlarms(context: Context, transport: MailTransport | null, operators: readonly string[]): Alarms {
  const { log, now } = context
  const bell = new Bell()
  const mailedAt = new Map<string, Ms>()
  let minutes: Minutes = []
  let raised: ReadonlySet<string> = new Set()
  let stopped = false
  const began = now()

  const look = async (): Promise<Vitals & { readonly alarms: ReadonlySet<string> }> => {
    const vitals = await lookAround(context)
    const judged = judge(raised, { ...vitals, unsealedMs: seenOf(vitals), counts: sumOf(minutes, now()) })
    raised = judged.now
    for (const finding of judged.raised) log.warn('alarm', { ...fieldsOf(finding), detail: finding.rule.todo })
    for (const finding of judged.ended) log.event('alarm_ended', fieldsOf(finding))
    void mail(judged.raised)
    return { ...vitals, alarms: raised }
  }

  // What waited before this process began, while nobody ran, will be sealed in a minute.
  const seenOf = ({ unsealedMs }: Vitals): Ms => Math.min(unsealedMs, Math.max(0, now() - began))

  const mail = async (findings: readonly Finding[]): Promise<void> => {
    if (transport === null) return
    const due = findings.filter(({ rule }) => Math.abs(now() - (mailedAt.get(rule.id) ?? Number.NEGATIVE_INFINITY)) >= MAIL_EVERY_MS)
    for (const { rule } of due) mailedAt.set(rule.id, now())
    for (const finding of due) for (const to of operators) await send(finding, to)
  }

  const send = async (finding: Finding, to: string): Promise<void> => {
    const { brand, origin } = context
    const message = alarmMail(finding, { to, brand, origin, id: mintId(now()), at: now() })
    const reply = await transport?.send(message).catch((error: unknown) => ({ class: 'unreadable' as const, text: String(error) }))
    if (reply?.class !== 'accepted') log.warn('alarm_mail_not_sent', { rule: finding.rule.id, reply: reply?.text ?? '' })
  }

  const work = async (): Promise<void> => {
    for (;;) {
      await bell.heard(LOOK_EVERY_MS)
      if (stopped) return
      await look().catch((error: unknown) => log.error('alarms_not_judged', error))
    }
  }
  const working = work()
  return {
    tell: (told) => {
      minutes = withTold(minutes, told, now())
    },
    look,
    stop: async () => {
      stopped = true
      bell.ring()
      await working
    },
  }
}

function fieldsOf({ rule, value }: Finding): Readonly<Record<string, string | number | null>> {
  return { rule: rule.id, value: value === null ? null : Math.round(value * 1_000) / 1_000, threshold: rule.over }
}
