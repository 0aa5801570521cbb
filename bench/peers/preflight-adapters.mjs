// How Better Auth and Auth.js are asked, for preflight. Better Auth has no pages: what is tried is its API, as its own client speaks to it.
const mailboxAt = (url) => ({
  addressFor: (name) => `${name}@preflight.example`,
  mail: async (email, nth) => {
    for (const until = Date.now() + 5_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const mails = await (await fetch(`${url}/mails?to=${encodeURIComponent(email)}`)).json()
      if (mails.length >= nth) return mails[mails.length - nth]
    }
    return null
  },
  close: async () => {},
})

const linkOf = ({ text }) => /https?:\S+/.exec(text)?.[0] ?? null
// A page of another site cannot send JSON as such without being allowed to; it can send it as text.
const json = (browser, url, body, headers = {}) =>
  browser.send(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'origin' in headers || 'sec-fetch-site' in headers ? 'text/plain' : 'application/json',
      origin: new URL(url).origin,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      ...headers,
    },
  })

const betterAuth = (url) => ({
  url,
  foreignMails: true,
  pages: [],
  changing: ['/api/auth/sign-out', '/api/auth/sign-in/magic-link', '/api/auth/sign-in/email-otp'],
  whoAmI: async (browser) => JSON.parse((await browser.get(`${url}/api/auth/get-session`)).text || 'null')?.user?.email ?? null,
  signOut: (browser, headers) => json(browser, `${url}/api/auth/sign-out`, {}, headers),
})

const notThere = async () => ({ status: 404, headers: new Headers(), text: '', location: '', url: '' })

export const adapters = {
  'better-auth-link': (url) => ({
    system: {
      ...betterAuth(url),
      name: 'Better Auth, link',
      ask: async (browser, email, { headers } = {}) => ({
        answer: await json(browser, `${url}/api/auth/sign-in/magic-link`, { email, callbackURL: '/' }, headers),
        id: email,
      }),
      open: (mail) => ({ link: linkOf(mail), code: null }),
      follow: (browser, link) => browser.get(link),
      forge: (browser, link, headers) => browser.get(link, headers),
      typeCode: notThere,
    },
    mailbox: mailboxAt(url),
  }),
  'better-auth-code': (url) => ({
    system: {
      ...betterAuth(url),
      name: 'Better Auth, code',
      ask: async (browser, email, { headers } = {}) => ({
        answer: await json(browser, `${url}/api/auth/email-otp/send-verification-otp`, { email, type: 'sign-in' }, headers),
        id: email,
      }),
      open: ({ text }) => ({ link: null, code: /\b\d{6}\b/.exec(text)?.[0] ?? null }),
      follow: notThere,
      forge: notThere,
      typeCode: (browser, { id }, code, headers) => json(browser, `${url}/api/auth/sign-in/email-otp`, { email: id, otp: code }, headers),
    },
    mailbox: mailboxAt(url),
  }),
  'auth-js': (url) => {
    const token = async (browser) => JSON.parse((await browser.get(`${url}/auth/csrf`)).text).csrfToken
    // Another site cannot read the token: a form of it goes without.
    const post = async (browser, path, form, headers = {}) =>
      browser.post(`${url}${path}`, { ...form, ...(ofAnother(headers) ? {} : { csrfToken: await token(browser) }) }, headers)
    const ofAnother = (headers) => 'origin' in headers || 'sec-fetch-site' in headers
    return {
      system: {
        name: 'Auth.js',
        url,
        foreignMails: true,
        pages: ['/auth/signin', '/auth/verify-request', '/auth/error'],
        changing: ['/auth/signin/email', '/auth/signout'],
        // It answers a form without its token with a way back to the page.
        refused: ({ status, location }) => status === 403 || /csrf/i.test(location) || /\/auth\/(signin|signout)\b/.test(location),
        ask: async (browser, email, { headers } = {}) => ({
          answer: await post(browser, '/auth/signin/email', { email, callbackUrl: '/' }, headers),
          id: email,
        }),
        open: (mail) => ({ link: linkOf(mail), code: null }),
        follow: (browser, link) => browser.get(link),
        forge: (browser, link, headers) => browser.get(link, headers),
        typeCode: notThere,
        whoAmI: async (browser) => JSON.parse((await browser.get(`${url}/auth/session`)).text || 'null')?.user?.email ?? null,
        signOut: (browser, headers) => post(browser, '/auth/signout', {}, headers),
      },
      mailbox: mailboxAt(url),
    }
  },
}
