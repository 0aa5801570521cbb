// A real Chromium, where the machine has one: a page that runs, and headers that nobody made up.
import type { BrowserContext, Browser as Chromium, Page, Response } from 'playwright-core'
import type { Answer } from './browser.ts'
import type { Scene } from './case.ts'

export type { Chromium }

/** One profile of it. */
export interface RealBrowser {
  readonly context: BrowserContext
  readonly page: Page
  /** Who is signed in there. */
  whoAmI(): Promise<string | null>
}

/** What a page does, it does within this time after it was opened. */
export const SCRIPTS_MS = 3_000
const PATIENCE_MS = 10_000

/** With the cookies of another browser, if one is given; closed when the work is done. */
export async function inRealBrowser<T>(
  scene: Scene,
  cookies: ReadonlyMap<string, string>,
  work: (real: RealBrowser) => Promise<T>,
): Promise<T> {
  const { system } = scene
  const context = await (await scene.chromium()).newContext({ locale: 'en' })
  try {
    context.setDefaultTimeout(PATIENCE_MS)
    await context.addCookies([...cookies].map(([name, value]) => ({ name, value, url: `${new URL(system.url).origin}/` })))
    const whoAmI = async (): Promise<string | null> => {
      const jar = scene.browser()
      for (const { name, value } of await context.cookies(system.url)) jar.cookies.set(name, value)
      return await system.whoAmI(jar)
    }
    return await work({ context, page: await context.newPage(), whoAmI })
  } finally {
    await context.close()
  }
}

/** Does it come true within the time that scripts have? */
export async function soon(holds: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + SCRIPTS_MS; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await holds()) return true
  return await holds()
}

/** A page of ours at whatever address; nothing of it is asked of the network. */
export async function pageAt({ page }: RealBrowser, url: string, html: string): Promise<void> {
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: html }))
  await page.goto(url)
}

export async function answerOf(response: Response): Promise<Answer> {
  const headers = new Headers(
    await response.allHeaders().then((all) => Object.entries(all).filter(([name]) => !name.startsWith(':') && name !== 'set-cookie')),
  )
  const location = headers.get('location')
  const url = response.url()
  return { status: response.status(), headers, text: '', location: location === null ? '' : new URL(location, url).href, url, ms: 0 }
}
