// The door "./testing/playwright": `test.extend<PostkeyFixtures>(postkeyFixtures())`. Nothing of Playwright is imported: its fixtures are
// plain functions.
import './production.ts'
import type { Page } from '../preflight/press.ts'
import type { Kit } from './kit.ts'
import type { Scanned } from './scan.ts'
import { type ServerKitOptions, startServerKit } from './server.ts'

export interface PostkeyFixtures {
  /** A new one for each test, listening at `baseURL`. */
  readonly kit: Kit
  /** Signs in whoever uses this test's pages, as a person would, but without the pages: about as fast as setting a cookie. */
  readonly signIn: (email: string) => Promise<void>
  /** A hostile inbox: opens a link in every way it knows, last in a browser of its own that presses everything. */
  readonly scan: (link: string) => Promise<Scanned>
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly url: string
  readonly httpOnly: boolean
  readonly sameSite: 'Lax'
}

interface Context {
  addCookies(cookies: Cookie[]): Promise<unknown>
}

interface Opener {
  newContext(options: { baseURL: string }): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }>
}

type Fixture<T, Others> = (others: Others, use: (value: T) => Promise<void>) => Promise<void>

export interface Fixtures {
  readonly kit: Fixture<Kit, object>
  readonly baseURL: Fixture<string | undefined, { readonly kit: Kit }>
  readonly signIn: Fixture<PostkeyFixtures['signIn'], { readonly kit: Kit; readonly context: Context }>
  readonly scan: Fixture<PostkeyFixtures['scan'], { readonly kit: Kit; readonly browser: Opener }>
}

export function postkeyFixtures(options: ServerKitOptions = {}): Fixtures {
  return {
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads from it which other fixtures are wanted
    kit: async ({}, use) => {
      await using kit = await startServerKit(options)
      await use(kit)
    },
    baseURL: async ({ kit }, use) => use(new URL(kit.url).origin),
    signIn: async ({ kit, context }, use) =>
      use(async (email) => {
        const { cookies } = await kit.signIn(email)
        const url = new URL(kit.url).origin
        await context.addCookies([...cookies].map(([name, value]) => ({ name, value, url, httpOnly: true, sameSite: 'Lax' })))
      }),
    scan: async ({ kit, browser }, use) =>
      use(async (link) => {
        const context = await browser.newContext({ baseURL: new URL(kit.url).origin })
        try {
          return await kit.scan(link, await context.newPage())
        } finally {
          await context.close()
        }
      }),
  }
}
