// A campaign: clients that do at random what people and guessers do, on several nodes of one database, while nodes are killed and
// paused. What was asked and answered is written down for test/history.ts to judge.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Policy, type PolicyInput, readPolicy } from '../src/core/policy.ts'
import { openEngine } from '../src/store/open.ts'
import { all } from '../src/store/operation.ts'
import { brokenRows } from './examine.ts'
import type { Answer, Ask, Call, EventRecord, Records, Rules } from './history.ts'
import { NobodyThere, type Nodes, type Reply, type Request, startNodes } from './nodes.ts'
import { Dice } from './seed.ts'

export interface CampaignOptions {
  readonly database: string
  readonly seed: number
  readonly seconds: number
  /** Answers without which it has shown nothing: on a busy machine it goes on, ten times as long at most, until each of them came. */
  readonly until?: readonly string[]
  readonly clients?: number
  readonly nodes?: number
  /** How many times faster the nodes' clocks run: a link lives two of their minutes. */
  readonly speed?: number
}

export interface Campaign {
  readonly rules: Rules
  readonly history: readonly Call[]
  readonly records: Records
  /** What `postkey doctor --deep` says afterwards. */
  readonly brokenRows: readonly string[]
  readonly kills: number
  readonly pauses: number
  /** How often each answer came; "no answer" among them. */
  readonly answers: Readonly<Record<string, number>>
}

const LINK_TTL = 120_000
const CODE_TTL = 60_000

/** Short lives, and no limit but that of tries: the others have tests of their own. */
const policy: PolicyInput = {
  linkTtl: LINK_TTL,
  codeTtl: CODE_TTL,
  replayWindow: '1m',
  session: { most: 1_000 },
  mailUsefulFor: 0,
  resendAfter: 0,
  mailsPerLinkTtl: 20,
  mailsPerAddress: [{ count: 1_000, per: '1h' }],
  codeFailures: [{ count: 1_000, per: '1h' }],
  breaker: null,
  starts: {
    network: { count: 1_000_000, per: '1m' },
    networkWide: { count: 1_000_000, per: '1m' },
    browser: { count: 1_000_000, per: '1m' },
    tenant: { count: 1_000_000, per: '1m' },
  },
}

const ORDINALS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MAILS_EACH = 4
/** How many of its challenges a browser goes on with; more, and fewer calls would meet. */
const CHALLENGES_EACH = 3
const SHELVED_EACH = 4

interface Held {
  readonly id: string
  readonly token: string
}

interface Browser {
  readonly name: string
  readonly secret: string
  readonly email: string
  /** Newest last. */
  readonly challenges: string[]
  /** Put aside until their codes and links come to their ends. */
  readonly shelf: { readonly challenge: string; readonly at: number }[]
  /** Its cookie. */
  session: Held | null
  /** All it ever had. */
  readonly sessions: Held[]
}

export async function runCampaign({
  database,
  seed,
  seconds,
  until = [],
  clients = 16,
  nodes: count = 2,
  speed = 80,
}: CampaignOptions): Promise<Campaign> {
  const nodes = await startNodes({ database, count, policy, speed })
  const book = new Book(nodes)
  const dice = new Dice(seed)
  // Fewer browsers than clients: the tabs of one browser meet at its challenges.
  const browsers = Array.from({ length: Math.max(2, Math.ceil(clients / 4)) }, (_, at) => browserNamed(at))
  const began = performance.now()
  const running = (): boolean => {
    const rounds = (performance.now() - began) / (seconds * 1_000)
    return rounds < 1 || (rounds < 10 && until.some((answer) => book.answers()[answer] === undefined))
  }
  const faults = { kills: 0, pauses: 0 }
  try {
    await Promise.all([
      ...Array.from({ length: clients }, (_, at) =>
        live(
          { name: `c${at}`, dice: new Dice(dice.below(0x7fff_ffff)), browser: browsers[at % browsers.length] as Browser, browsers },
          book,
          running,
        ),
      ),
      breakThings(nodes, new Dice(dice.below(0x7fff_ffff)), running, faults),
    ])
    // Whatever was acknowledged must have outlived the kills.
    const sessions = browsers.flatMap((browser) => browser.sessions.map((held) => ({ browser, held })))
    for (const [at, { browser, held }] of sessions.entries()) await book.call('end', at % count, browser, look(held))
  } finally {
    await nodes[Symbol.asyncDispose]()
  }
  // A transaction may outlive its client by a moment.
  await sleep(300)
  return {
    rules: rulesOf(speed),
    history: book.history(),
    records: await readRecords(database),
    brokenRows: await brokenRows(database, Math.floor(nodes.wallClock())),
    ...faults,
    answers: book.answers(),
  }
}

