// A mail scanner as bad as they get: a real browser that opens the link, runs every script, presses every button, hidden ones too,
// and submits every form past its own checks, on the page and on each page it gets by that. It has no cookie of ours when it comes,
// and does not know whom the mail was for.

/** What is needed of Playwright's page, whichever of its packages it comes from. */
export interface Page {
  goto(url: string): Promise<unknown>
  url(): string
  waitForLoadState(): Promise<void>
  waitForEvent(event: 'framenavigated', options: { timeout: number }): Promise<unknown>
  context(): { cookies(): Promise<readonly { readonly name: string }[]> }
  evaluate<A, R>(work: (given: A) => R, given: A): Promise<R>
}

export interface ScanOptions {
  /** How many pages away from the link it still presses everything. */
  readonly depth: number
  /** What it types into every field it finds; absent: it types nothing. */
  readonly typing?: string
  /** It follows links, too. */
  readonly links?: boolean
}

/** How many things it did. */
export async function pressEverything(page: Page, link: string, options: ScanOptions): Promise<number> {
  await open(page, [link], options)
  return await pressAll(page, [link], options)
}

/** The way to a page: where it began, and which thing was pressed on each page since. */
type Way = readonly [string, ...number[]]

async function pressAll(page: Page, way: Way, options: ScanOptions): Promise<number> {
  const [link, ...before] = way
  const things = await page.evaluate(countThings, selector(options))
  let pressed = 0
  let here = true
  for (let nth = 0; nth < things; nth++) {
    if (!here) await open(page, way, options)
    here = !(await press(page, nth, options))
    pressed++
    if (here || before.length + 1 >= options.depth || !page.url().startsWith(new URL(link).origin)) continue
    pressed += await pressAll(page, [link, ...before, nth], options)
  }
  return pressed
}

let visits = 0

async function open(page: Page, [link, ...presses]: Way, options: ScanOptions): Promise<void> {
  // A query of its own each time, because a change of the fragment alone would not load anything.
  await page.goto(link.replace('#', `?visit=${++visits}#`))
  for (const nth of presses) await press(page, nth, options)
}

/** True if that left the page. */
async function press(page: Page, nth: number, options: ScanOptions): Promise<boolean> {
  const arrival = page.waitForEvent('framenavigated', { timeout: 5_000 }).catch(() => undefined)
  const leaves = await page.evaluate(pressThing, { nth, selector: selector(options), typing: options.typing ?? null }).catch(() => true)
  if (leaves) await arrival
  await page.waitForLoadState()
  return leaves
}

function selector({ links }: ScanOptions): string {
  return `${links ? 'a[href], ' : ''}button, input[type=submit]`
}

/** Each thing to click, and twice each form: asked to submit, and submitted without being asked. */
function countThings(clickable: string): number {
  return document.querySelectorAll(clickable).length + 2 * document.forms.length
}

/** Whether it leaves the page is known at once: a form or link does, unless a listener or a check of the form stopped it. */
function pressThing({ nth, selector: clickable, typing }: { nth: number; selector: string; typing: string | null }): boolean {
  if (typing !== null) {
    for (const field of document.querySelectorAll<HTMLInputElement>('input:not([type=hidden])')) {
      field.value = typing
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
  }
  let leaves = false
  addEventListener('submit', (event) => {
    leaves ||= !event.defaultPrevented
  })
  addEventListener('click', (event) => {
    leaves ||= !event.defaultPrevented && (event.target as Element).closest('a[href]') !== null
  })
  const things = [...document.querySelectorAll<HTMLElement>(clickable)]
  const at = nth - things.length
  const form = document.forms[at >> 1]
  if (at < 0) things[nth]?.click()
  else if (at % 2 === 0) form?.requestSubmit()
  else if (form !== undefined) {
    // Past `required` and past every listener.
    HTMLFormElement.prototype.submit.call(form)
    leaves = true
  }
  return leaves
}
