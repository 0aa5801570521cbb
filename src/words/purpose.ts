// What a mail and the landing page of its link say depends on what they are for. Where a purpose has no words of its own, it is said as when
// signing in.
import type { Purpose } from '../core/model.ts'
import type { Words } from './words.ts'

/** What its link and code are for; `address_taken` has neither. */
export type MailKind = Purpose | 'address_taken'

/** `notice`: said before all else, in mails that tell of something. */
export type MailWords = Words['mail'] & { readonly notice?: string | ((values: { readonly ready: string }) => string) }

export function mailWords({ mail, mails }: Words, kind: MailKind): MailWords {
  return laidOver(mail, mails, kind)
}

export function landingWords({ landing, landings }: Words, purpose: Purpose): Words['landing'] {
  return laidOver(landing, landings, purpose)
}

function laidOver<T extends object, Kind extends string>(usual: T, own: Partial<Record<Kind, Partial<T>>>, kind: Kind): T {
  return { ...usual, ...own[kind] }
}
