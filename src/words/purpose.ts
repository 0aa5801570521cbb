// What a mail and the landing page of its link say depends on what they are for. Where a purpose has no words of its own, it is said as when
// signing in.
import type { Purpose } from '../core/model.ts'
import type { Words } from './words.ts'

export function mailWords({ mail, mails }: Words, purpose: Purpose): Words['mail'] {
  return laidOver(mail, mails, purpose)
}

export function landingWords({ landing, landings }: Words, purpose: Purpose): Words['landing'] {
  return laidOver(landing, landings, purpose)
}

function laidOver<T extends object>(usual: T, own: Partial<Record<Purpose, Partial<T>>>, purpose: Purpose): T {
  return { ...usual, ...own[purpose] }
}
