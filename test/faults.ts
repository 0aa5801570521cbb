// What careless proxies do, in parts that several tests of preflight put together.
import type { Change, Fault, Passing } from './careless-proxy.ts'

export const isLink = ({ url }: Passing): boolean => url.startsWith('/l/')
export const without =
  (...names: string[]): Change =>
  ({ headers }) => {
    for (const name of names) headers.delete(name)
  }
export const inPages =
  (change: (text: string) => string): Change =>
  (answer) => {
    if ((answer.headers.get('content-type') ?? '').startsWith('text/html')) answer.text = change(answer.text)
  }
interface Mail {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly html: string
}
export const inMails =
  (change: (mail: Mail) => Partial<Mail>): Change =>
  (answer, { url }) => {
    if (!url.startsWith('/dev/inbox.json')) return
    const mails = JSON.parse(answer.text) as Mail[]
    answer.text = JSON.stringify(mails.map((mail) => ({ ...mail, ...change(mail) })))
  }
/** @param origin of the deployment */
export const sameOrigin =
  (origin: string) =>
  ({ headers }: Passing): undefined => {
    headers['origin'] = origin
    headers['sec-fetch-site'] = 'same-origin'
  }

/** All browsers are one to the deployment. */
export function oneBrowser(): Fault {
  let cookie = ''
  return {
    before: ({ headers }) => {
      const others = (headers['cookie'] ?? '').split('; ').filter((pair) => pair !== '' && !pair.startsWith('postkey-browser='))
      if (cookie !== '') headers['cookie'] = [...others, cookie].join('; ')
      return undefined
    },
    after: ({ headers }) => {
      cookie ||=
        headers
          .getSetCookie()
          .find((line) => line.startsWith('postkey-browser='))
          ?.split(';')[0] ?? ''
    },
  }
}
