// One "no" in words, for pages and for application/problem+json alike, so that the two never tell different stories.
import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import { faceWords, type Words } from './words.ts'

export interface Explainable {
  readonly reason: ReasonCode
  readonly triesLeft?: number | undefined
  readonly retryAfterMs?: Ms | undefined
  readonly at?: Ms | undefined
}

export interface Explanation {
  readonly title: string
  readonly detail: string
  readonly nextStep: string
}

export function explain(words: Words, problem: Explainable, policy: Policy, now: Ms): Explanation {
  const face = faceWords(words, problem.reason)
  const { triesLeft, retryAfterMs, at } = problem
  const params = { policy, now, triesLeft, retryAfterMs, at }
  return { title: face.heading, detail: face.why(params), nextStep: face.next(params) }
}