function browserNamed(at: number): Browser {
  return {
    name: `b${at}`,
    secret: `b${at}`.padEnd(43, 'x'),
    email: `person-${at}@example.net`,
    challenges: [],
    shelf: [],
    session: null,
    sessions: [],
  }
}

function rulesOf(speed: number): Rules {
  const read = readPolicy(policy)
  if (!read.ok) throw new Error(read.problems.join())
  const { linkTtl, codeTtl, codeTries, replayWindow }: Policy = read.policy
  return { linkTtl, codeTtl, codeTries, replayWindow, skew: 50 * speed }
}

/** Kills a node and starts it again, or lets it stand still; always one at a time. */
async function breakThings(nodes: Nodes, dice: Dice, running: () => boolean, faults: { kills: number; pauses: number }): Promise<void> {
  while (running()) {
    await sleep(200 + dice.below(600))
    const node = dice.below(nodes.count)
    if (faults.kills === 0 || dice.next() < 0.7) {
      faults.kills++
      await nodes.kill(node)
      await sleep(dice.below(200))
      await nodes.start(node)
    } else {
      faults.pauses++
      await nodes.pause(node, 20 + dice.below(300))
    }
  }
}

interface Client {
  readonly name: string
  readonly dice: Dice
  readonly browser: Browser
  readonly browsers: readonly Browser[]
}

const habits = {
  start: 5,
  resend: 8,
  'right code': 8,
  'wrong code': 24,
  'old code': 8,
  link: 6,
  'link elsewhere': 6,
  'sign out': 8,
  check: 12,
  late: 8,
} as const

/** One client: what it does, one thing after the other; sometimes with several taps at once, each at a node of its own. */
async function live(client: Client, book: Book, running: () => boolean): Promise<void> {
  const { dice, name, browser } = client
  while (running()) {
    await sleep(dice.below(15))
    const plan = planned(client, book, dice.weighted(habits))
    if (plan === null) continue
    const taps = plan.ask.do === 'start' ? 1 : Number(dice.weighted({ '1': 6, '2': 2, '5': 1 }))
    await Promise.all(Array.from({ length: taps }, () => book.call(name, dice.below(book.nodes.count), plan.browser ?? browser, plan)))
  }
}

interface Plan {
  readonly ask: Ask
  readonly request: Omit<Request, 'browser'>
  /** Not the client's own. */
  readonly browser?: Browser
}

