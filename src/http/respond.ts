// From decisions to responses: the one place where a reason becomes a page, a redirect or a problem. What a stranger sees of a
// reason is its face.
import { paths } from '../core/paths.ts'
import type { Policy } from '../core/policy.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { failurePage } from '../page/failure.tsx'
import type { FailureView, Frame, Problem } from '../page/view.ts'
import { explain } from '../words/explain.ts'
import { wordsOf } from '../words/own.ts'
import { languageCookie } from './cookies.ts'
import type { Outgoing } from './exchange.ts'
import type { Visit } from './visit.ts'

interface Extra {
  readonly status?: number
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly retryAfterMs?: number | null | undefined
}

/** `policy`: of whom the page is for, where that is known. */
export function frameOf(visit: Visit, now: number, policy: Policy = visit.context.policy): Frame {
  return visit.site.frame(visit.asker.requestId, now, policy, visit.language)
}

/** For pages of operators and developers, which have no other language. */
export function englishFrame(visit: Visit, now: number): Frame {
  return visit.site.frame(visit.asker.requestId, now, visit.context.policy, 'en')
}

export function html(visit: Visit, body: string, extra: Extra = {}): Outgoing {
  return respond(visit, body, extra.status ?? 200, extra)
}

/** 303 unless told: whatever was posted is not posted again by a reload or by "back". */
export function redirect(visit: Visit, location: string, extra: Extra = {}): Outgoing {
  return respond(visit, null, extra.status ?? 303, extra, { location })
}

export function json(visit: Visit, body: object | null, extra: Extra = {}): Outgoing {
  if (body === null) return respond(visit, null, extra.status ?? 204, extra)
  return respond(visit, JSON.stringify(body), extra.status ?? 200, extra, { 'content-type': 'application/json' })
}

/** What a stranger may know of a reason. */
export function faceOf(reason: ReasonCode): ReasonCode {
  return reasons[reason].face as ReasonCode
}

export function problem(visit: Visit, given: Problem, extra: Extra = {}): Outgoing {
  const face = faceOf(given.reason)
  visit.log.reason = given.reason
  const { context } = visit
  const words = explain(wordsOf(context.brand, 'en'), { ...given, reason: face }, context.policy, context.now())
  const status = reasons[face].status
  const body = {
    type: `${context.origin}${context.basePath}${paths.reasons}#${face}`,
    title: words.title,
    status,
    detail: words.detail,
    nextStep: words.nextStep,
    reason: face,
    requestId: visit.asker.requestId,
    ...(given.triesLeft === undefined ? {} : { triesLeft: given.triesLeft }),
    ...(given.retryAfterMs == null ? {} : { retryAfter: Math.ceil(given.retryAfterMs / 1_000) }),
  }
  const { retryAfterMs } = given
  return respond(visit, JSON.stringify(body), status, { ...extra, retryAfterMs }, { 'content-type': 'application/problem+json' })
}

/** A "no" as the asking client reads it: a problem for the API, else a page with a way out. */
export function refuse(
  visit: Visit,
  given: Problem,
  { policy, ...view }: Omit<FailureView, 'problem'> & { readonly policy?: Policy } = {},
  extra: Extra = {},
): Outgoing {
  if (visit.api) return problem(visit, given, extra)
  const face = faceOf(given.reason)
  visit.log.reason = given.reason
  const page = failurePage(frameOf(visit, visit.context.now(), policy), { ...view, problem: { ...given, reason: face } })
  return html(visit, page, { ...extra, status: extra.status ?? reasons[face].status, retryAfterMs: given.retryAfterMs })
}

function respond(visit: Visit, body: string | null, status: number, extra: Extra, own: Extra['headers'] = {}): Outgoing {
  const headers: Record<string, string> = {
    'x-request-id': visit.asker.requestId,
    ...(body === null ? visit.site.bareHeaders : visit.site.headers),
    ...extra.headers,
    ...own,
  }
  if (extra.retryAfterMs != null) headers['retry-after'] = String(Math.max(1, Math.ceil(extra.retryAfterMs / 1_000)))
  const cookies = extra.cookies ?? []
  if (visit.api || !visit.languageAsked) return { status, headers, cookies, body }
  return { status, headers, cookies: [...cookies, languageCookie(visit.site.cookies, visit.language)], body }
}
