// From a session of Postkey's to a session of another library in the same application, as an authorization code goes: the library sends the
// browser here with a state and the digest of a verifier that it keeps with that browser (PKCE, RFC 7636); who has proved the mailbox is
// sent back with a code; the library presents code and verifier in the process. The code is the session, sealed; whoever exchanges it
// ends that session in one conditional update of the database, so that it works once, whatever the number of nodes, and nothing is stored.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readCookie } from '../http/cookies.ts'
import type { Postkey } from '../index.ts'
import { keyring, open, seal } from '../secret.ts'

export interface BridgeOptions {
  readonly postkey: Pick<Postkey, 'getSession' | 'requireRecentProof' | 'endSession'>
  /** The one that Postkey has: the code is sealed with a key of it. */
  readonly secret: string | readonly string[]
  /** Milliseconds since 1970. For tests. */
  readonly now?: () => number
}

/** Who has proved a mailbox. */
export interface Handed {
  /** Stable, also when the address changes. */
  readonly id: string
  readonly email: string
}

export interface HandOver {
  /** What the browser asks for: onward to a sign-in, or back to the library with a code. */
  authorize(request: Request): Promise<Response>
  /** A ticket for `take`. null: this code is not for this verifier, was exchanged before, is too old, or nobody is signed in by it any more. */
  exchange(code: string, verifier: string): Promise<string | null>
  /** Once, and in this process. */
  take(ticket: string): Handed | null
}

/** From one redirect to the next; no person does anything in between. */
const CODE_TTL_MS = 60_000
/** Sha-256 in base64url, and no other method: RFC 9700, 2.1.1. */
const CHALLENGE_SHAPE = /^[A-Za-z0-9_-]{43}$/

/**
 * @param at where the browser asks `authorize`, and where the library takes the code: absolute addresses.
 * @throws RangeError where the secret is too short.
 */
export function handOver(
  { postkey, secret, now = Date.now }: BridgeOptions,
  at: { readonly here: string; readonly callback: string },
): HandOver {
  const keys = keyring(typeof secret === 'string' ? [secret] : secret)
  const place = `hand-over ${at.callback}`
  const taken = new Map<string, Handed>()
  return {
    authorize: async (request) => {
      const asked = new URL(request.url).searchParams
      const [state, challenge] = [asked.get('state') ?? '', asked.get('code_challenge') ?? '']
      if (asked.get('redirect_uri') !== at.callback)
        return wrong(`redirect_uri must be ${at.callback}, the callback that the bridge was given`)
      if (state === '') return wrong('state is missing: the library has to bind the sign-in to the browser that began it')
      if (asked.get('code_challenge_method') !== 'S256' || !CHALLENGE_SHAPE.test(challenge))
        return wrong('code_challenge is missing, or its method is not S256: the library has to use PKCE')
      const again = `${at.here}?${new URLSearchParams({ redirect_uri: at.callback, state, code_challenge: challenge, code_challenge_method: 'S256' })}`
      const { live, ...proof } = await postkey.requireRecentProof(request, undefined, again)
      const token = tokenOf(request)
      if (live === null || token === null) return 'goTo' in proof ? onward(proof.goTo) : wrong('a session came without its cookie')
      const code = seal(keys, place, JSON.stringify([token, challenge, now()]))
      return onward(`${at.callback}?${new URLSearchParams({ code, state })}`)
    },
    exchange: async (code, verifier) => {
      const plain = open(keys, place, code)
      if (plain === null) return null
      const [token, challenge, madeAt] = JSON.parse(plain) as [string, string, number]
      if (!equal(createHash('sha256').update(verifier).digest('base64url'), challenge)) return null
      if (now() - madeAt > CODE_TTL_MS) return null
      const request = new Request(at.callback, { headers: { authorization: `Bearer ${token}` } })
      const { live } = await postkey.getSession(request)
      if (live === null) return null
      // Of two at once one ends it, and the other is too late.
      const { ended } = await postkey.endSession('this', request)
      if (ended !== 1) return null
      const ticket = randomBytes(24).toString('base64url')
      taken.set(ticket, { id: live.user.id, email: live.user.email })
      return ticket
    },
    take: (ticket) => {
      const handed = taken.get(ticket) ?? null
      taken.delete(ticket)
      return handed
    },
  }
}

const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

const onward = (location: string): Response => new Response(null, { status: 303, headers: { ...HEADERS, location } })

/** For whoever sets it up: no person gets here by the library's own way. */
const wrong = (text: string): Response =>
  new Response(`${text}\n`, { status: 400, headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' } })

/** Postkey itself has read the right one of the two: this only says what it was. */
function tokenOf(request: Request): string | null {
  const cookies = request.headers.get('cookie')
  return readCookie(cookies, '__Host-postkey-session') ?? readCookie(cookies, 'postkey-session')
}

function equal(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
