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

export interface AuthJsOptions<Fetch extends symbol> extends BridgeOptions {
  /** `import { customFetch } from 'next-auth'`, or from '@auth/core': Auth.js asks for tokens by it, and is answered in the process. */
  readonly customFetch: Fetch
  /** Public origin of the application. */
  readonly url: string
  /** Where Auth.js is: "/auth", or "/api/auth" in Next.js. */
  readonly authPath: string
  /** Where `handler` is. Default: "/postkey/authorize". */
  readonly at?: string
}

const ID = 'postkey'

export function postkeyBridge<Fetch extends symbol>({
  customFetch,
  url,
  authPath,
  at = '/postkey/authorize',
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
    profile: ({ id, email }: Handed) => ({ id, email, emailVerified: new Date() }),
    // The ticket is spent, and none of a database's concern.
    account: () => ({}),
    // As with Auth.js's own e-mail provider: who has the mailbox has the account of that address.
    allowDangerousEmailAccountLinking: true,
    [customFetch as symbol]: async (_: unknown, { body }: { readonly body?: unknown } = {}): Promise<Response> => {
      const asked = new URLSearchParams(String(body))
      const ticket = await hand.exchange(asked.get('code') ?? '', asked.get('code_verifier') ?? '')
      if (ticket === null) return Response.json({ error: 'invalid_grant' }, { status: 400 })
      return Response.json({ access_token: ticket, token_type: 'bearer' })
    },
  }
  return { provider, /** Mount it for GET at `at`. */ handler: hand.authorize }
}
