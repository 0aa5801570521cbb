// The door "./auth-js": a provider for Auth.js, and the handler that belongs to it. Its users sign in by Postkey's pages and mails; users and
// sessions stay Auth.js's, whether they are in its database or in a JWT.
//
//   const { provider, handler } = postkeyBridge({ postkey, secret, customFetch, url: 'https://app.example.com', authPath: '/api/auth' })
//   NextAuth({ providers: [provider] })          // and `handler` at GET /postkey/authorize
//   await signIn('postkey', { redirectTo: '/notes' })
//
// Nothing of Auth.js is imported; its `customFetch` is given, since a symbol of another copy of it would be another symbol.
import { type BridgeOptions, type Handed, handOver } from './hand-over.ts'

export type { BridgeOptions } from './hand-over.ts'

/** Of an adapter of Auth.js, what the bridge asks of it. */
export interface AuthJsUsers {
  getUserByAccount?(account: { readonly provider: string; readonly providerAccountId: string }): PromiseLike<object | null> | object | null
  getUserByEmail?(email: string): PromiseLike<AuthJsUser | null> | AuthJsUser | null
}

interface AuthJsUser {
  readonly emailVerified: Date | null
}

export interface AuthJsOptions<Fetch extends symbol> extends BridgeOptions {
  /** `import { customFetch } from 'next-auth'`, or from '@auth/core': Auth.js asks for tokens by it, and is answered in the process. */
  readonly customFetch: Fetch
  /** Public origin of the application. */
  readonly url: string
  /** Where Auth.js is: "/auth", or "/api/auth" in Next.js. */
  readonly authPath: string
  /** Where `handler` is. Default: "/postkey/authorize". */
  readonly at?: string
  /**
   * The one of the configuration. Then somebody who is there already is taken by the address, if Auth.js has seen it verified. Without it nobody is
   * (Auth.js answers `OAuthAccountNotLinked`), and whoever is new is made anew.
   */
  readonly adapter?: AuthJsUsers
}

const ID = 'postkey'

export function postkeyBridge<Fetch extends symbol>({
  customFetch,
  url,
  authPath,
  at = '/postkey/authorize',
  adapter,
  ...options
}: AuthJsOptions<Fetch>) {
  const here = new URL(at, url).href
  const hand = handOver(options, { here, callback: new URL(`${authPath}/callback/${ID}`, url).href })
  const provider = {
    id: ID,
    name: 'E-mail',
    type: 'oauth' as const,
    clientId: ID,
    client: { token_endpoint_auth_method: 'none' as const },
    checks: ['pkce' as const, 'state' as const],
    authorization: { url: here, params: { scope: '' } },
    token: `${here}/token`,
    userinfo: {
      url: `${here}/userinfo`,
      request: async ({ tokens }: { readonly tokens: { readonly access_token?: string } }) => hand.take(tokens.access_token ?? ''),
    },
    profile: async ({ id, email }: Handed) => {
      if (await isUnproved(adapter, id, email))
        throw new Error(
          'there is a user with this address whose mailbox nobody proved: its account is not shared with whoever has the mailbox',
        )
      return { id, email, emailVerified: new Date() }
    },
    // The ticket is spent, and none of a database's concern.
    account: () => ({}),
    // Where it can be seen that the mailbox was proved: as with Auth.js's own e-mail provider, who has the mailbox has the account.
    allowDangerousEmailAccountLinking: adapter !== undefined,
    [customFetch as symbol]: async (_: unknown, { body }: { readonly body?: unknown } = {}): Promise<Response> => {
      const asked = new URLSearchParams(String(body))
      const ticket = await hand.exchange(asked.get('code') ?? '', asked.get('code_verifier') ?? '')
      if (ticket === null) return Response.json({ error: 'invalid_grant' }, { status: 400 })
      return Response.json({ access_token: ticket, token_type: 'bearer' })
    },
  }
  return { provider, /** Mount it for GET at `at`. */ handler: hand.authorize }
}

/** Whoever made it, by an address that another provider took for theirs, would go on having it (RV-11). */
async function isUnproved(users: AuthJsUsers | undefined, id: string, email: string): Promise<boolean> {
  if (users === undefined) return false
  if ((await users.getUserByAccount?.({ provider: ID, providerAccountId: id })) != null) return false
  const user = await users.getUserByEmail?.(email)
  return user != null && user.emailVerified === null
}