function planned(client: Client, book: Book, habit: keyof typeof habits): Plan | null {
  const { dice, browser } = client
  const challenge = browser.challenges.length === 0 ? null : dice.pick(browser.challenges)
  const carries = browser.session?.id ?? null
  const verify = (ask: Ask, body: object, session: Held | null): Plan => ({
    ask,
    request: { method: 'POST', path: '/api/sign-in/verify', body, session: session?.token ?? null },
  })
  const byCode = (which: number | 'wrong', code: string): Plan | null =>
    challenge === null
      ? null
      : verify({ do: 'code', challenge, browser: browser.name, code: which, carries }, { challenge, code }, browser.session)
  if (habit === 'start' || challenge === null) {
    return {
      ask: { do: 'start', challenge: '', browser: browser.name },
      request: { method: 'POST', path: '/api/sign-in', body: { email: browser.email } },
    }
  }
  const mails = book.mailsOf(challenge)
  switch (habit) {
    case 'late': {
      const oldest = browser.shelf[0]
      const age = oldest === undefined ? 0 : book.nodes.now() - oldest.at
      if (age > 1.3 * LINK_TTL) browser.shelf.shift()
      const put = oldest?.challenge ?? ''
      const [mail] = book.mailsOf(put)
      if (age < 0.8 * CODE_TTL || mail === undefined) return null
      const asked = { challenge: put, browser: browser.name, carries }
      return dice.below(2) === 0
        ? verify({ do: 'code', ...asked, code: mail.ordinal }, { challenge: put, code: mail.code }, browser.session)
        : verify({ do: 'link', ...asked, mail: mail.ordinal }, { link: linkOf(put, mail) }, browser.session)
    }
    case 'resend':
      if (mails.length >= MAILS_EACH) return null
      return { ask: { do: 'resend', challenge }, request: { method: 'POST', path: '/api/sign-in/resend', body: { challenge } } }
    case 'wrong code':
      return byCode(
        'wrong',
        otherCode(
          dice,
          mails.map(({ code }) => code),
        ),
      )
    case 'right code': {
      const mail = mails.at(-1)
      return mail === undefined ? null : byCode(mail.ordinal, mail.code)
    }
    case 'old code': {
      const mail = mails.at(-2)
      return mail === undefined ? null : byCode(mail.ordinal, mail.code)
    }
    case 'link':
    case 'link elsewhere': {
      if (mails.length === 0) return null
      const mail = dice.pick(mails)
      const where = habit === 'link' ? browser : dice.pick(client.browsers.filter((one) => one !== browser))
      const link = { ...linkOf(challenge, mail), email: browser.email }
      const ask: Ask = { do: 'link', challenge, browser: where.name, mail: mail.ordinal, carries: where.session?.id ?? null }
      return { ...verify(ask, { link }, where.session), browser: where }
    }
    case 'check':
      return browser.sessions.length === 0 ? null : look(dice.pick(browser.sessions.slice(-3)))
    case 'sign out': {
      if (browser.sessions.length === 0) return null
      const { id, token } = dice.pick(browser.sessions.slice(-3))
      return { ask: { do: 'sign_out', session: id }, request: { method: 'DELETE', path: '/api/session', session: token } }
    }
  }
}

function linkOf(challenge: string, mail: { readonly ordinal: number; readonly link: string }): { id: string; secret: string } {
  return { id: `${challenge}${ORDINALS.charAt(mail.ordinal)}`, secret: mail.link }
}

function otherCode(dice: Dice, codes: readonly string[]): string {
  for (;;) {
    const code = String(dice.below(1_000_000)).padStart(6, '0')
    if (!codes.includes(code)) return code
  }
}

function look({ id, token }: Held): Plan {
  return { ask: { do: 'check', session: id }, request: { method: 'GET', path: '/api/session', session: token } }
}

/** Where everything is written down. */
class Book {
  readonly nodes: Nodes
  readonly #calls = new Map<number, Call>()
  #last = 0

  constructor(nodes: Nodes) {
    this.nodes = nodes
  }

