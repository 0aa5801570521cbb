// What every page must say in its headers, and what it must not load.
import type { Answer } from '../browser.ts'
import { type Case, everyPage, must, NotHere } from '../case.ts'

export const pages: readonly Case[] = [
  page('HD-01', 'no page is kept by a cache', 'send Cache-Control: no-store', ({ headers }) =>
    must(/no-store/.test(headers.get('cache-control') ?? ''), `Cache-Control: ${headers.get('cache-control')}`),
  ),
  page(
    'HD-02',
    'the Referrer-Policy neither tells the path to others nor makes the Origin of forms null',
    'send Referrer-Policy: strict-origin, or same-origin',
    ({ headers }) =>
      must(
        /^(strict-origin|same-origin|strict-origin-when-cross-origin)$/.test(headers.get('referrer-policy') ?? ''),
        `Referrer-Policy: ${headers.get('referrer-policy')}`,
      ),
  ),
  page(
    'HD-03',
    'a Content-Security-Policy allows no inline script and no third party',
    "send default-src 'none', and 'self' where it is needed",
    ({ headers }) => {
      const policy = headers.get('content-security-policy') ?? ''
      must(policy !== '', 'there is none')
      const scripts = /script-src[^;]*/.exec(policy)?.[0] ?? /default-src[^;]*/.exec(policy)?.[0] ?? 'no default-src'
      must(!/no default|unsafe-inline|unsafe-eval|\*|https?:/.test(scripts), scripts)
    },
  ),
  page('HD-04', 'no type is guessed', 'send X-Content-Type-Options: nosniff', ({ headers }) =>
    must(headers.get('x-content-type-options') === 'nosniff', 'no nosniff'),
  ),
  page('HD-05', 'no page is found by search engines', 'send X-Robots-Tag: noindex', ({ headers }) =>
    must(/noindex/.test(headers.get('x-robots-tag') ?? ''), `X-Robots-Tag: ${headers.get('x-robots-tag')}`),
  ),
  page('CS-16', 'no page loads anything from elsewhere', 'serve styles, scripts and images yourself', ({ text, url }) => {
    const { host } = new URL(url)
    // Where a link leads, people go only if they want to.
    for (const [, found = ''] of text.replaceAll(/<a\s[^>]*>/g, '').matchAll(/(?:src|href)="(https?:\/\/[^"]+)"/g))
      must(new URL(found).host === host, `loads ${found}`)
  }),
  page('HD-06', 'browsers stay on https', 'send Strict-Transport-Security', ({ headers, url }) => {
    if (!url.startsWith('https:')) throw new NotHere('not applicable: it is on plain http')
    must(
      /max-age=\d{6,}/.test(headers.get('strict-transport-security') ?? ''),
      `Strict-Transport-Security: ${headers.get('strict-transport-security')}`,
    )
  }),
]

function page(id: string, title: string, remedy: string, look: (page: Answer) => void): Case {
  return { id, area: 'headers', title, remedy, mail: false, run: (scene) => everyPage(scene, look) }
}
