// The door "postkey/client": signing in from an application's own form, over the JSON API.
//
//   const postkey = createClient({ basePath: '/auth' })
//   await postkey.start({ email })     // a mail is on its way, perhaps
//   await postkey.verify({ code })     // signed in, or a reason
//
// What may go wrong for an honest person is a value with `ok: false`; what a programmer did wrong is thrown. The session is a cookie that
// no script can read: the pages must be of the same origin as Postkey.
import type { paths } from '../core/paths.ts'
import { type Failure, failureOf } from './failure.ts'
import type { Link } from './link.ts'
import { openPending, type Pending } from './pending.ts'
import { pollUntil } from './poll.ts'
import { openTabs, whenSeen } from './tabs.ts'
import { type Current, readWho, type Who } from './who.ts'
import { openWire } from './wire.ts'

export type { Failure, FailureWords, Reason } from './failure.ts'
export { type Link, takeLink } from './link.ts'
export type { Pending } from './pending.ts'
export type { Current, Session, User, Who } from './who.ts'

export interface ClientOptions {
  /** Where Postkey is mounted: "" or "/auth". Outside of a browser with its origin: "https://app.example.com/auth". Default: "". */
  readonly basePath?: string | undefined
  /** In place of the global one: for a client that is no browser, and for tests. */
  readonly fetch?: typeof fetch | undefined
  /** Keeps clients of several tenants under one path apart in this browser. Which tenant is asked is for the host to know. Default: "". */
  readonly tenant?: string | undefined
}

/** The same for every address: that somebody may sign in is not told here. Times are by this machine's clock. */
export interface Started extends Pick<Pending, 'challenge' | 'methods' | 'codeLength' | 'expiresAt' | 'resendAt'> {
  readonly ok: true
  readonly requestId: string
}

export interface SignedIn extends Current {
  /** Where the sign-in was to lead, as the server allows it. */
  readonly returnTo: string
  /** This browser had already signed in with the same mail. */
  readonly replayed: boolean
}

export interface SignedOut {
  readonly ok: true
}

export type Proof =
  /** What was typed, as it was typed. Without `challenge`: of the sign-in that was asked for in this tab. */
  | { readonly code: string; readonly challenge?: string | undefined }
  /** From `takeLink`; with the address that the person types where the reason was `address_needed`. */
  | { readonly link: Link; readonly email?: string | undefined }

export interface Client {
  /** Asks for a mail. */
  start(input: {
    readonly email: string
    readonly returnTo?: string | undefined
    readonly locale?: string | undefined
  }): Promise<Started | Failure>
  /** Presents a proof. A link waits until somebody looks at the page. */
  verify(proof: Proof): Promise<SignedIn | Failure>
  /** Asks for another mail of the sign-in that was asked for in this tab. */
  resend(): Promise<Started | Failure>
  /**
   * Waits until this browser is signed in, as by the link in another tab: looks after two seconds, then less and less often, and not while
   * nobody looks at the page. Ends with `timed_out` when link and code have run out, with `aborted` by its signal. Network failures do not
   * end it.
   */
  poll(options?: { readonly signal?: AbortSignal | undefined }): Promise<Current | Failure>
  /** Who is signed in. Nobody: a failure, whose reason begins with `session_`. */
  session(): Promise<Current | Failure>
  /** Afterwards nobody is signed in here, even if nobody was before. */
  signOut(): Promise<SignedOut | Failure>
  /**
   * Calls `listener` when somebody else, or nobody, is signed in from now on: through this client, in another tab, or by the passing of time.
   * Returns how to stop.
   */
  onChange(listener: (who: Who | null) => void): () => void
  /** The sign-in that was asked for in this tab; it outlives a reload. */
  readonly pending: Pending | null
  /** Drops it, as for another address. */
  forget(): void
}

type Paths = Pick<typeof paths, 'apiSignIn' | 'apiResend' | 'apiVerify' | 'apiSession'>
/** Written here again, and held to core/paths.ts by their types: the whole table would be a tenth of the bundle. */
const api: Paths = {
  apiSignIn: '/api/sign-in',
  apiResend: '/api/sign-in/resend',
  apiVerify: '/api/sign-in/verify',
  apiSession: '/api/session',
}

