// Who may sign in, and how. The settings have the names that Postkey's own commands read: `npx postkey doctor` looks at the same.
import { createPostkey } from 'postkey'
import { addUser, findUser } from './users.js'

export const postkey = await createPostkey({
  url: setting('POSTKEY_URL'),
  basePath: '/auth',
  secret: setting('POSTKEY_SECRET').split(','),
  database: setting('POSTKEY_DATABASE_URL'),
  mail: { from: setting('POSTKEY_MAIL_FROM'), transport: setting('POSTKEY_SMTP_URL') },
  log: { event: () => {}, warn: console.warn, error: console.error },
  ownUsers: async ({ email }) => {
    const user = await findUser(email)
    return user ? { id: String(user.id), allowed: !user.blocked } : null
  },
  hooks: {
    // Perhaps twice for one person: whoever is there already is left as they are.
    addressConfirmed: async ({ user }) => {
      const confirmed = await postkey.users.find({ id: user })
      if (confirmed) await addUser(confirmed.email)
    },
  },
})

function setting(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: see examples/README.md`)
  return value
}
