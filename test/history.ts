// What clients asked and heard, and whether one register per secret could have answered them so, in some order in which nothing
// is answered before it was asked. Pure: no clock, no network, no database. The model is `outcomes`; the search is below it.

export interface Rules {
  readonly linkTtl: number
  readonly codeTtl: number
  readonly codeTries: number
  readonly replayWindow: number
  /** By how much the clients' clock and the deciding one may differ. */
  readonly skew: number
}

export type Ask =
  | { readonly do: 'start'; readonly challenge: string; readonly browser: string }
  | { readonly do: 'resend'; readonly challenge: string }
  /** `code`: that of the challenge's n-th mail, or one that no mail had. `carries`: the session the browser holds. */
  | {
      readonly do: 'code'
      readonly challenge: string
      readonly browser: string
      readonly code: number | 'wrong'
      readonly carries: string | null
    }
  /** In another browser than the one that asked: with the right address. */
  | { readonly do: 'link'; readonly challenge: string; readonly browser: string; readonly mail: number; readonly carries: string | null }
  | { readonly do: 'sign_out'; readonly session: string }
  | { readonly do: 'check'; readonly session: string }

export interface Answer {
  readonly reason: string
  /** Of a sign-in or a replay. */
  readonly session?: string
  readonly triesLeft?: number
}

export interface Call {
  readonly id: number
  readonly client: string
  readonly ask: Ask
  readonly from: number
  /** Infinity: nobody knows; it may happen at any later time, or never. */
  readonly to: number
  /** null: the node died or the connection broke. */
  readonly answer: Answer | null
  readonly requestId?: string
}

/** Everything that is wrong with a history, each fault with the calls it is about; empty: nothing. */
export function faultsOf(rules: Rules, history: readonly Call[]): string[] {
  const { owner, faults } = sessionsOf(history)
  const steps = history.flatMap((call): Step[] => {
    const { ask, answer } = call
    const challenge = 'challenge' in ask ? ask.challenge : (owner.get(ask.session) ?? '')
    const step = { ...call, of: challenge, ends: null }
    // A sign-in ends the session that its browser held, which another challenge gave.
    if (!('carries' in ask) || ask.carries === null || (answer !== null && answer.reason !== 'signed_in')) return [step]
    const given = owner.get(ask.carries) ?? ''
    return given === challenge ? [step] : [step, { ...call, of: given, ends: ask.carries }]
  })
  for (const [challenge, own] of grouped(steps, ({ of }) => of)) {
    const fault = orderOf(rules, challenge, own)
    if (fault !== null) faults.push(fault)
  }
  return faults
}

/** Which challenge gave a session; no two may have given the same one. */
function sessionsOf(history: readonly Call[]): { owner: Map<string, string>; faults: string[] } {
  const owner = new Map<string, string>()
  const faults: string[] = []
  for (const { id, ask, answer } of history) {
    if (answer?.session === undefined || !('challenge' in ask)) continue
    const had = owner.get(answer.session) ?? ask.challenge
    if (had !== ask.challenge) faults.push(`#${id}: session ${answer.session} was given by two challenges, ${had} and ${ask.challenge}`)
    owner.set(answer.session, had)
  }
  return { owner, faults }
}

/** What the database holds when all is over. */
export interface Records {
  readonly sessions: readonly { readonly id: string; readonly ended: boolean }[]
  readonly events: readonly EventRecord[]
}

export interface EventRecord {
  readonly requestId: string
  readonly kind: string
  readonly reason: string
  readonly session: string | null
  /** Which mail's code was compared, if one was. */
  readonly looked: { readonly challenge: string; readonly mail: number } | null
}

