// Who may sign in, and how. The settings have the names that Postkey's own commands read: `npx postkey doctor` looks at the same.
import { createPostkey } from 'postkey'

/** Opened by the first request: `next build` loads this file, too, and has no settings. One for all bundles that Next makes of it. */
export function postkey() {
  globalThis.postkey ??= open().catch((error) => {
    globalThis.postkey = undefined
    throw error
  })
  return globalThis.postkey
}

async function open() {
  return createPostkey({
    url: setting('POSTKEY_URL'),
    basePath: '/auth',
    secret: setting('POSTKEY_SECRET').split(','),
    database: setting('POSTKEY_DATABASE_URL'),
    mail: { from: setting('POSTKEY_MAIL_FROM'), transport: setting('POSTKEY_SMTP_URL') },
    // Next shows nobody's address but in X-Forwarded-For: the proxy before it has to set that header.
    trustedProxies: ['127.0.0.1'],
    log: { event: () => {}, warn: console.warn, error: console.error },
  })
}

function setting(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: see examples/README.md`)
  return value
}
