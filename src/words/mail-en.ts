// What mails say, in English. Whole sentences, so that another language can order its words as it likes; no HTML and no
// decisions. Short sentences, no blame, no exclamation marks; nothing a stranger typed is ever among the values.
import type { Purpose } from '../core/model.ts'
import { addressTaken, changeEmail, leaveEmail, stepUp, undoEmail } from './mail-en-account.ts'

/** What its link and code are for; `address_taken` has neither. */
export type MailKind = Purpose | 'address_taken'

export interface MailWords {
  readonly lang: string
  readonly dir: 'ltr' | 'rtl'
  subjectWithCode(code: string, app: string): string
  subjectCode(app: string): string
  subjectLink(app: string): string
  readonly codeTitle: string
  readonly linkTitle: string
  readonly codeWhere: string
  codeLife(duration: string, until: string): string
  readonly codeOff: string
  /** A sentence before all else, in mails that tell of something; '': none. */
  readonly notice: string
  readonly or: string
  button(app: string): string
  opens(host: string): string
  linkLife(duration: string, until: string): string
  linkIntro(app: string): string
  asked(device: string, app: string, at: string): string
  readonly notYou: string
  readonly notYouAction: string
  readonly neverRead: string
  readonly neverForward: string
  sentBy(app: string, host: string): string
  sentTo(address: string): string
  help(contact: string): string
}

const english: MailWords = {
  lang: 'en',
  dir: 'ltr',
  subjectWithCode: (code, app) => `${code} is your ${app} sign-in code`,
  subjectCode: (app) => `Your ${app} sign-in code`,
  subjectLink: (app) => `Sign in to ${app}`,
  codeTitle: 'Your sign-in code',
  linkTitle: 'Your sign-in link',
  codeWhere: 'Type it on the page where you asked for it.',
  codeLife: (duration, until) => `It works for ${duration}, until ${until}.`,
  codeOff: 'This mail has only the link. Too many wrong codes were typed lately.',
  notice: '',
  or: 'or',
  button: (app) => `Sign in to ${app}`,
  opens: (host) => `The button opens ${host}.`,
  linkLife: (duration, until) => `It works once, for ${duration}, until ${until}.`,
  linkIntro: (app) => `Sign in to ${app} with this link:`,
  asked: (device, app, at) => `Someone asked to sign in to ${app} with ${device} at ${at}.`,
  notYou: 'Didn’t ask for this?',
  notYouAction: 'Ignore this mail. Nobody can sign in without it.',
  neverRead: 'Never read this code to anyone, not even to us.',
  neverForward: 'Never pass this mail on, not even to us.',
  sentBy: (app, host) => `Sent by ${app} (${host}).`,
  sentTo: (address) => `Sent to ${address}.`,
  help: (contact) => `Questions? ${contact}`,
}

const words: Partial<Readonly<Record<MailKind, MailWords>>> = {
  step_up: { ...english, ...stepUp },
  change_email: { ...english, ...changeEmail },
  leave_email: { ...english, ...leaveEmail },
  undo_email: { ...english, ...undoEmail },
  address_taken: { ...english, ...addressTaken },
}

/** English is what there is so far; a locale we do not have is answered in it, and says so in `lang`. */
export function mailWords(_locale: string, kind: MailKind): MailWords {
  return words[kind] ?? english
}
