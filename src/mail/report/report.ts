// What a mail service tells of mails that it could not deliver, in one form. Each reader first settles whether the service said so at all.
import type { Ms } from '../../core/model.ts'

export interface Report {
  readonly kind: 'bounced' | 'complained'
  /** As the service writes it. */
  readonly address: string
  /** Message-ID of the mail, if it says so. */
  readonly messageId: string | null
  /** In its words: to be cleaned before it stands anywhere. */
  readonly detail: string
}

export interface Delivery {
  /** Lower-case names. */
  readonly header: (name: string) => string | null
  /** As it came. */
  readonly body: string
  readonly now: Ms
}

export type Reading =
  | { readonly ok: true; readonly reports: readonly Report[] }
  /** `forged`: not signed by whom it should be. `unreadable`: signed, and not in a form that is known. */
  | { readonly ok: false; readonly why: 'forged' | 'unreadable' }

export type ReadReport = (delivery: Delivery) => Reading | Promise<Reading>

export const forged: Reading = { ok: false, why: 'forged' }
export const unreadable: Reading = { ok: false, why: 'unreadable' }

/** A report that was recorded is good for so long, and no longer: services try again for hours. */
export const GOOD_FOR: Ms = 24 * 3_600_000

export function isTimely(at: Ms, now: Ms): boolean {
  return Math.abs(now - at) <= GOOD_FOR
}

/** undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
