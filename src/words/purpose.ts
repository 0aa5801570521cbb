// What a mail says depends on what it is for. Where a purpose has no words of its own, it is said as in a mail to sign in.
import type { Purpose } from '../core/model.ts'
import type { Words } from './words.ts'

/** What its link and code are for; `address_taken` has neither. */
export type MailKind = Purpose | 'address_taken'

/** `notice`: said before all else, in mails that tell of something. */
export type MailWords = Words['mail'] & { readonly notice?: string }

export function mailWords({ mail, mails }: Words, kind: MailKind): MailWords {
  return kind in mails ? { ...mail, ...mails[kind as keyof typeof mails] } : mail
}