/** What was answered against what was written down: nothing acknowledged is missing, nothing happened twice. */
export function faultsOfRecords(rules: Rules, history: readonly Call[], { sessions, events }: Records): string[] {
  const faults: string[] = []
  const rows = new Map(sessions.map((row) => [row.id, row]))
  const byRequest = grouped(
    events.filter(({ kind }) => kind !== 'deliver'),
    ({ requestId }) => requestId,
  )
  for (const call of history) {
    const { ask, answer, requestId } = call
    if (answer === null) continue
    if (answer.session !== undefined && !rows.has(answer.session))
      faults.push(`a session was acknowledged and is not there: ${sentence(call)}`)
    if (ask.do === 'sign_out' && answer.reason === 'signed_out' && rows.get(ask.session)?.ended !== true)
      faults.push(`a session was ended and lives: ${sentence(call)}`)
    if (ask.do === 'check') continue
    const written = byRequest.get(requestId ?? '') ?? []
    if (written.length !== 1) faults.push(`${written.length} events of one request: ${sentence(call)}`)
    else if ((ask.do === 'code' || ask.do === 'link') && written[0]?.reason !== answer.reason)
      faults.push(`the event says ${written[0]?.reason}: ${sentence(call)}`)
  }
  const made = grouped(
    events.filter(({ reason }) => reason === 'signed_in'),
    ({ session }) => session ?? '',
  )
  for (const id of new Set([...rows.keys(), ...made.keys()])) {
    const times = made.get(id)?.length ?? 0
    if (times !== 1 || !rows.has(id)) faults.push(`session ${id}: ${rows.has(id) ? 'a row' : 'no row'} and ${times} events that made it`)
  }
  const looks = grouped(
    events.flatMap(({ looked }) => (looked === null ? [] : [looked])),
    ({ challenge, mail }) => `${challenge}, mail ${mail}`,
  )
  for (const [code, { length }] of looks) if (length > rules.codeTries) faults.push(`the code of ${code} was compared ${length} times`)
  return faults
}

// The model

interface State {
  readonly browser: string
  readonly mails: readonly { readonly from: number; readonly to: number; readonly tries: number; readonly spent: boolean }[]
  /** The browser that asked is signed in: every proof is retired. */
  readonly completed: boolean
  /** By browser. `id`: null until a client heard it. */
  readonly sessions: Readonly<Record<string, Given>>
}

interface Given {
  readonly id: string | null
  readonly from: number
  readonly to: number
  readonly ended: boolean
}

/** A call as one challenge sees it; `ends`: all it does there is to end this session. */
interface Step extends Call {
  readonly of: string
  readonly ends: string | null
}

interface Outcome extends Answer {
  readonly state: State
}

const nobody: State = { browser: '', mails: [], completed: false, sessions: {} }

/** All that may happen when this call takes effect now; more than one thing where only the moment decides. */
function outcomes(rules: Rules, state: State, step: Step): Outcome[] {
  const { ask } = step
  if (step.ends !== null) return [{ reason: 'ended', state: ended(state, step.ends) }]
  switch (ask.do) {
    case 'start':
      return state.mails.length > 0 ? [] : [{ reason: 'queued', state: { ...withMail(state, step), browser: ask.browser } }]
    case 'resend':
      if (state.mails.length === 0) return []
      if (state.completed) return [{ reason: 'challenge_completed', state }]
      return [
        { reason: 'queued', state: withMail(state, step) },
        { reason: 'too_many_mails', state },
      ]
    case 'check':
    case 'sign_out': {
      const given = Object.values(state.sessions).find(({ id }) => id === ask.session)
      if (given === undefined) return []
      if (given.ended) return [{ reason: 'session_ended', state }]
      return ask.do === 'check' ? [{ reason: 'session_live', state }] : [{ reason: 'signed_out', state: ended(state, ask.session) }]
    }
    case 'code':
      return ask.code !== 'wrong' && ask.code >= state.mails.length ? [] : codeOutcomes(rules, state, step, ask)
    case 'link':
      return linkOutcomes(rules, state, step, ask)
  }
}

