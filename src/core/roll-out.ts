// A change of the policy for some people first: by a share of all, which keeps everybody on the side where they are as it grows, and by
// a list. Whose mailbox it is decides, so that one person sees one behaviour in every browser.
import { z } from 'zod'
import { readAddress } from './address.ts'
import { type Policy, type PolicyInput, readPolicy } from './policy.ts'

export interface RollOut {
  /** Another name draws another share of the same size. */
  readonly name: string
  /** Of all addresses, 0 to 100. */
  readonly percent: number
  /** Canonical; these take part whatever the share is. */
  readonly addresses: ReadonlySet<string>
  /** The whole policy of those who take part. */
  readonly policy: Policy
}

export interface RollOutInput {
  readonly name: string
  /** 0 to 100, in hundredths. Default: 0. */
  readonly percent?: number | undefined
  readonly addresses?: readonly string[] | undefined
  /** What their policy has otherwise. */
  readonly change: PolicyInput
}

export type RollOutResult = { readonly ok: true; readonly rollOut: RollOut } | { readonly ok: false; readonly problems: readonly string[] }

/**
 * What may differ between two people of one tenant: how they are asked to prove their mailbox. Limits are counted for everybody
 * together, sessions and rows outlive a roll-out, and a code is drawn before it is known whose it is.
 */
export const CHANGEABLE = [
  'methods',
  'linkTtl',
  'codeTtl',
  'otherBrowser',
  'codeTries',
  'addressTries',
  'resendAfter',
  'codeInSubject',
  'signUp',
  'autoSubmitDelay',
  'mailUsefulFor',
] as const satisfies readonly (keyof Policy)[]

const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is made of small letters, digits and dashes, 40 at most'),
  percent: z.number().min(0).max(100).multipleOf(0.01, 'has two decimals at most').default(0),
  addresses: z.array(z.string()).max(10_000).default([]),
  change: z.record(z.string(), z.unknown()),
})

/** Of `base`, the policy of everybody else. */
export function readRollOut(input: unknown, base: Policy): RollOutResult {
  const parsed = schema.safeParse(input)
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'roll-out'}: ${issue.message}`) }
  const { name, percent, addresses, change } = parsed.data
  const problems: string[] = []
  const refused = Object.keys(change).filter((key) => !CHANGEABLE.some((one) => one === key))
  if (refused.length > 0) problems.push(`change: ${refused.join(', ')} cannot differ between people; what can: ${CHANGEABLE.join(', ')}`)
  if (Object.keys(change).length === 0) problems.push('change: is empty; say what the policy of these people has otherwise')
  const canonical = new Set<string>()
  for (const text of addresses) {
    const read = readAddress(text)
    if (read.ok) canonical.add(read.address.email)
    else problems.push(`addresses: "${text}" is not an e-mail address`)
  }
  const policy = readPolicy({ ...base, ...change })
  if (!policy.ok) problems.push(...policy.problems.map((problem) => `change: ${problem}`))
  if (problems.length > 0 || !policy.ok) return { ok: false, problems }
  return { ok: true, rollOut: { name, percent, addresses: canonical, policy: policy.policy } }
}

/** `place`: where the address stands among all, evenly from 0 up to, not including, 1; always the same for one name. */
export function takesPart({ percent, addresses }: RollOut, email: string, place: number): boolean {
  return place * 100 < percent || addresses.has(email)
}
