// How the limits of a mailbox stand: what is used of each, and from when on there is room again. Only told; what they do is decided in
// start.ts and verify.ts.
import { countWithin, type Rule, windowVerdict } from './bucket.ts'
import type { HitTimes } from './keep.ts'
import type { Ms } from './model.ts'
import { mailWindows, type Policy } from './policy.ts'
import { bounceRule } from './start.ts'

export interface Standing {
  readonly limit: keyof HitTimes
  readonly windows: readonly (Rule & { readonly used: number })[]
  /** When there is room again; null: there is room now. */
  readonly openAt: Ms | null
}

export function standings(policy: Policy, hits: HitTimes, now: Ms): readonly Standing[] {
  const mails = mailWindows(policy)
  const standing = (limit: keyof HitTimes, rules: readonly Rule[]): Standing => {
    const { open, retryInMs } = windowVerdict(rules, hits[limit], now)
    return {
      limit,
      windows: rules.map((rule) => ({ ...rule, used: countWithin(hits[limit], rule.per, now) })),
      openAt: open ? null : now + retryInMs,
    }
  }
  return [
    standing('mails', mails),
    standing('knownMails', mails),
    standing('failures', policy.codeFailures),
    standing('bounces', [bounceRule]),
  ]
}