function codeOutcomes(rules: Rules, state: State, step: Step, ask: Ask & { do: 'code' }): Outcome[] {
  const newest = state.mails.at(-1)
  if (newest === undefined) return []
  if (ask.browser !== state.browser) return [{ reason: 'code_other_browser', state }]
  const at = state.mails.length - 1
  if (state.completed) return replays(rules, state, step, { browser: ask.browser, right: ask.code === at, used: 'code_used' })
  const found: Outcome[] = []
  if (step.to + rules.skew >= newest.from + rules.codeTtl) found.push({ reason: 'code_expired', state })
  if (step.from - rules.skew >= newest.to + rules.codeTtl) return found
  if (newest.tries >= rules.codeTries) return [...found, { reason: 'code_locked', state }]
  const claimed = changeMail(state, at, { tries: newest.tries + 1 })
  const triesLeft = rules.codeTries - newest.tries - 1
  if (ask.code === at) return [...found, signedIn({ ...claimed, completed: true }, step, ask.browser)]
  if (ask.code !== 'wrong') return [...found, { reason: 'code_superseded', triesLeft, state: claimed }]
  return [...found, triesLeft === 0 ? { reason: 'code_locked', state: claimed } : { reason: 'code_wrong', triesLeft, state: claimed }]
}

function linkOutcomes(rules: Rules, state: State, step: Step, ask: Ask & { do: 'link' }): Outcome[] {
  const mail = state.mails[ask.mail]
  if (mail === undefined) return []
  const { browser } = ask
  if (mail.spent || state.completed || state.sessions[browser] !== undefined)
    return replays(rules, state, step, { browser, right: true, used: 'link_used' })
  const found: Outcome[] = []
  if (step.to + rules.skew >= mail.from + rules.linkTtl) found.push({ reason: 'link_expired', state })
  if (step.from - rules.skew >= mail.to + rules.linkTtl) return found
  const spent = { ...changeMail(state, ask.mail, { spent: true }), completed: browser === state.browser }
  return [...found, signedIn(spent, step, browser)]
}

/** A proof once more: the same session again for the browser that got it, for a while; else "used". */
function replays(rules: Rules, state: State, step: Step, again: { browser: string; right: boolean; used: string }): Outcome[] {
  const given = state.sessions[again.browser]
  const used = { reason: again.used, state }
  if (given === undefined || given.ended || !again.right) return [used]
  const found: Outcome[] = []
  if (step.from - rules.skew < given.to + rules.replayWindow) {
    const id = given.id ?? step.answer?.session ?? null
    const heard = given.id === id ? state : { ...state, sessions: { ...state.sessions, [again.browser]: { ...given, id } } }
    found.push({ reason: 'replayed', ...(id === null ? {} : { session: id }), state: heard })
  }
  if (step.to + rules.skew >= given.from + rules.replayWindow) found.push(used)
  return found
}

function signedIn(state: State, step: Step, browser: string): Outcome {
  const id = step.answer?.session ?? null
  const sessions = { ...state.sessions, [browser]: { id, from: step.from, to: step.to, ended: false } }
  return { reason: 'signed_in', ...(id === null ? {} : { session: id }), state: { ...state, sessions } }
}

function withMail(state: State, { from, to }: Step): State {
  return { ...state, mails: [...state.mails, { from, to, tries: 0, spent: false }] }
}

function changeMail(state: State, at: number, change: { readonly tries?: number; readonly spent?: boolean }): State {
  return { ...state, mails: state.mails.map((mail, index) => (index === at ? { ...mail, ...change } : mail)) }
}

function ended(state: State, session: string): State {
  if (!Object.values(state.sessions).some((given) => given.id === session && !given.ended)) return state
  const sessions = Object.entries(state.sessions).map(([browser, given]) => [
    browser,
    given.id === session ? { ...given, ended: true } : given,
  ])
  return { ...state, sessions: Object.fromEntries(sessions) as State['sessions'] }
}

// The search

