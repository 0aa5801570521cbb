// What a catalogue of words holds, and which one a locale gets. A language is one file with an object of type `Words`.

import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { en } from './en.ts'

export type Words = typeof en

/** Reasons that a stranger sees under another reason's face, or never on a page. A new reason must get words or stand here. */
type Faceless =
  | 'budget_spent'
  | 'address_taken'
  | 'address_left'
  | 'breaker_open'
  | 'address_unknown'
  | 'sign_up_closed'
  | 'user_disabled'
  | 'address_suppressed'
  | 'mail_sent'
  | 'mail_deferred'
  | 'mail_dead'
  | 'mail_expired'
  | 'mail_suppressed'
  | 'operator_made'
  | 'operator_looked'
  | 'operator_unknown'
  | 'operator_resent'
  | 'operator_ended_sessions'
  | 'operator_disabled_user'
  | 'operator_enabled_user'
  | 'operator_lifted_limit'
  | 'operator_erased_user'

export type Face = Exclude<ReasonCode, Faceless>

/** What the words of a face may speak of. Every number comes from the policy in force. */
export interface FaceParams {
  readonly policy: Policy
  readonly now: Ms
  readonly triesLeft?: number | undefined
  readonly retryAfterMs?: Ms | undefined
  readonly at?: Ms | undefined
}

export interface FaceWords {
  readonly heading: string
  /** What happened. */
  why(params: FaceParams): string
  /** The safe next step, as a sentence. */
  next(params: FaceParams): string
  /** The same step on a button. */
  readonly nextLabel: string
}

export function wordsFor(locale: string): Words {
  const language = locale.toLowerCase().split('-')[0] ?? ''
  return Object.hasOwn(catalogues, language) ? (catalogues[language] ?? en) : en
}

const catalogues: Record<string, Words> = { en }

/** The words of a reason, by its face. A reason that is never shown gets those of a defect: it should not have come here. */
export function faceWords(words: Words, reason: ReasonCode): FaceWords {
  const face = reasons[reason].face
  return Object.hasOwn(words.faces, face) ? words.faces[face as Face] : words.faces.failed
}
