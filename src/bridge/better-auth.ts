// The door "./better-auth": a plugin for Better Auth. Its users sign in by Postkey's pages and mails; users and sessions stay Better Auth's.
//
//   betterAuth({ plugins: [postkeyBridge({ postkey, secret })] })
//   authClient.signIn.social({ provider: 'postkey', callbackURL: '/notes' })
//
// Nothing of Better Auth is imported: a plugin is a plain object.
import { type BridgeOptions, type Handed, type HandOver, handOver } from './hand-over.ts'

export type { BridgeOptions } from './hand-over.ts'

/** As Better Auth has them, as far as they are used. */
interface AuthContext {
  readonly baseURL: string
  readonly socialProviders: unknown
}

interface Asked {
  readonly state: string
  readonly codeVerifier: string
  readonly redirectURI: string
}

/** The name it goes by in Better Auth: of the provider, and of the accounts it links. */
const ID = 'postkey'

/** A plugin as Better Auth takes it. */
export interface BetterAuthBridge {
  readonly id: typeof ID
  init(context: AuthContext): { readonly context: { readonly socialProviders: Provider[] } }
  onRequest(request: Request): Promise<{ readonly response: Response } | undefined>
}

type Provider = ReturnType<typeof providerOf>

/** `init` throws where Better Auth has no fixed `baseURL`, or the secret is too short. */
export function postkeyBridge(options: BridgeOptions): BetterAuthBridge {
  let bridge: { readonly path: string; readonly hand: HandOver } | null = null
  return {
    id: ID,
    init: (context: AuthContext) => {
      if (!context.baseURL)
        throw new Error('postkeyBridge needs to know where Better Auth is, to send nobody elsewhere: give betterAuth() a fixed baseURL')
      const here = `${context.baseURL}/${ID}/authorize`
      const hand = handOver(options, { here, callback: `${context.baseURL}/callback/${ID}` })
      bridge = { path: new URL(here).pathname, hand }
      return { context: { socialProviders: [...(context.socialProviders as Provider[]), providerOf(hand, here)] } }
    },
    onRequest: async (request: Request) => {
      if (bridge === null || request.method !== 'GET' || new URL(request.url).pathname !== bridge.path) return
      return { response: await bridge.hand.authorize(request) }
    },
  }
}

function providerOf(hand: HandOver, here: string) {
  return {
    id: ID,
    name: 'E-mail',
    accountSubject: ({ profile }: { readonly profile: object }): string => (profile as Handed).id,
    createAuthorizationURL: ({ state, codeVerifier, redirectURI }: Asked): Promise<URL> =>
      addressOf(here, { state, codeVerifier, redirectURI }),
    validateAuthorizationCode: async ({
      code,
      codeVerifier = '',
    }: {
      readonly code: string
      readonly codeVerifier?: string | undefined
    }) => {
      const ticket = await hand.exchange(code, codeVerifier)
      return ticket === null ? null : { accessToken: ticket }
    },
    getUserInfo: async ({ accessToken = '' }: { readonly accessToken?: string | undefined }) => {
      const handed = hand.take(accessToken)
      return handed === null ? null : { user: { email: handed.email, emailVerified: true, name: '' }, data: handed }
    },
  }
}

async function addressOf(here: string, { state, codeVerifier, redirectURI }: Asked): Promise<URL> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier))
  const url = new URL(here)
  url.search = new URLSearchParams({
    redirect_uri: redirectURI,
    state,
    code_challenge: Buffer.from(digest).toString('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  return url
}