/** @throws TypeError for an option that cannot be meant. */
export function createClient(options: ClientOptions = {}): Client {
  const base = readBase(options.basePath ?? '')
  const name = `postkey:${options.tenant ?? ''}:${base}`
  // Looked up with each request: what instruments it may come later than this client.
  const wire = openWire(base, options.fetch ?? ((input, init) => fetch(input, init)))
  const pending = openPending(name)
  const tabs = openTabs(name)
  const listeners = new Set<(who: Who | null) => void>()
  let who: Who | null = null
  /** Counts what this client did to the session: an older look knows nothing of it. */
  let acts = 0
  let unwatch: (() => void) | null = null

  /** A second call while the first is under way is the same call: a double click is one request. */
  const underWay = new Map<string, Promise<unknown>>()
  const once = <T>(key: string, run: () => Promise<T>): Promise<T> => {
    const running = (underWay.get(key) as Promise<T> | undefined) ?? run().finally(() => underWay.delete(key))
    underWay.set(key, running)
    return running
  }

  const changed = (next: Who | null): void => {
    const same = who?.session.id === next?.session.id
    who = next && { user: next.user, session: next.session }
    if (same) return
    const told = who
    // Each on its own: one that throws is an uncaught error, and no reason for the others not to hear.
    for (const listener of listeners) queueMicrotask(() => listener(told))
  }
  const acted = (next: Who | null): void => {
    acts++
    pending.set(null)
    changed(next)
    tabs.tell()
  }

  const session = (): Promise<Current | Failure> =>
    once('session', async () => {
      const before = acts
      const answer = await wire.ask('GET', api.apiSession)
      const current = answer.ok ? readWho(answer.body) : answer
      if (before === acts && (current.ok || current.reason.startsWith('session_'))) changed(current.ok ? current : null)
      return current
    })

  /** What is under way may have begun before the change that another tab speaks of. */
  const lookAgain = (): void => void (underWay.has('session') ? session().then(session) : session())

  const ask = async (path: string, body: object, since: Pick<Pending, 'email' | 'returnTo' | 'askedAt'>): Promise<Started | Failure> => {
    const answer = await wire.ask('POST', path, body)
    if (!answer.ok) return answer
    const { challenge, methods, codeLength, requestId } = answer.body
    const expiresAt = wire.local(answer.body['expiresAt'])
    const resendAt = wire.local(answer.body['resendAt'])
    if (typeof challenge !== 'string' || !isMethods(methods) || typeof codeLength !== 'number' || Number.isNaN(expiresAt + resendAt))
      return failureOf('answer_unknown')
    const started = { challenge, methods, codeLength, expiresAt, resendAt }
    pending.set({ ...since, ...started })
    return { ok: true, ...started, requestId: String(requestId) }
  }

  const client: Client = {
    start: ({ email, returnTo, locale }) => {
      if (typeof email !== 'string') throw new TypeError('postkey: start needs the address as text: start({ email })')
      const body = { email, returnTo, locale }
      return once(JSON.stringify(body), () => ask(api.apiSignIn, body, { email, returnTo: returnTo ?? null, askedAt: Date.now() }))
    },
    resend: () => {
      const asked = pending.get()
      if (asked === null) return nothingAsked()
      return once('resend', async () => {
        const result = await ask(api.apiResend, { challenge: asked.challenge }, asked)
        // The server knows better when the next one may go, as after a reload.
        if (!result.ok && result.retryAt !== null) pending.set({ ...asked, resendAt: result.retryAt })
        return result
      })
    },
    verify: (proof) => {
      const body = bodyOf(proof, pending.get()?.challenge)
      if (body === null) return nothingAsked()
      return once(JSON.stringify(body), async () => {
        if ('link' in proof) await whenSeen()
        const answer = await wire.ask('POST', api.apiVerify, body)
        if (!answer.ok) return answer
        const found = readWho(answer.body)
        if (!found.ok) return found
        acted(found)
        const { returnTo, replayed } = answer.body
        return { ...found, returnTo: typeof returnTo === 'string' ? returnTo : '/', replayed: replayed === true }
      })
    },
    poll: async ({ signal } = {}) => {
      const asked = pending.get()
      if (asked === null) return failureOf('challenge_unknown')
      // Not whoever was signed in before; five seconds, because the two times are not of one clock.
      const isNew = (found: Who): boolean => wire.local(found.session.createdAt) > asked.askedAt - 5_000
      const result = await pollUntil({
        session,
        onChange: client.onChange,
        isNew,
        askedAt: asked.askedAt,
        expiresAt: () => pending.get()?.expiresAt ?? null,
        signal,
      })
      if (result.ok) acted(result)
      return result
    },
    session,
    signOut: () =>
      once('sign out', async () => {
        const answer = await wire.ask('DELETE', api.apiSession)
        if (!answer.ok && !answer.reason.startsWith('session_')) return answer
        acted(null)
        return { ok: true }
      }),
    onChange: (listener) => {
      // A function of its own for each call: the same one given twice is called twice, and stopped once each.
      const own = (next: Who | null): void => listener(next)
      listeners.add(own)
      unwatch ??= tabs.watch(lookAgain)
      return () => {
        listeners.delete(own)
        if (listeners.size > 0) return
        unwatch?.()
        unwatch = null
      }
    },
    get pending() {
      return pending.get()
    },
    forget: () => pending.set(null),
  }
  return client
}

function readBase(given: string): string {
  // "//host" would be another origin.
  if (!/^(https?:\/\/[^/?#\s]+)?(\/[^/?#\s][^?#\s]*|\/)?$/.test(given))
    throw new TypeError(`postkey: basePath ${JSON.stringify(given)} is no path: give "" or one like "/auth"`)
  return given.replace(/\/+$/, '')
}

function bodyOf(proof: Proof, asked: string | undefined): object | null {
  if ('link' in proof) {
    const { id, secret } = proof.link
    return { link: { id, secret, email: proof.email } }
  }
  if (typeof proof.code !== 'string') throw new TypeError('postkey: verify needs a proof: verify({ code }) or verify({ link })')
  const challenge = proof.challenge ?? asked
  return challenge === undefined ? null : { challenge, code: proof.code }
}

function nothingAsked(): Promise<Failure> {
  return Promise.resolve(failureOf('challenge_unknown'))
}

function isMethods(value: unknown): value is Pending['methods'] {
  return Array.isArray(value) && value.every((method) => method === 'link' || method === 'code')
}