  /** A start that nobody answered made a challenge, if any, that nobody knows. */
  history(): Call[] {
    return [...this.#calls.values()].filter(({ ask, answer }) => ask.do !== 'start' || answer?.reason === 'queued')
  }

  answers(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { ask, answer } of this.#calls.values()) {
      const name = `${ask.do} ${answer?.reason ?? 'no answer'}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }

  /** The mails of a challenge that have come, oldest first. */
  mailsOf(challenge: string): { ordinal: number; link: string; code: string }[] {
    return [...ORDINALS].flatMap((character, ordinal) => {
      const mail = this.nodes.mails.get(challenge + character)
      return mail === undefined ? [] : [{ ordinal, ...mail }]
    })
  }

  async call(client: string, node: number, browser: Browser, plan: Plan): Promise<void> {
    const id = ++this.#last
    const { ask } = plan
    const call = { id, client: `${client}@${node}`, ask, from: this.nodes.now() }
    this.#calls.set(id, { ...call, to: Number.POSITIVE_INFINITY, answer: null })
    try {
      const reply = await this.nodes.send(node, { ...plan.request, browser: browser.secret })
      // "Unavailable" leaves open what was done, as no answer does.
      if (reply.status === 503) return
      const answer = answerOf(ask, reply)
      const asked: Ask = ask.do === 'start' ? { ...ask, challenge: reply.body.challenge ?? '' } : ask
      const answered = { ...call, ask: asked, to: this.nodes.now(), answer, requestId: reply.requestId }
      this.#calls.set(id, answered)
      remember(browser, answered, reply)
    } catch (error) {
      if (error instanceof NobodyThere) this.#calls.delete(id)
      // Of fetch: the connection broke, or nobody answered in time.
      else if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error
    }
  }
}

function answerOf(ask: Ask, { status, body }: Reply): Answer {
  const { reason } = body
  if (reason !== undefined) return { reason, ...(body.triesLeft == null ? {} : { triesLeft: body.triesLeft }) }
  switch (ask.do) {
    case 'start':
    case 'resend':
      return { reason: status === 202 ? 'queued' : `status ${status}` }
    case 'code':
    case 'link':
      return { reason: body.replayed ? 'replayed' : 'signed_in', session: body.session?.id ?? 'none' }
    case 'sign_out':
      return { reason: 'signed_out' }
    case 'check':
      return { reason: body.session?.id === ask.session ? 'session_live' : 'another session' }
  }
}

/** What a browser keeps of an answer. */
function remember(browser: Browser, { ask, answer, to: at }: Call & { answer: Answer }, { body }: Reply): void {
  if (ask.do === 'start' && answer.reason === 'queued') {
    // Some wait for their end while the others are in use.
    if (browser.shelf.length < SHELVED_EACH) browser.shelf.push({ challenge: ask.challenge, at })
    else browser.challenges.push(ask.challenge)
    if (browser.challenges.length > CHALLENGES_EACH) browser.challenges.shift()
  }
  if (answer.session !== undefined) {
    const held = { id: answer.session, token: body.session?.token ?? '' }
    browser.session = held
    if (!browser.sessions.some(({ id }) => id === held.id)) browser.sessions.push(held)
  }
  if (ask.do === 'sign_out' && browser.session?.id === ask.session) browser.session = null
}

/** What stands in the database. Only what is promised of it is looked at: the events, and which sessions there are. */
async function readRecords(database: string): Promise<Records> {
  const engine = await openEngine(database)
  try {
    const sessions = await engine.read(() => all<{ id: string; endedAt: number | null }>('select id, ended_at as "endedAt" from sessions'))
    const events = await engine.read(() =>
      all<EventRow>('select request_id as "requestId", kind, reason, challenge, session_id as "session", facts from events'),
    )
    return { sessions: sessions.map(({ id, endedAt }) => ({ id, ended: endedAt !== null })), events: events.map(eventOf) }
  } finally {
    await engine.close()
  }
}

interface EventRow extends Omit<EventRecord, 'looked'> {
  readonly challenge: string | null
  readonly facts: string
}

function eventOf({ facts: text, challenge, ...event }: EventRow): EventRecord {
  const facts = JSON.parse(text) as { code?: string; mail?: { ordinal: number } | null; challenge?: { completedAt: number | null } | null }
  const compared =
    event.kind === 'verify' && ['right', 'older', 'wrong'].includes(facts.code ?? '') && facts.challenge?.completedAt === null
  return { ...event, looked: compared && facts.mail ? { challenge: challenge ?? '', mail: facts.mail.ordinal } : null }
}
