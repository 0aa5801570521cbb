// What a browser sends to sign in, for each kind of server, and which answers are right. Only what a sign-in cannot do without:
// pages that a person would look at, but no request depends on, are not fetched from anybody.
import { cookie, cookies, header } from './browser.mjs'

export const clients = {
  /** Two requests by code; by link a third, since the page that the link opens is what presents its secret. Also the floor. */
  postkey: {
    proof: 'code',
    session: '/api/session',
    async ask(send, who, email) {
      const asked = await send(who.post('/sign-in', `email=${encodeURIComponent(email)}`, ''), 303)
      return { challenge: header(asked.head, 'location').split('?c=')[1], browser: cookie(asked.head, 'postkey-browser') ?? '' }
    },
    async verify(send, who, mail, { challenge, browser }, proof) {
      if (proof === 'link') await send(who.open(`/l/${mail.linkId}`, browser), 200)
      const signedIn = await send(
        proof === 'link'
          ? who.post(`/l/${mail.linkId}`, `secret=${mail.linkSecret}`, browser)
          : who.post('/sign-in/code', `c=${challenge}&code=${mail.code}`, browser),
        303,
      )
      const session = needed(cookie(signedIn.head, 'postkey-session'))
      return browser === '' ? session : `${browser}; ${session}`
    },
  },

  /** Two requests, as its own client sends them: JSON, and a link that signs in when it is opened. */
  'better-auth': {
    proof: 'code',
    session: '/api/auth/get-session',
    async ask(send, who, email, proof) {
      if (proof === 'link') await send(who.postJson('/api/auth/sign-in/magic-link', { email, callbackURL: '/' }), 200, '"status":true')
      else await send(who.postJson('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' }), 200, '"success":true')
      return null
    },
    async verify(send, who, mail, _asked, proof, email) {
      const signedIn =
        proof === 'link'
          ? await send(who.open(mail.linkSecret, ''), 302)
          : await send(who.postJson('/api/auth/sign-in/email-otp', { email, otp: mail.code }), 200, `"email":"${email}"`)
      return needed(cookie(signedIn.head, 'better-auth.session_token'))
    },
  },

  /** Three requests: its POST wants the token that a GET before it hands out. It has links only. */
  'auth-js': {
    proof: 'link',
    session: '/auth/session',
    async ask(send, who, email) {
      const first = await send(who.get('/auth/csrf', ''), 200)
      const kept = cookies(first.head)
      const csrfToken = /"csrfToken":"(\w+)"/.exec(first.body)[1]
      const form = new URLSearchParams({ email, csrfToken, callbackUrl: who.origin }).toString()
      const asked = await send(who.post('/auth/signin/email', form, kept.join('; ')), 302)
      if (!header(asked.head, 'location').includes('/auth/verify-request')) throw new Error(`sent to ${header(asked.head, 'location')}`)
      return kept
    },
    async verify(send, who, mail, kept) {
      const signedIn = await send(who.open(mail.linkSecret, kept.join('; ')), 302)
      return [...kept, needed(cookie(signedIn.head, 'authjs.session-token'))].join('; ')
    },
  },
}

function needed(session) {
  if (session === null) throw new Error('signed in without a session cookie')
  return session
}
