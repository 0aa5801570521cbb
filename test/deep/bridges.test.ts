// The bridges in front of the real libraries, which are installed into bench/peers: whoever stays on Better Auth or Auth.js, in its
// database or with JWT, lets people sign in by Postkey's pages and mails.
import { beforeAll, describe, expect, test } from 'vitest'
import { postkeyBridge as authJsBridge } from '../../src/bridge/auth-js.ts'
import { postkeyBridge as betterAuthBridge } from '../../src/bridge/better-auth.ts'
import type { Postkey } from '../../src/index.ts'
import type { Answer } from '../../src/preflight/browser.ts'
import { Clock, type Kit, type Person, startKit } from '../../src/testing/testing.ts'
import { startAdopter } from '../adopter.ts'

const ADA = 'ada@example.net'
const URL_OF_APP = 'https://app.example.com'
const SECRET = 'bridge-secret-of-at-least-32-bytes-0123456789abcdef'
const NOTES = '/notes?n=7'

interface Library {
  handle(request: Request): Promise<Response>
  readonly mails: readonly { readonly to: string; readonly link: string }[]
  /** Of Auth.js. */
  readonly adapter?: AuthJsAdapter
}

interface AuthJsAdapter {
  createUser(user: object): Promise<{ readonly id: string }>
  createSession(session: object): Promise<unknown>
  getUserByAccount(account: { readonly provider: string; readonly providerAccountId: string }): Promise<{ readonly id: string } | null>
  getUserByEmail(email: string): Promise<{ readonly id: string; readonly emailVerified: Date | null } | null>
}

interface Peers {
  betterAuthWith(url: string, plugin: unknown): Promise<Library>
  authJsWith(strategy: 'database' | 'jwt', providerOf: (customFetch: symbol, adapter: AuthJsAdapter) => unknown): Promise<Library>
}

let peers: Peers
beforeAll(async () => {
  const { installPeers } = (await import(new URL('../../bench/install-peers.mjs', import.meta.url).href)) as {
    installPeers(say: (text: string) => void): void
  }
  installPeers(() => {})
  peers = (await import(new URL('../../bench/peers/bridges.mjs', import.meta.url).href)) as Peers
}, 300_000)

/** How a browser asks one of them. */
interface Speaking {
  start(postkey: Postkey, now: () => number): Promise<Library & { authorize?(request: Request): Promise<Response> }>
  /** Begins a sign-in by Postkey; where the browser is sent. */
  begin(person: Person): Promise<string>
  /** Begins one by the library's own mail. */
  ownMail(person: Person, email: string): Promise<unknown>
  who(person: Person): Promise<{ readonly id: string; readonly email: string } | null>
  signOut(person: Person): Promise<Answer>
}

