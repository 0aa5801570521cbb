// The libraries that the bridges lead to, each as an application has it, in memory: a function from request to answer, which Postkey's
// provider or plugin is put into. Where an application would send mails of the library's own, they are kept.
import { openSqlite } from '../sqlite.mjs'
import { sqliteDialect } from './kysely-sqlite.mjs'

const SECRET = 'a secret of a trial, of more than thirty-two bytes'

/** @returns {Promise<{ handle: (request: Request) => Promise<Response>, mails: { to: string, link: string }[] }>} */
export async function betterAuthWith(url, plugin) {
  const [{ betterAuth }, { getMigrations }, { admin, magicLink }] = await Promise.all([
    import('better-auth'),
    import('better-auth/db/migration'),
    import('better-auth/plugins'),
  ])
  const mails = []
  const options = {
    baseURL: url,
    basePath: '/api/auth',
    secret: SECRET,
    database: { dialect: sqliteDialect(await openSqlite('file::memory:')), type: 'sqlite', transaction: true },
    plugins: [plugin, admin(), magicLink({ sendMagicLink: async ({ email, url: link }) => void mails.push({ to: email, link }) })],
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  }
  await (await getMigrations(options)).runMigrations()
  return { handle: betterAuth(options).handler, mails }
}

/** @param {(customFetch: symbol, adapter: object) => object} providerOf */
export async function authJsWith(strategy, providerOf) {
  const [{ Auth, customFetch }, { openAdapter }] = await Promise.all([import('@auth/core'), import('./auth-js-adapter.mjs')])
  const { adapter } = await openAdapter('file::memory:', 'new')
  const mails = []
  const config = {
    adapter,
    session: { strategy },
    providers: [
      providerOf(customFetch, adapter),
      {
        id: 'email',
        type: 'email',
        name: 'E-mail',
        maxAge: 86_400,
        sendVerificationRequest: async ({ identifier, url: link }) => void mails.push({ to: identifier, link }),
      },
    ],
    callbacks: { session: ({ session, user, token }) => ({ ...session, user: { ...session.user, id: user?.id ?? token?.sub } }) },
    secret: SECRET,
    basePath: '/api/auth',
    trustHost: true,
    logger: { error: () => {}, warn: () => {}, debug: () => {} },
  }
  return { handle: (request) => Auth(request, config), mails, adapter }
}
