// What mail gateways make of a link: addresses of their own that lead to it, and damage.
export interface Rewriter {
  /** As it stands in the mail that arrives. */
  wrap(link: string): string
  /** What the person's browser is sent to in the end. */
  unwrap(wrapped: string): string
}

/** Everything but these is replaced by * and written down beside it. */
const KEPT = /[A-Za-z0-9/:._~-]/
const parameterOf = (address: string, name: string): string => new URL(address).searchParams.get(name) ?? ''

export const rewriters = {
  'Safe Links': {
    wrap: (link) => `https://eur01.safelinks.example/?url=${encodeURIComponent(link)}&data=05`,
    unwrap: (wrapped) => parameterOf(wrapped, 'url'),
  },
  'URL Defense 2': {
    wrap: (link) =>
      `https://urldefense.example/v2/url?u=${encodeURIComponent(link).replaceAll('-', '-2D').replaceAll('_', '-5F').replaceAll('%', '-').replaceAll('-2F', '_')}&d=DwMF`,
    unwrap: (wrapped) => decodeURIComponent(parameterOf(wrapped, 'u').replaceAll('_', '%2F').replaceAll('-', '%')),
  },
  'URL Defense 3': {
    wrap: (link) => {
      const taken = [...link].filter((one) => !KEPT.test(one)).join('')
      const there = [...link].map((one) => (KEPT.test(one) ? one : '*')).join('')
      return `https://urldefense.example/v3/__${there}__;${Buffer.from(taken).toString('base64url')}!!x$`
    },
    unwrap: (wrapped) => {
      const [, there = '', beside = ''] = /\/v3\/__(.*)__;([\w-]*)!!/.exec(wrapped) ?? []
      const taken = [...Buffer.from(beside, 'base64url').toString()]
      return there.replaceAll('*', () => taken.shift() ?? '*')
    },
  },
  // Theirs is a number; what it stands for is kept on their side, as text.
  Mimecast: {
    wrap: (link) => `https://protect-eu.mimecast.example/s/1?domain=kept&text=${encodeURIComponent(JSON.stringify(link))}`,
    unwrap: (wrapped) => JSON.parse(parameterOf(wrapped, 'text')) as string,
  },
  Barracuda: {
    wrap: (link) => `https://linkprotect.example/url?a=${encodeURIComponent(link)}&c=E,1`,
    unwrap: (wrapped) => parameterOf(wrapped, 'a'),
  },
} as const satisfies Readonly<Record<string, Rewriter>>

export type RewriterName = keyof typeof rewriters

const halves = (link: string): readonly [string, string] => {
  const [bare = '', secret = ''] = link.split('#')
  return [bare, secret]
}

/** What is left of a link whose secret stands behind the #. */
export const damages = {
  'cuts the fragment': (link) => halves(link)[0],
  'cuts it in the middle': (link) => link.slice(0, link.indexOf('#') + 21),
  'writes # as %23': (link) => link.replace('#', '%23'),
  'writes # as %2523': (link) => link.replace('#', '%2523'),
  'adds a query, cuts the fragment': (link) => `${halves(link)[0]}?utm_source=mail&sc_check=1`,
  'puts the fragment into a query': (link) => `${halves(link)[0]}?data=05%7C02%7C&reserved=0%23${halves(link)[1]}`,
} as const satisfies Readonly<Record<string, (link: string) => string>>

export type DamageName = keyof typeof damages