const post = (person: Person, path: string, body: unknown): Promise<Answer> =>
  person.send(`${URL_OF_APP}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', origin: URL_OF_APP },
  })
const whoOf = async (person: Person, path: string) =>
  (JSON.parse((await person.get(`${URL_OF_APP}${path}`)).text || 'null') as { user?: { id: string; email: string } } | null)?.user ?? null
const formOf = async (person: Person, path: string, more: Record<string, string>): Promise<Answer> => {
  const { csrfToken } = JSON.parse((await person.get(`${URL_OF_APP}/api/auth/csrf`)).text) as { csrfToken: string }
  return await person.post(`${URL_OF_APP}/api/auth${path}`, { csrfToken, ...more })
}

const betterAuth: Speaking = {
  start: async (postkey, now) => await peers.betterAuthWith(URL_OF_APP, betterAuthBridge({ postkey, secret: SECRET, now })),
  begin: async (person) =>
    (JSON.parse((await post(person, '/api/auth/sign-in/social', { provider: 'postkey', callbackURL: NOTES })).text) as { url: string }).url,
  ownMail: (person, email) => post(person, '/api/auth/sign-in/magic-link', { email }),
  who: (person) => whoOf(person, '/api/auth/get-session'),
  signOut: (person) => post(person, '/api/auth/sign-out', {}),
}

const authJs = (strategy: 'database' | 'jwt', takesKnown = true): Speaking => ({
  start: async (postkey, now) => {
    let authorize: ((request: Request) => Promise<Response>) | undefined
    const library = await peers.authJsWith(strategy, (customFetch, adapter) => {
      const made = authJsBridge({
        postkey,
        secret: SECRET,
        now,
        customFetch,
        url: URL_OF_APP,
        authPath: '/api/auth',
        ...(takesKnown ? { adapter } : {}),
      })
      authorize = made.handler
      return made.provider
    })
    return { ...library, ...(authorize && { authorize }) }
  },
  begin: async (person) => (await formOf(person, '/signin/postkey', { callbackUrl: NOTES })).location,
  ownMail: (person, email) => formOf(person, '/signin/email', { email }),
  who: (person) => whoOf(person, '/api/auth/session'),
  signOut: (person) => formOf(person, '/signout', {}),
})

async function startApp(speaking: Speaking): Promise<Kit & Pick<Library, 'mails' | 'adapter'>> {
  const clock = new Clock(Date.now())
  let mails: Library['mails'] = []
  let adapter: AuthJsAdapter | undefined
  const kit = await startKit({
    clock,
    secret: SECRET,
    basePath: '/auth',
    app: async (postkey) => {
      const library = await speaking.start(postkey, clock.now)
      mails = library.mails
      adapter = library.adapter
      return async (request) => {
        const { pathname } = new URL(request.url)
        if (pathname === '/postkey/authorize' && library.authorize) return await library.authorize(request)
        return await (pathname.startsWith('/auth/') ? postkey.handler(request) : library.handle(request))
      }
    },
  })
  return { ...kit, mails, ...(adapter && { adapter }) }
}

/** As far as the address that carries the code. */
async function prove(kit: Kit, speaking: Speaking, person: Person, email = ADA): Promise<string> {
  const first = await person.get(await speaking.begin(person))
  await person.ask(email, new URL(first.location).searchParams.get('return_to') ?? '')
  const proved = await person.typeCode((await kit.mail(email)).code ?? '')
  const { location } = await person.get(proved.location)
  expect(location).toContain('/api/auth/callback/postkey?code=')
  return location
}

async function signIn(kit: Kit, speaking: Speaking, person = kit.person(), email = ADA): Promise<Person> {
  const answer = await person.get(await prove(kit, speaking, person, email))
  expect(new URL(answer.location, URL_OF_APP).href).toBe(`${URL_OF_APP}${NOTES}`)
  return person
}

describe.each([
  ['Better Auth', betterAuth],
  ['Auth.js in its database', authJs('database')],
  ['Auth.js with JWT', authJs('jwt')],
] as const)('%s', (_, speaking) => {
  test('somebody signs in and comes back to where they wanted to; the session is the library’s, and Postkey’s is over', async () => {
    await using kit = await startApp(speaking)
    const ada = await signIn(kit, speaking)
    expect(await speaking.who(ada)).toMatchObject({ email: ADA })
    expect(await ada.whoAmI()).toBeNull()
  })

  test('the same person in another browser is the same user, and signing out there ends that one session alone', async () => {
    await using kit = await startApp(speaking)
    const desk = await signIn(kit, speaking)
    const phone = await signIn(kit, speaking)
    expect((await speaking.who(phone))?.id).toBe((await speaking.who(desk))?.id)
    await speaking.signOut(phone)
    expect(await speaking.who(phone)).toBeNull()
    expect(await speaking.who(desk)).not.toBeNull()
    // Nothing of Postkey's is left that would let the next person at this browser in.
    expect((await phone.get(await speaking.begin(phone))).location).toContain('/auth/sign-in?')
  })

  test('the address with the code is good once, and in no other browser', async () => {
    await using kit = await startApp(speaking)
    const ada = kit.person()
    const back = await prove(kit, speaking, ada)
    const thief = kit.person()
    await thief.get(back)
    expect(await speaking.who(thief)).toBeNull()
    // Nor where somebody has begun a sign-in of their own, and puts the code to their own state.
    const begun = await speaking.begin(thief)
    const mixed = new URL(back)
    mixed.searchParams.set('state', new URL(begun).searchParams.get('state') ?? '')
    await thief.get(mixed.href)
    expect(await speaking.who(thief)).toBeNull()
    await ada.get(back)
    expect(await speaking.who(ada)).toMatchObject({ email: ADA })
    await speaking.signOut(ada)
    await ada.get(back)
    expect(await speaking.who(ada)).toBeNull()
  })

  test('after a minute it is good for nothing', async () => {
    await using kit = await startApp(speaking)
    const ada = kit.person()
    const back = await prove(kit, speaking, ada)
    kit.clock.forward('61s')
    await ada.get(back)
    expect(await speaking.who(ada)).toBeNull()
  })

  test('a user whom Postkey has disabled does not get in', async () => {
    await using kit = await startApp(speaking)
    const ada = kit.person()
    const back = await prove(kit, speaking, ada)
    await kit.postkey.users.disable({ email: ADA })
    await ada.get(back)
    expect(await speaking.who(ada)).toBeNull()
  })

  test('whoever has signed in by the library’s own mail before is the same user by Postkey’s', async () => {
    await using kit = await startApp(speaking)
    const before = kit.person()
    await speaking.ownMail(before, ADA)
    await before.get(kit.mails.at(-1)?.link ?? '')
    const known = await speaking.who(before)
    expect(known?.email).toBe(ADA)
    expect((await speaking.who(await signIn(kit, speaking)))?.id).toBe(known?.id)
  })
})

test('RV-11, RV-01: Better Auth: who made an account for somebody else’s address, without proving it, does not share it with them', async () => {
  await using kit = await startApp(betterAuth)
  const squatter = kit.person()
  await post(squatter, '/api/auth/sign-up/email', { email: ADA, password: 'correct horse battery', name: 'Not Ada' })
  const ada = kit.person()
  const answer = await ada.get(await prove(kit, betterAuth, ada))
  expect(answer.location).toContain('error=account_not_linked')
  expect(await betterAuth.who(ada)).toBeNull()
})

test.each([
  ['that is told of its users', true, null],
  ['that is not', false, null],
  ['that is not, of one whom it saw verified', false, new Date()],
] as const)(
  'RV-11: Auth.js %s: an account that another provider made for an address is not entered',
  async (_, takesKnown, emailVerified) => {
    await using kit = await startApp(authJs('database', takesKnown))
    const { adapter } = kit
    if (adapter === undefined) throw new Error('Auth.js has no adapter')
    // As after a sign-in by a provider that says of anybody whatever address they type.
    const { id } = await adapter.createUser({ email: ADA, emailVerified })
    const ada = kit.person()
    const answer = await ada.get(await prove(kit, authJs('database'), ada))
    expect(answer.location).not.toContain(NOTES)
    expect(await authJs('database').who(ada)).toBeNull()
    expect(await adapter.getUserByEmail(ADA)).toMatchObject({ id, emailVerified })
    const user = (await kit.postkey.users.find({ email: ADA }))?.id ?? ''
    expect(await adapter.getUserByAccount({ provider: 'postkey', providerAccountId: user })).toBeNull()
  },
)

test('Better Auth without a fixed address is told what the bridge needs', async () => {
  await using kit = await startKit()
  const plugin = betterAuthBridge({ postkey: kit.postkey, secret: SECRET })
  expect(() => plugin.init({ baseURL: '', socialProviders: [] })).toThrow('give betterAuth() a fixed baseURL')
})

test('their types fit those of the real libraries, from the packed package', async () => {
  const app = `
    import { Auth, customFetch } from '@auth/core'
    import { betterAuth } from 'better-auth'
    import type { Postkey } from 'postkey'
    import { postkeyBridge as authJs } from 'postkey/auth-js'
    import { postkeyBridge } from 'postkey/better-auth'

    declare const postkey: Postkey, adapter: import('@auth/core/adapters').Adapter
    export const auth = betterAuth({ plugins: [postkeyBridge({ postkey, secret: '' })] })
    export const session: Promise<{ user: { email: string } } | null> = auth.api.getSession({ headers: new Headers() })
    const { provider, handler } = authJs({ postkey, secret: '', customFetch, url: '', authPath: '/auth', adapter })
    export const answer = (request: Request) => Auth(request, { providers: [provider], secret: '' })
    export const GET: (request: Request) => Promise<Response> = handler
    // If this went through, nothing would have been looked at.
    betterAuth({ plugins: [postkeyBridge({ postkey })] })
  `
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'dom', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
  }
  await using adopter = await startAdopter({ 'app.ts': app, 'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.ts'] }) }, [
    'node_modules',
    'bench/peers/node_modules',
  ])
  const { text } = await adopter.node(['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'])
  expect(text.match(/^\S.*error.*$/gm)).toEqual([expect.stringMatching(/^app\.ts\(15,.*'secret' is missing.*/)])
})
