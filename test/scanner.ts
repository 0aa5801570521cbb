// A mail scanner as bad as they get: a real browser that opens the link, runs every script, follows every link, presses every button,
// hidden ones too, and submits every form past its own checks, on the page and on each page it gets by that. It has no cookie of
// ours when it comes, and does not know whom the mail was for.
import type { Page } from 'playwright-core'

export interface ScanOptions {
  /** How many pages away from the link it still presses everything. */
  readonly depth: number
  /** What it types into every field it finds; absent: it types nothing. */
  readonly typing?: string
}

/** How many things it did. */
export async function pressEverything(page: Page, link: string, options: ScanOptions): Promise<number> {
  await open(page, [link])
  return await press(page, [link], options)
}

/** The way to a page: where it began, and which thing was pressed on each page since. */
type Way = readonly [string, ...number[]]

async function press(page: Page, way: Way, options: ScanOptions): Promise<number> {
  const things = await page.evaluate(countThings)
  let pressed = 0
  for (let nth = 0; nth < things; nth++) {
    const [link, ...before] = way
    const next: Way = [link, ...before, nth]
    await open(page, next, options.typing)
    pressed++
    const inside = page.url().startsWith(new URL(link).origin)
    if (before.length + 1 < options.depth && inside) pressed += await press(page, next, options)
  }
  return pressed
}

async function open(page: Page, [link, ...presses]: Way, typing?: string): Promise<void> {
  // By way of an empty page: a change of the fragment alone would not load anything.
  await page.goto('about:blank')
  await page.goto(link)
  for (const nth of presses) {
    await page.evaluate(pressThing, { nth, typing: typing ?? null }).catch(() => undefined)
    await page.waitForLoadState().catch(() => undefined)
    await page.waitForTimeout(30)
    await page.waitForLoadState().catch(() => undefined)
  }
}

/** Links, buttons, and twice each form: asked to submit, and submitted without being asked. */
function countThings(): number {
  return document.querySelectorAll('a[href], button, input[type=submit]').length + 2 * document.forms.length
}

function pressThing({ nth, typing }: { nth: number; typing: string | null }): void {
  if (typing !== null) {
    for (const field of document.querySelectorAll<HTMLInputElement>('input:not([type=hidden])')) {
      field.value = typing
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
  }
  const clickable = [...document.querySelectorAll<HTMLElement>('a[href], button, input[type=submit]')]
  if (nth < clickable.length) {
    clickable[nth]?.click()
    return
  }
  const at = nth - clickable.length
  const form = document.forms[at >> 1]
  if (at % 2 === 0) form?.requestSubmit()
  // Past `required` and past every listener.
  else HTMLFormElement.prototype.submit.call(form)
}
