// The frame of every page: head, brand, footer with the request id. No inline script or style: the content security policy
// allows neither, so everything the script needs to know stands in data attributes.
import { html, raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { LANGUAGE_PARAMETER, paths } from '../core/paths.ts'
import { languages, type Words } from '../words/words.ts'
import { fill, safeHref, words } from './fill.tsx'
import { Mark, Waves } from './mark.tsx'
import type { Frame } from './view.ts'

export interface Layout {
  readonly title: string
  /** The page shows a problem: the title says so first, for those who hear it. */
  readonly error?: boolean | undefined
  readonly wide?: boolean | undefined
  /** After a failed POST: the address at which a reload is a GET again. */
  readonly url?: string | undefined
  /** The address of the page by GET, without secrets: its footer then offers the other languages. */
  readonly here?: string | undefined
  /** Between the brand and the page: where else one can go. */
  readonly lead?: Child | undefined
  readonly children: Child
}

export function layout(frame: Frame, { title, error, wide, url, here, lead, children }: Layout): string {
  const w = words(frame)
  const pageTitle = w.frame.title({ page: title, brand: frame.brand.name })
  const asset = (path: string, hash: string): string => `${frame.basePath}${path}?v=${hash}`
  const document = (
    <html lang={w.lang} dir={w.dir} data-locale={w.locale === w.lang ? undefined : w.locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{error ? w.frame.errorTitle({ title: pageTitle }) : pageTitle}</title>
        <link rel="icon" href={asset(paths.icon, frame.assets.stylesheet)} type="image/svg+xml" />
        <link rel="stylesheet" href={asset(paths.stylesheet, frame.assets.stylesheet)} />
        <script defer src={asset(paths.script, frame.assets.script)}></script>
      </head>
      <body data-url={url} class={wide ? 'wide' : undefined}>
        <header>
          {frame.assets.logo === null ? <Mark /> : <img class="logo" src={asset(paths.logo, frame.assets.logo)} alt="" height="40" />}
          <span class="brand">{frame.brand.name}</span>
          <Waves />
        </header>
        {lead}
        <main>{children}</main>
        <footer>
          {here !== undefined && languageSwitch(w, here)}
          <p>
            {w.frame.request}{' '}
            <code id="request-id" dir="ltr">
              {frame.requestId}
            </code>{' '}
            <button type="button" class="quiet" data-copy="#request-id" data-copied={w.frame.copied} hidden>
              {w.frame.copy}
            </button>
          </p>
          <p>
            {frame.brand.support !== undefined && (
              <>
                <a href={safeHref(frame.brand.support, '#')}>{w.frame.help}</a> <span aria-hidden="true">·</span>{' '}
              </>
            )}
            {fill('Postkey {version}', { version: frame.appVersion })}
          </p>
        </footer>
      </body>
    </html>
  )
  return `<!doctype html>${document}`
}

const HERE = '\uE000'
/** Laid out once for the words of each language, in pieces between which the address of the page goes: many elements, on every page. */
const switches = new WeakMap<Words, readonly string[]>()

function languageSwitch(words: Words, here: string): Child {
  let pieces = switches.get(words)
  if (pieces === undefined) {
    pieces = String(<Languages words={words} />).split(HERE)
    switches.set(words, pieces)
  }
  return raw(pieces.join(String(html`${here}${here.includes('?') ? '&' : '?'}`)))
}

/** A link in each language, named in itself. Which one was followed is remembered by a cookie, and is no more than a preference. */
function Languages({ words: { frame, lang } }: { words: Words }) {
  return (
    <ul class="languages" aria-label={frame.language}>
      {[...languages.values()].map((language) => (
        <li lang={language.lang} dir={language.dir}>
          {language.lang === lang ? (
            <span aria-current="true">{language.name}</span>
          ) : (
            <a href={`${HERE}${LANGUAGE_PARAMETER}=${language.lang}`} hreflang={language.lang}>
              {language.name}
            </a>
          )}
        </li>
      ))}
    </ul>
  )
}