/** Looks for an order; null when there is one, else the longest that was found and what could not come next. */
function orderOf(rules: Rules, challenge: string, steps: readonly Step[]): string | null {
  const seen = new Set<string>()
  let longest: { readonly order: readonly Step[]; readonly state: State } = { order: [], state: nobody }

  const search = (order: readonly Step[], left: readonly Step[], state: State): boolean => {
    if (left.every(({ to }) => to === Number.POSITIVE_INFINITY)) return true
    if (order.length > longest.order.length) longest = { order, state }
    const key = `${left.map(({ id }) => id).join()} ${JSON.stringify(state)}`
    if (seen.has(key)) return false
    seen.add(key)
    const possible = next(left).flatMap((step) => allowed(rules, state, step).map((outcome) => ({ step, outcome })))
    const without = (step: Step): readonly Step[] => left.filter((one) => one !== step)
    // What changes nothing may as well come first.
    const idle = possible.find(({ outcome }) => outcome.state === state)
    if (idle !== undefined) {
      if (search([...order, idle.step], without(idle.step), state)) return true
      // But for a guess that is told as those behind it are, and may be the last that the next mail takes.
      if (!mayBeLast(idle.step)) return false
    }
    return possible.some((one) => one !== idle && search([...order, one.step], without(one.step), one.outcome.state))
  }

  if (search([], steps, nobody)) return null
  const left = steps.filter((step) => !longest.order.includes(step))
  const stuck = next(left).filter(({ to }) => to !== Number.POSITIVE_INFINITY)
  const rest = left.filter((step) => !stuck.includes(step))
  return [
    `challenge ${challenge}: no order explains what was answered`,
    ...(longest.order.length === 0 ? [] : ['  the longest that does:', ...longest.order.map((step) => `    ${sentence(step)}`)]),
    '  after which none of these can come:',
    ...stuck.map((step) => `    ${sentence(step)} — ${instead(rules, longest.state, step)}`),
    ...(rest.length === 0 ? [] : ['  not looked at: what came later, or was never answered:']),
    ...rest.slice(0, SHOWN).map((step) => `    ${sentence(step)}`),
    ...(rest.length > SHOWN ? [`    and ${rest.length - SHOWN} more`] : []),
  ].join('\n')
}

const SHOWN = 5

/** Those before which nothing else must have happened. Of guesses without an answer one stands for all: they are alike. */
function next(left: readonly Step[]): readonly Step[] {
  const end = Math.min(...left.map(({ to }) => to))
  const guess = left.find(isLostGuess)
  return left.filter((step) => step.from <= end && (step === guess || !isLostGuess(step)))
}

function mayBeLast({ ask, answer }: Step): boolean {
  return ask.do === 'code' && ask.code === 'wrong' && answer?.reason === 'code_locked'
}

function isLostGuess({ ask, answer, ends }: Step): boolean {
  return ask.do === 'code' && ask.code === 'wrong' && answer === null && ends === null
}

/** What may have happened, given what was answered. Whatever went unanswered and changes nothing need not be placed. */
function allowed(rules: Rules, state: State, step: Step): Outcome[] {
  const { answer } = step
  const found = outcomes(rules, state, step)
  if (answer === null) return found.filter((outcome) => outcome.state !== state)
  if (step.ends !== null) return found
  return found.filter(
    ({ reason, session, triesLeft }) =>
      reason === answer.reason &&
      session === answer.session &&
      (answer.triesLeft === undefined || triesLeft === undefined || triesLeft === answer.triesLeft),
  )
}

function instead(rules: Rules, state: State, step: Step): string {
  const found = outcomes(rules, state, step).map(({ reason, session, triesLeft }) => words({ reason, session, triesLeft }))
  return found.length === 0 ? 'there is no such thing yet' : `here it must be ${found.join(' or ')}`
}

export function sentence({ id, client, ask, from, to, answer, ends }: Call & { readonly ends?: string | null }): string {
  const when = `${from.toFixed(0)}–${to === Number.POSITIVE_INFINITY ? '?' : to.toFixed(0)}`
  const what =
    ask.do === 'start'
      ? `start in ${ask.browser}`
      : ask.do === 'resend'
        ? 'resend'
        : ask.do === 'code'
          ? `${ask.code === 'wrong' ? 'wrong code' : `code of mail ${ask.code}`} in ${ask.browser}`
          : ask.do === 'link'
            ? `link of mail ${ask.mail} in ${ask.browser}`
            : `${ask.do} ${ask.session}`
  const ending = ends == null ? '' : `, which ends ${ends}`
  return `#${id} ${client} ${when}: ${what}${ending} → ${answer === null ? 'no answer' : words(answer)}`
}

function words({ reason, session, triesLeft }: { reason: string; session?: string | undefined; triesLeft?: number | undefined }): string {
  return [reason, session, triesLeft === undefined ? undefined : `${triesLeft} left`].filter((word) => word !== undefined).join(' ')
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}
