// A hostile inbox, one visitor after the other: HEAD, prefetch, two GETs 134 ms apart, previews of chats, forms sent over HTTP, and, with
// Playwright's page, a real browser that runs every script and presses everything.
import type { Answer, Browser } from '../preflight/browser.ts'
import { type Page, pressEverything } from '../preflight/press.ts'
import type { System } from '../preflight/system.ts'
import { type VisitName, visits } from '../preflight/visits.ts'

export interface Scanned {
  /** What each visitor over HTTP was answered. */
  readonly answers: Readonly<Record<VisitName, readonly Answer[]>>
  /** How many things the real browser pressed; 0 without a page. */
  readonly pressed: number
  /** Did any of them get a session cookie? */
  readonly signedIn: boolean
}

export interface Scanning {
  readonly system: System
  browser(agent?: string): Browser
  readonly page?: Page | undefined
}

export async function scan(link: string, { system, browser, page }: Scanning): Promise<Scanned> {
  const opened: Browser[] = []
  const visiting = {
    system,
    browser: (agent?: string): Browser => {
      const one = browser(agent)
      opened.push(one)
      return one
    },
    wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  }
  const answers: Partial<Record<VisitName, readonly Answer[]>> = {}
  for (const name of Object.keys(visits) as VisitName[]) answers[name] = await visits[name](visiting, link)
  const pressed = page === undefined ? 0 : await pressEverything(page, link, { depth: 1 })
  const kept = (await page?.context().cookies())?.map(({ name }) => `${name}=kept`) ?? []
  const signedIn = [...opened.flatMap(({ set }) => set), ...kept].some((line) => /^(__Host-)?postkey-session=[^;]/.test(line))
  return { answers: answers as Scanned['answers'], pressed, signedIn }
}
