// Which class of mailbox a domain's mail ends in, as DNS says: remembered, a few questions at a time, and never part of a request. What
// DNS does not tell in time counts as `other`.
import { type MailboxClass, type MxHost, mailboxClass } from '../core/mailbox.ts'
import type { Ms } from '../core/model.ts'
import { Lately } from './lately.ts'

/** The part of node:dns that is used. */
export interface MxResolver {
  resolveMx(domain: string): Promise<readonly MxHost[]>
}

export interface Mailboxes {
  /** What is known now, `other` until then; looks it up in the background. null: nobody knows the domain. */
  known(domain: string | null): MailboxClass
  /** Waits for the answer, and for no longer than the timeout once it is asked. Never throws. */
  find(domain: string | null): Promise<MailboxClass>
  /** Domains for which DNS gave no answer, so far. */
  unanswered(): number
}

export interface MailboxesOptions {
  readonly resolver: MxResolver
  readonly timeoutMs: Ms
  readonly now: () => Ms
  /** Questions under way at once. */
  readonly atOnce?: number
}

const AT_ONCE = 16
/** Domains remembered: twice as many at most. */
const REMEMBERED = 10_000
/** Nobody waits for those that `known` asks for, so they may be left out. */
const WAITING = 1_000
/** Mailboxes move seldom. */
const GOOD_FOR: Ms = 24 * 3_600_000
const SILENCE_GOOD_FOR: Ms = 60_000
/** After so many silences in a row there is nobody to ask: each would cost the whole timeout. */
const SILENCES = 32

interface Answer {
  readonly class: MailboxClass
  readonly until: Ms
}

export function mailboxesBy({ resolver, timeoutMs, now, atOnce = AT_ONCE }: MailboxesOptions): Mailboxes {
  const answers = new Lately<Answer>(REMEMBERED)
  const underWay = new Map<string, Promise<MailboxClass>>()
  const waiting: (() => void)[] = []
  let free = atOnce
  let silences = 0
  let unanswered = 0

  const remembered = (domain: string): MailboxClass | null => {
    const answer = answers.get(domain)
    return answer !== undefined && now() < answer.until ? answer.class : null
  }

  const look = async (domain: string): Promise<MailboxClass> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    try {
      const hosts = silences < SILENCES ? await answered(resolver, domain, timeoutMs) : null
      silences = hosts === null ? silences + 1 : 0
      if (hosts === null) unanswered++
      // Now and then somebody is asked again all the same.
      if (silences >= 2 * SILENCES) silences = SILENCES - 1
      const found = { class: mailboxClass(hosts ?? []), until: now() + (hosts === null ? SILENCE_GOOD_FOR : GOOD_FOR) }
      answers.set(domain, found)
      return found.class
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }

  const find = (domain: string): Promise<MailboxClass> => {
    const looking = underWay.get(domain) ?? look(domain).finally(() => underWay.delete(domain))
    underWay.set(domain, looking)
    return looking
  }

  return {
    known: (domain) => {
      if (domain === null) return 'other'
      const found = remembered(domain)
      if (found === null && waiting.length < WAITING) void find(domain)
      return found ?? 'other'
    },
    find: async (domain) => (domain === null ? 'other' : (remembered(domain) ?? find(domain))),
    unanswered: () => unanswered,
  }
}

/** "There is none" is an answer; null: silence, or one that comes too late. */
async function answered(resolver: MxResolver, domain: string, timeoutMs: Ms): Promise<readonly MxHost[] | null> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null)
  })
  try {
    return await Promise.race([resolver.resolveMx(domain), late])
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : null
  } finally {
    clearTimeout(timer)
  }
}
