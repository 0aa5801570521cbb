// What a mail says depends on what it is for. Where a purpose has no words of its own, it is said as in a mail to sign in.
import type { Purpose } from '../core/model.ts'
import type { Words } from './words.ts'

export function mailWords({ mail, mails }: Words, purpose: Purpose): Words['mail'] {
  return purpose in mails ? { ...mail, ...mails[purpose as keyof typeof mails] } : mail
}
