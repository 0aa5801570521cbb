// The frame of every page of the console: where one is, who one is, and the search.
import type { Child } from 'hono/jsx'
import type { Ms } from '../../core/model.ts'
import { paths } from '../../core/paths.ts'
import { Post } from '../fields.tsx'
import { Address, fill, words } from '../fill.tsx'
import { layout } from '../layout.tsx'
import type { Frame } from '../view.ts'
import type { Desk } from './view.ts'

interface DeskPage {
  readonly title: string
  readonly error?: boolean | undefined
  readonly url?: string | undefined
  readonly children: Child
}

export function deskPage(frame: Frame, desk: Desk, { title, error, url, children }: DeskPage): string {
  const w = words(frame).console
  return layout(frame, {
    title: `${title} · ${w.console}`,
    error,
    url,
    wide: true,
    lead: <Nav frame={frame} desk={desk} />,
    children,
  })
}

const places = [
  ['overview', paths.console],
  ['mails', paths.consoleMails],
  ['recoveries', paths.consoleRecoveries],
  ['calibrate', paths.consoleCalibrate],
  ['webhooks', paths.consoleWebhooks],
  ['policy', paths.consolePolicy],
  ['versions', paths.consoleVersions],
  ['tenants', paths.consoleTenants],
] as const

function Nav({ frame, desk }: { frame: Frame; desk: Desk }) {
  const w = words(frame).console
  return (
    <nav aria-label={w.nav}>
      <ul>
        {places
          .filter(([page]) => page !== 'tenants' || desk.installation)
          .map(([page, path]) => (
            <li>
              <a href={`${frame.basePath}${path}`} aria-current={desk.page === page ? 'page' : undefined}>
                {w.pages[page]}
              </a>
            </li>
          ))}
      </ul>
      <p class="hint">
        <a href={`${frame.basePath}${paths.account}`}>{fill(w.signedInAs, { address: <Address>{desk.operator}</Address> })}</a>
      </p>
    </nav>
  )
}

/** By POST: an address in an address bar ends up in histories, access logs and Referers. */
export function Search({ frame, autofocus }: { frame: Frame; autofocus?: boolean }) {
  const w = words(frame).console
  return (
    <search>
      <Post frame={frame} to={paths.consoleSearch}>
        <label for="q">{w.searchField}</label>
        <div class="inline">
          <input
            id="q"
            name="q"
            type="text"
            autocomplete="off"
            autocapitalize="off"
            autocorrect="off"
            spellcheck={false}
            dir="ltr"
            required
            autofocus={autofocus}
            aria-describedby="q-hint"
          />
          <button type="submit">{w.searchGo}</button>
        </div>
        <p id="q-hint" class="hint">
          {w.searchHint}
        </p>
      </Post>
    </search>
  )
}

/** "14:07 UTC, 3 minutes ago", or "in 3 minutes": to be held against a log, so it stays in UTC. */
export function When({ frame, at }: { frame: Frame; at: Ms }) {
  const w = words(frame)
  const relative = at > frame.now ? w.console.in(at - frame.now) : w.ago(at, frame.now)
  return (
    <span class="when">
      {fill(w.console.when(relative), {
        time: (
          <time datetime={new Date(at).toISOString()} data-utc="">
            {w.clock(at, frame.now)}
          </time>
        ),
      })}
    </span>
  )
}

/** Words and links to choose by: of each, which one the page shows. */
export function Choice({ words: said, options }: { words: string; options: readonly Option[] }) {
  return (
    <p class="choice">
      {said}{' '}
      {options.map(({ name, to, chosen }) => (
        <a href={to} aria-current={chosen ? 'true' : undefined}>
          {name}
        </a>
      ))}
    </p>
  )
}

interface Option {
  readonly name: string
  readonly to: string
  readonly chosen: boolean
}

/** So much, or a bound that was reached. */
export function bounded(frame: Frame, n: number, most: number): string {
  return n >= most ? words(frame).console.mails.more(most) : words(frame).console.number(n)
}

export interface Fact {
  readonly name: Child
  readonly value: Child
}

export function Facts({ facts }: { facts: readonly (Fact | null)[] }) {
  return (
    <dl class="facts">
      {facts
        .filter((fact) => fact !== null)
        .map(({ name, value }) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
